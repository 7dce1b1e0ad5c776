"""Provinces as typed, by name or by code, old or new.

The 63 provinces until 2025-07-01 and the 34 since then share names and codes that do not mean the same: "Ninh Bình" was a
third of what it is, and 15 was Yên Bái and is Lào Cai. The province of 2025 follows from either reading, for the code that a
merger kept was always the code of one of its parts; the old province follows only where the school's other values show which
catalogue it uses.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

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
    spread,
)
from matching.normalise.encodings import LEGACY, decode
from matching.normalise.letters import clean, without_marks
from matching.normalise.vocabulary import NOTHING
from matching.people import OldProvince, Province, id_provinces, provinces
from matching.reference import read_table


@dataclass(frozen=True)
class ProvinceMatch:
    """The province that a text names."""

    province: Province
    """Of 2025."""
    old: OldProvince | None
    """Of the 63, where the text says which, or the province is one that was left as it was."""
    old_if_old: OldProvince | None
    """Of the 63, if the text is read by the catalogue before 2025-07-01."""
    only_old: bool
    """Whether the text exists in the catalogue before 2025-07-01 only."""

    @property
    def moved(self) -> bool:
        """Whether the text names a province that is now part of another one."""
        named = self.old.name if self.old else None
        return self.only_old and self.province.merged and named != self.province.name


@dataclass(frozen=True)
class _Meaning:
    """What a name or code of a province means: codes, empty where undecided."""

    new: str
    old: str = ""
    """The old province of that name or code, if there was one."""
    only_old: bool = False

    def match(self) -> ProvinceMatch | None:
        province = provinces().get(self.new)
        if province is None:
            return None
        of_old = id_provinces().get(self.old)
        certain = province.old[0] if not province.merged else of_old if self.only_old else None
        return ProvinceMatch(province, certain, of_old, self.only_old)


_PREFIX = re.compile(
    r"^(?:tinh|thanh pho|t p|tp|tinh thanh|thu do|t)[\s.]+(?=\S)|^tp(?=hcm|hue|danang|hanoi)"
)
_DISTRICT_WORDS = (("huyen", "huyen"), ("quan", "quan"), ("thi xa", "thixa"), ("thanh pho", "thanhpho"))
_DISTRICT_ABBREVIATIONS = (("h", "huyen"), ("q", "quan"), ("tx", "thixa"), ("tp", "thanhpho"))
_DISTRICT_PREFIX = re.compile(
    rf"^({'|'.join(word for word, _ in (*_DISTRICT_WORDS, *_DISTRICT_ABBREVIATIONS))})[\s.]+(?=\S)"
)
_DISTRICT_TYPE = dict((*_DISTRICT_WORDS, *_DISTRICT_ABBREVIATIONS))
_BELOW_PROVINCE = re.compile(
    r"^(?:xa|phuong|thi tran|tt|thon|ap|khu|to|duong|so|ban|buon|xom|khom|lang|doi|p|x|huyen|quan|thi xa|tx|q|h)[\s.]+\S"
)
_PARTS = re.compile(r"\s*[,;/|\n]\s*|\s+-\s+|\s*–\s*")
_MARKED_PROVINCE = re.compile(r"\b(?:tinh|thanh pho|tp)[\s.]+(?P<name>.+)$")
_COUNTRY = frozenset({"viet nam", "vietnam", "vn", "cong hoa xa hoi chu nghia viet nam"})
_CODE = re.compile(r"0*(\d{1,3})(?:\.0+)?")


_NOT_IN_KEY = re.compile("[^a-z0-9]+")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


@lru_cache(maxsize=1 << 15)
def place_key(text: str) -> str:
    """A place's name without marks, spaces, hyphens and apostrophes, y as i; digits stay, without leading zeros."""
    letters = _NOT_IN_KEY.sub("", without_marks(clean(text)).replace("y", "i"))
    return _LEADING_ZEROS.sub("", letters) if "0" in letters else letters


@lru_cache(maxsize=1 << 15)
def plain_place(text: str) -> str:
    """A place as typed, in lower case without marks, with its separators."""
    return " ".join(without_marks(clean(text)).split()).strip(" .,;-")


@cache
def _names() -> dict[str, _Meaning]:
    """Key of a province's name → what it means; names of 1975-2008 and abbreviations included."""
    old_keys = {place_key(old.name): old for old in id_provinces().values()}
    new_keys = {place_key(province.name): province for province in provinces().values()}
    table = {key: _Meaning(old.new_code, old.code, key not in new_keys) for key, old in old_keys.items()}
    table |= {key: _Meaning(new.code) for key, new in new_keys.items() if key not in table}
    for row in read_table("former_province_names", ("name", "old_code", "new_code")):
        old = id_provinces().get(row["old_code"])
        only_old = old is None or place_key(old.name) not in new_keys
        table.setdefault(place_key(row["name"]), _Meaning(row["new_code"], row["old_code"], only_old))
    return _with_initials(table)


def _with_initials(names: dict[str, _Meaning]) -> dict[str, _Meaning]:
    """Names with their first word cut to its letter added (Y.Bái, T.Hóa), where only one province is cut to that."""
    cut: dict[str, list[str]] = {}
    for old in id_provinces().values():
        words = plain_place(old.name).split()
        if len(words) == 2:
            cut.setdefault(place_key(words[0][0] + words[1]), []).append(place_key(old.name))
    return {key: names[full[0]] for key, full in cut.items() if len(full) == 1} | names


