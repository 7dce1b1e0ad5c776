"""Names: one canonical spelling, and the keys by which names that are spelt differently still meet.

Nothing here splits a name into family, middle and given, and no word is forced into the shape of a Kinh syllable: minority names put
the given name first, have letters of their own, or no family name at all.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.normalise.columns import (
    NO_HABIT,
    Column,
    Distinct,
    Habit,
    by_source,
    combined,
    known_or_told,
)
from matching.normalise.encodings import Encoding
from matching.normalise.habits import decoded_if_better, encodings_by_group, odd_names, unmistakable
from matching.normalise.letters import clean, letters_only, without_marks
from matching.normalise.rejects import Reject
from matching.normalise.residue import second_reading, telex_word
from matching.normalise.syllables import with_tone_in_place
from matching.normalise.titles import CALLS_FOR_CARE, is_placeholder, without_asides, without_titles

MOST_WORDS = 12
"""Longer texts are addresses or notes; Chăm and Khmer names reach seven or eight words."""

_VIETNAMESE = (
    "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ"  # the alphabet
    "ŭĭŏĕčñƀ"  # and what other languages of Vietnam add to it
)
_LETTERS = f"A-Za-z{_VIETNAMESE}{_VIETNAMESE.upper()}"
_PLAIN = re.compile(f"[{_LETTERS}]+(?: [{_LETTERS}]+)*")
_LOST_LETTERS = re.compile(r"(?<=[^\W\d_])[?\ufffd]+|[?\ufffd]+(?=[^\W\d_])")
_STRAY_MARKS = re.compile("(?:(?<=[ '])|^)[\u0300-\u036f]+")
_SPLIT_PREFIX = re.compile(r"(?:(?<= )|^)([a-zđ])' +(?=[a-z])")
_NUMBERING = re.compile(r"(?:(?<= )|^)[0-9]+[a-zđ]?[0-9]*(?= |$|\.)|(?<=[^\W\d_])[0-9]+")
_NOT_KEYS = re.compile(r"[\W_]+")


class NameReading(NamedTuple):
    """What a typed name says: the canonical name, another reading where there is one, and what was wrong with it."""

    name: str | None
    other: str | None = None
    reject: Reject | None = None


def canonical(text: str) -> str | None:
    """The one spelling of a name; None when the text holds no name.

    NFC, lower case, single spaces; đ for its look-alikes; tone marks where hòa and thủy have them; apostrophes as '. Titles,
    notes in brackets, digits and punctuation are gone. Applied to its own result it changes nothing.
    """
    return read_name(text).name


def read_name(text: str) -> NameReading:
    """Read a name as typed."""
    tidy = text if _PLAIN.fullmatch(text) else unicodedata.normalize("NFC", " ".join(text.split()))
    if _PLAIN.fullmatch(tidy):
        words = tidy.lower().split(" ")
        if words[0] not in CALLS_FOR_CARE and len(words) <= MOST_WORDS:
            name = " ".join(map(with_tone_in_place, words))
            return NameReading(name, second_reading(name, ""))
    return _read_with_care(clean(text))


def _read_with_care(cleaned: str) -> NameReading:
    if not cleaned.strip():
        return NameReading(None, reject=Reject.NAME_MISSING)
    if is_placeholder(cleaned):
        return NameReading(None, reject=Reject.NAME_PLACEHOLDER)
    whole = _LOST_LETTERS.sub("", cleaned)
    first, another = without_asides(whole)
    text, with_title = without_titles(first)
    name, _ = without_titles(_spell(text))
    if not fold(name):
        return NameReading(None, reject=Reject.NAME_WITHOUT_LETTERS)
    if is_placeholder(name):
        return NameReading(None, reject=Reject.NAME_PLACEHOLDER)
    if name.count(" ") >= MOST_WORDS:
        return NameReading(None, reject=Reject.NAME_TOO_LONG)
    other = (
        second_reading(name, _NOT_KEYS.sub(" ", text)) or _spell(with_title or "") or _spell(another or "")
    )
    reject = Reject.NAME_LETTERS_LOST if whole != cleaned else None
    return NameReading(name, other if other not in ("", name) else None, reject)


def _spell(text: str) -> str:
    """Cleaned text as words of letters and inner apostrophes, every mark in its place."""
    letters = _STRAY_MARKS.sub("", " ".join(letters_only(_NUMBERING.sub("", text)).split()))
    words = (word.strip("'") for word in _SPLIT_PREFIX.sub(r"\1'", letters).split(" "))
    return " ".join(
        "'".join(with_tone_in_place(part) for part in word.split("'") if part) for word in words if word
    )


def fold(name: str) -> str:
    """The name without marks: ASCII letters and single spaces, an apostrophe as a space."""
    return " ".join(filter(None, map(_fold_word, name.split(" "))))


@lru_cache(maxsize=1 << 16)
def _fold_word(word: str) -> str:
    plain = without_marks(word)
    if word.isalpha() and plain.isalpha() and plain.islower():
        return plain
    return " ".join(re.sub("[^a-z]+", " ", without_marks(clean(word))).split())


def sound(name: str) -> str:
    """The folded name spelt by ear, word by word: regional spellings of one syllable are one.

    Merged, since writers mix them up and hardly two names meet: s/x, tr/ch, d/đ/gi/r/z (đ because unmarked names write d), l/n
    before a vowel, c/k/q, g/gh, ng/ngh, f/ph, i/y where both are one sound (Mỹ, Quý, Yến; not Mai/May, Thúi/Thúy), final t/c.
    Kept apart: final n/ng, for Quân/Quang, Trân/Trang and Hoàn/Hoàng are names of their own and common ones, and v/d, which
    are mixed up in speech but not on paper. Hỏi/ngã are gone with the marks.
    """
    return " ".join(map(_word_sound, fold(name).split(" ")))


_ONSET_SOUNDS = (
    ("ngh", "ng"),
    ("ng", "ng"),
    ("nh", "nh"),
    ("n", "l"),
    ("gh", "g"),
    ("gi", "z"),
    ("ph", "f"),
    ("qu", "ku"),
    ("q", "k"),
    ("ch", "c"),
    ("tr", "c"),
    ("c", "k"),
    ("d", "z"),
    ("r", "z"),
    ("x", "s"),
)
"""The first that fits is taken; onsets not listed sound as they are written."""


@lru_cache(maxsize=1 << 16)
def _word_sound(word: str) -> str:
    written, onset = next((pair for pair in _ONSET_SOUNDS if word.startswith(pair[0])), ("", ""))
    rest = word[len(written) :]
    if not written:
        rest = word.lstrip("bcdfghjklmnpqrstvwxz")
        onset = word[: len(word) - len(rest)]
    elif written == "gi" and not rest.startswith(tuple("aeouy")):
        rest = "i" + rest
    elif written == "n" and not rest.startswith(tuple("aeiouy")):
        onset = "n"
    if rest.startswith("y"):
        rest = "i" + rest[1:]
    if rest.endswith("c"):
        rest = rest[:-1] + "t"
    return onset + rest


@dataclass(frozen=True)
class NameColumn:
    """Names of a column, read: Arrow arrays of text, one value per row."""

    name: pa.Array
    other: pa.Array
    reject: pa.Array
    """Code of `Reject`, null where nothing was wrong."""
    habit: Habit
    """Encoding of schools' names, a position in Encoding."""


