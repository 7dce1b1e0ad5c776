"""Which characters of a candidate differ from what the school typed: letters and marks told apart.

A wrong mark (Hòa / Hoà are equal here, Hoa / Hòa are not) is another kind of mistake than a wrong letter, and
goes to another reader's eye: so each stretch of text carries its kind, and whoever shows it chooses how.
"""

import re
import unicodedata
from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import groupby

from rapidfuzz.distance import Levenshtein


class Kind(StrEnum):
    """How a stretch of text compares."""

    SAME = "same"
    MARK = "mark"
    """The letter agrees, its mark or tone does not."""
    LETTER = "letter"
    SWAPPED = "swapped"
    """Day and month have changed places."""


Stretch = tuple[Kind, str]


class _Bases(dict[int, str]):
    """Character → its letter without any mark, found out once: a table for `str.translate`."""

    def __missing__(self, code: int) -> str:
        self[code] = unicodedata.normalize("NFD", chr(code))[0]
        return self[code]


_BASES = _Bases({ord(letter): base for letter, base in zip("đðɖ’ʼ", "ddd''", strict=True)})
_TONE_MARKS = "\u0300\u0309\u0303\u0301\u0323"
_NOT_TONE = re.compile(f"[^{_TONE_MARKS}]")


@lru_cache(maxsize=1 << 16)
def marked_name(typed: str, shown: str) -> tuple[Stretch, ...]:
    """`shown` cut into stretches by how it compares with `typed`; case and Unicode form don't count.

    Where `typed` has letters that `shown` lacks, the character after the gap (or the last one) is marked.
    """
    shown = unicodedata.normalize("NFC", shown)
    left, right = unicodedata.normalize("NFC", typed).lower(), shown.lower()
    if left == right:
        return ((Kind.SAME, shown),) if shown else ()
    if len(right) != len(shown):  # a letter whose small form is longer: rare, and not worth an alignment
        return ((Kind.LETTER, shown),)
    kinds = _kinds(left, right)
    runs = groupby(zip(kinds, shown, strict=True), key=lambda pair: pair[0])
    return tuple((kind, "".join(character for _, character in run)) for kind, run in runs)


def _kinds(left: str, right: str) -> list[Kind]:
    kinds = [Kind.SAME] * len(right)
    for step in Levenshtein.opcodes(left.translate(_BASES), right.translate(_BASES)):
        here = range(step.dest_start, step.dest_end)
        if step.tag == "equal":
            for typed_at, at in zip(range(step.src_start, step.src_end), here, strict=True):
                if left[typed_at] != right[at]:
                    kinds[at] = Kind.MARK
        elif step.tag == "delete" and kinds:
            kinds[min(step.dest_start, len(kinds) - 1)] = Kind.LETTER
        else:
            kinds[step.dest_start : step.dest_end] = [Kind.LETTER] * len(here)
    return _same_where_only_the_tone_moved(left, right, kinds) if Kind.MARK in kinds else kinds


def _same_where_only_the_tone_moved(left: str, right: str, kinds: list[Kind]) -> list[Kind]:
    """Hoà and Hòa are one word in two styles: their marks are no difference."""
    words = list(zip(re.finditer(r"\S+", left), re.finditer(r"\S+", right), strict=False))
    for one, other in words:
        if _tone_free(one.group()) == _tone_free(other.group()):
            place = slice(other.start(), other.end())
            kinds[place] = [Kind.SAME if kind is Kind.MARK else kind for kind in kinds[place]]
    return kinds


@lru_cache(maxsize=1 << 14)
def _tone_free(word: str) -> tuple[str, str]:
    parts = unicodedata.normalize("NFD", word)
    return "".join(_NOT_TONE.findall(parts)), "".join(sorted(_NOT_TONE.sub("", parts)))


@lru_cache(maxsize=1 << 16)
def marked_date(
    known_from: date | None, known_precision: str | None, entry: date, entry_precision: str
) -> tuple[Stretch, ...]:
    """The entry's date as `dd/mm/yyyy` (or less), its parts compared with what is known of the record's."""
    text = written_date(entry, entry_precision)
    if known_from is None or known_precision != "day" or entry_precision != "day":
        return ((Kind.SAME, text),)
    if known_from == entry:
        return ((Kind.SAME, text),)
    if known_from.year == entry.year and (known_from.day, known_from.month) == (entry.month, entry.day):
        return ((Kind.SWAPPED, text[:5]), (Kind.SAME, text[5:]))
    known = written_date(known_from, "day")
    parts = zip(known.split("/"), text.split("/"), ("/", "/", ""), strict=True)
    kinds = [(Kind.SAME if a == b else Kind.LETTER, b + slash) for a, b, slash in parts]
    return tuple(
        (kind, "".join(part for _, part in run)) for kind, run in groupby(kinds, key=lambda pair: pair[0])
    )


def written_date(when: date, precision: str | None) -> str:
    """`dd/mm/yyyy`, `mm/yyyy` or `yyyy`, as much as is known."""
    if precision == "year":
        return f"{when.year:04}"
    month = f"{when.month:02}/{when.year:04}"
    return month if precision == "month" else f"{when.day:02}/{month}"