@cache
def _districts() -> dict[str, _Meaning]:
    """Key of a district, with its type and without, → its old province, where only one province had such a district."""
    seen: dict[str, set[str]] = {}
    for row in read_table("communes_legacy", ("district_vi", "province_code")):
        kind, name = _district_type(plain_place(row["district_vi"]))
        for key in (place_key(name), kind + place_key(name)):
            seen.setdefault(key, set()).add(f"0{row['province_code']}")
    return {
        key: _Meaning(id_provinces()[code].new_code, code, only_old=True)
        for key, codes in seen.items()
        if len(codes) == 1 and not key.isdigit()
        for code in codes
    }


def _district_type(plain: str) -> tuple[str, str]:
    """Type ("" when none is typed) and name of a district: huyện, quận, thị xã, thành phố."""
    found = _DISTRICT_PREFIX.match(plain)
    return (_DISTRICT_TYPE[found[1]], plain[found.end() :]) if found else ("", plain)


def _of_code(text: str) -> _Meaning | None:
    """A code of 1 to 3 digits: of IDs (038), of either catalogue (38), or either without its zeros (1, 38.0)."""
    found = _CODE.fullmatch(text)
    if not found:
        return None
    old = found[1].zfill(3)
    if old in id_provinces():
        new = id_provinces()[old].new_code
        return _Meaning(new, old, only_old=(len(text) == 3 and text.isdigit()) or old[1:] not in provinces())
    return None


def find_province(text: str) -> ProvinceMatch | None:
    """The province that a text names: a name of today or before, an abbreviation, a code, or an address that ends in one.

    Args:
        text: In any case, with or without marks, "Tỉnh" and "TP."; codes of 2 digits of either catalogue or 3 of IDs.

    Returns:
        None when no province is in it, or only one whose parts went to several provinces of today (Nghệ Tĩnh, Sông Bé).
    """
    found = _find(text)
    if found is None and not text.isascii():
        readings = (decode(text, encoding) for encoding in LEGACY)
        found = next((match for match in map(_find, filter(None, readings)) if match), None)
    return found.match() if found else None


def _find(text: str) -> _Meaning | None:
    plain = plain_place(text)
    by_code = _of_code(plain)
    if by_code is not None or not plain or plain.isdigit():
        return by_code
    kind, name = _district_type(plain)
    whole = _districts().get(kind + place_key(name)) if kind else None
    whole = whole or _names().get(place_key(_without_prefix(plain))) or _names().get(place_key(plain))
    if whole is not None:
        return whole
    parts = [part.strip(" .") for part in _PARTS.split(plain)]
    parts = [part for part in parts if part and part not in _COUNTRY]
    return next((meaning for meaning in map(_find_in_part, reversed(parts)) if meaning), None)


def _find_in_part(part: str) -> _Meaning | None:
    """The province of one part of an address: all of it, what follows the word for province, its district, its last words."""
    return next((meaning for meaning in _readings(part) if meaning is not None and meaning.new), None)


def _readings(part: str) -> Iterator[_Meaning | None]:
    kind, name = _district_type(part)
    below = _BELOW_PROVINCE.match(part)
    if kind:
        yield _districts().get(kind + place_key(name))
    if not below:
        yield _names().get(place_key(_without_prefix(part)))
    marked = _MARKED_PROVINCE.search(part)
    if marked:
        yield _names().get(place_key(marked["name"]))
    yield _districts().get(place_key(name))
    words = part.removesuffix("viet nam").split()
    for size in (4, 3, 2):
        if len(words) >= size + (3 if below else 1):
            yield _names().get(place_key(" ".join(words[-size:])))


def _without_prefix(plain: str) -> str:
    return _PREFIX.sub("", plain)


def region_of_birth_province(codes: Column) -> pa.Array:
    """Province of 2025 (2 digits) of each province of the 63 (3 digits); null where there is none.

    Args:
        codes: Text as in the first three digits of an ID.
    """
    olds = list(id_provinces().values())
    position = pc.index_in(combined(codes).cast(pa.string()), value_set=pa.array([old.code for old in olds]))
    return pa.array([old.new_code for old in olds], pa.string()).take(position)


@dataclass(frozen=True)
class ProvinceColumn:
    """Provinces, read: Arrow arrays of text, one value per row."""

    province: pa.Array
    """3 digits (of 63), null where the text leaves it open."""
    region: pa.Array
    """2 digits (of 34)."""
    unread: np.ndarray
    """Whether something was typed that names no province."""
    habit: Habit
    """1 for schools that use the catalogue before 2025-07-01."""


def normalise_provinces(column: Column, schools: Column, known: Habit = NO_HABIT) -> ProvinceColumn:
    """Read a column of provinces, each distinct text once, ambiguous ones by the catalogue that the school uses.

    A school whose column holds a name or code that only the catalogue before 2025-07-01 had uses that catalogue throughout.

    Args:
        column: Names, codes or addresses as typed.
        schools: Whose habit it is, one value per row.
        known: Habits told before.
    """
    texts, groups = Distinct(column), Distinct(schools)
    matches = texts.map(find_province)
    only_old = texts.counted_by(groups.codes, [match is not None and match.only_old for match in matches])
    uses_old = known_or_told(groups, only_old > 0, known)
    by_old = uses_old[groups.codes] > 0
    if_new = [match.old.code if match and match.old else None for match in matches]
    if_old = [(match.old or match.old_if_old) if match else None for match in matches]
    unread = [
        match is None and plain_place(text) not in NOTHING
        for match, text in zip(matches, texts.values, strict=True)
    ]
    return ProvinceColumn(
        province=pc.if_else(
            pa.array(by_old),
            spread([old and old.code for old in if_old], texts.codes, pa.string()),
            spread(if_new, texts.codes, pa.string()),
        ),
        region=spread([match and match.province.code for match in matches], texts.codes, pa.string()),
        unread=np.array(unread, dtype=bool)[texts.codes] if len(texts) else np.zeros(0, dtype=bool),
        habit=by_source(groups, uses_old),
    )