def normalise_names(column: Column, schools: Column, known: Habit = NO_HABIT) -> NameColumn:
    """Read a column of names, each distinct one once, in the encoding that its school turns out to use.

    Args:
        column: Names as typed; null is a missing name.
        schools: What tells apart the sources whose encodings may differ, one value per row.
        known: Habits told before.
    """
    names, groups = Distinct(column), Distinct(schools)
    odd = odd_names(names)
    kinds = list(Encoding)
    told = [kinds.index(encoding) for encoding in encodings_by_group(names, groups, odd)]
    used = known_or_told(groups, np.array(told, dtype=np.int64), known)
    encoding = used[groups.codes]
    pairs, rows = np.unique(names.codes * len(kinds) + encoding, return_inverse=True)
    value, kind = np.divmod(pairs, len(kinds))
    plain = _plain_names(pa.array(names.values, pa.string()))
    careful = np.flatnonzero(plain.is_null().to_numpy(zero_copy_only=False)[value] | (kind > 0) | odd[value])
    readings = []
    for at in careful.tolist():
        text, legacy = names.values[value[at]], kind[at] > 0 or odd[value[at]]
        readings.append(_read_in(text, kinds[kind[at]]) if legacy else read_name(text))
    place = np.full(len(pairs), -1)
    place[careful] = np.arange(len(careful))
    read_at = place[rows]
    simple = plain.take(pa.array(value[rows], mask=read_at >= 0))
    name, other, reject = (
        pa.array(part, pa.string()).take(pa.array(read_at, mask=read_at < 0))
        for part in (zip(*readings, strict=True) if readings else ([], [], []))
    )
    return NameColumn(pc.coalesce(simple, name), other, reject, by_source(groups, used))


def entry_names(column: Column, read: Callable[[str], str | None] = canonical) -> pa.Array:
    """Canonical names of a registry's column: Unicode throughout, each distinct text read once.

    Args:
        column: Names as the registry writes them.
        read: `canonical` of the profile.
    """
    encoded = combined(column).cast(pa.string()).dictionary_encode()
    texts = encoded.dictionary
    known = _plain_names(texts) if read is canonical else pa.nulls(len(texts), pa.string())
    others = np.flatnonzero(known.is_null().to_numpy(zero_copy_only=False))
    names = pa.array(map(read, texts.take(pa.array(others)).to_pylist()), pa.string())
    place = np.arange(len(texts))
    place[others] = len(texts) + np.arange(len(others))
    return pa.concat_arrays([known, names]).take(pa.array(place)).take(encoded.indices)


_PLAIN_NAME = f"^{_PLAIN.pattern}$"


def _tidy(texts: pa.Array) -> pa.Array:
    """Names in NFC with single spaces; most are written so."""
    odd = pc.invert(pc.match_substring_regex(texts, _PLAIN_NAME))
    tidied = pc.replace_substring_regex(pc.utf8_normalize(texts.filter(odd), "NFC"), " +", " ")
    return pc.replace_with_mask(texts, odd, pc.utf8_trim(tidied, " "))


def _plain_names(texts: pa.Array) -> pa.Array:
    """`canonical` of names of letters and spaces, by their distinct words; null where it takes more than that, or where one could be read otherwise."""
    texts = _tidy(texts)
    plain = np.flatnonzero(pc.match_substring_regex(texts, _PLAIN_NAME).to_numpy(zero_copy_only=False))
    names = pc.split_pattern(texts.take(pa.array(plain)), " ")
    encoded = names.values.dictionary_encode()
    lower = [word.lower() for word in encoded.dictionary.to_pylist()]
    first = np.fromiter((word in CALLS_FOR_CARE for word in lower), bool, len(lower))
    words = [with_tone_in_place(word) for word in lower]
    typed = np.fromiter((telex_word(word) is not None for word in words), bool, len(words))
    spelt = pa.array(words, pa.string()).take(encoded.indices)
    start, word = names.offsets.to_numpy(), encoded.indices.to_numpy()
    careful = first[word[start[:-1]]]
    if len(start) > 1:
        careful = careful | np.logical_or.reduceat(typed[word], start[:-1])
    easy = (np.diff(start) <= MOST_WORDS) & ~careful
    place = np.full(len(texts), -1)
    place[plain[easy]] = np.flatnonzero(easy)
    return pc.binary_join(pa.ListArray.from_arrays(names.offsets, spelt), " ").take(
        pa.array(place, mask=place < 0)
    )


def _read_in(text: str, encoding: Encoding) -> NameReading:
    """Read a name in its school's encoding; a lone name in another one gets the decoded name as a second reading."""
    if encoding is not Encoding.UNICODE:
        return read_name(decoded_if_better(text, encoding))
    lone = unmistakable([text])
    if lone is None:
        return read_name(text)
    decoded = read_name(decoded_if_better(text, lone))
    if lone in (Encoding.UTF8, Encoding.UTF8_TWICE):
        return decoded
    return NameReading(read_name(text).name, decoded.name, Reject.NAME_ENCODING)
