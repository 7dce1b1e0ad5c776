"""Communes as typed, by code or by name, old or new, as a code of the catalogue of 2025.

10,035 communes became 3,321; most went whole into one new commune, 471 were divided. A divided one counts as the commune that got its
largest part. Codes of 2025 were codes of a commune before that is now part of it, so a code needs no catalogue to be told.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from matching.normalise.columns import (
    NO_HABIT,
    Column,
    Distinct,
    Habit,
    by_source,
    known_or_told,
    spread,
)
from matching.normalise.encodings import LEGACY, decode
from matching.normalise.places import ProvinceMatch, find_province, place_key, plain_place
from matching.normalise.rejects import Reject
from matching.normalise.vocabulary import NOTHING
from matching.reference import read_table


@dataclass(frozen=True)
class Residence:
    """Where a person lives, as far as the text says, and what was wrong with the commune."""

    province: str | None
    """2 digits (of 34)."""
    commune: str | None = None
    """5 digits (of 2025)."""
    reject: Reject | None = None


@cache
def commune_provinces() -> dict[str, str]:
    """Commune of 2025 → its province, both as codes."""
    return {
        row["code"]: row["province_code"] for row in read_table("communes_2025", ("code", "province_code"))
    }


@cache
def _new_code() -> dict[str, str]:
    """Any commune code, old or new → the code of 2025, of the largest part where it was divided."""
    rows = read_table("commune_map_2025", ("legacy_code", "new_code", "kind"))
    mapped = {row["legacy_code"]: row["new_code"] for row in rows if row["kind"] != "part"}
    return mapped | {code: code for code in commune_provinces()}


_Names = dict[tuple[str, str], frozenset[str]]
"""Province and key of a commune's name → codes of 2025 that it may be."""


@cache
def _new_names() -> _Names:
    """By province of 2025: names of today, with their type and without."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in read_table("communes_2025", ("code", "name_vi", "province_code", "name_from_2026_04_30")):
        for name in filter(None, (row["name_vi"], row["name_from_2026_04_30"])):
            for key in _keys(*_type_and_name(plain_place(name))):
                found.setdefault((row["province_code"], key), set()).add(row["code"])
    return {key: frozenset(codes) for key, codes in found.items()}


@cache
def _old_names() -> _Names:
    """By province of the 63: names before 2025-07-01, with their type and without, each also with its district behind it."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in read_table(
        "communes_legacy", ("code", "name_vi", "district_code", "district_vi", "province_code")
    ):
        new = _new_code()[row["code"] or row["district_code"]]
        district = place_key(_bare_district(plain_place(row["district_vi"])))
        for key in _keys(*_type_and_name(plain_place(row["name_vi"] or row["district_vi"]))):
            found.setdefault((f"0{row['province_code']}", key), set()).add(new)
            found.setdefault((f"0{row['province_code']}", f"{key}@{district}"), set()).add(new)
    return {key: frozenset(codes) for key, codes in found.items()}


_TYPES = {
    "xa": "xa", "x": "xa",
    "phuong": "phuong", "p": "phuong",
    "thi tran": "thitran", "tt": "thitran",
    "dac khu": "dackhu", "dk": "dackhu", "huyen": "dackhu",
}  # fmt: skip
_TYPE = re.compile(r"^(thi tran|phuong|dac khu|huyen|xa|tt|dk|p|x)(?:[\s.]+(?=\S)|(?=\d))")
_DISTRICT_PREFIX = re.compile(r"^(?:huyen|quan|thi xa|thanh pho|tx|tp|h|q)[\s.]+(?=\S)")
_CODE = re.compile(r"\d{1,5}(?:\.0+)?")
_PARTS = re.compile(r"\s*[,;/|\n]\s*|\s+-\s+|\s*–\s*")


def _type_and_name(plain: str) -> tuple[str, str]:
    found = _TYPE.match(plain)
    return (_TYPES[found[1]], plain[found.end() :]) if found else ("", plain)


def _keys(kind: str, name: str) -> set[str]:
    return {place_key(name), f"{kind}:{place_key(name)}"} if kind else {place_key(name)}


def _bare_district(plain: str) -> str:
    return _DISTRICT_PREFIX.sub("", plain)


@dataclass(frozen=True)
class _Readings:
    """A residence by the catalogue of today and by the one before, and which of them the text speaks for."""

    by_new: Residence
    by_old: Residence
    sign: int = 0
    """1 where only the catalogue before has what was typed, -1 where only the one of today has, 0 where both or none do."""


def read_residence(province: str, commune: str, *, old_catalogue: bool = False) -> Residence:
    """Read where a person lives.

    Args:
        province: As typed; may be empty when the commune has a code or ends in its province.
        commune: Code of either catalogue, name, or address that begins with the commune.
        old_catalogue: Which catalogue to look into first for names that both have.
    """
    read = _read(province, commune)
    return read.by_old if old_catalogue else read.by_new


def _read(province: str, commune: str) -> _Readings:
    found = find_province(province)
    plain = plain_place(commune)
    if _CODE.fullmatch(plain):
        return _alike(_by_code(plain.split(".")[0].zfill(5), found.province.code if found else None))
    if plain in NOTHING:
        return _alike(Residence(found.province.code if found else None), 1 if found and found.only_old else 0)
    found = found or find_province(commune)
    if found is None:
        return _alike(Residence(None, None, Reject.COMMUNE_UNREADABLE))
    return _by_name(commune, found)


def _alike(home: Residence, sign: int = 0) -> _Readings:
    return _Readings(home, home, sign)


def _by_code(code: str, region: str | None) -> Residence:
    new = _new_code().get(code)
    if new is None:
        return Residence(region, None, Reject.COMMUNE_UNREADABLE if code.strip("0") else None)
    home = commune_provinces()[new]
    if region not in (None, home):
        return Residence(region, None, Reject.COMMUNE_ELSEWHERE)
    return Residence(home, new)


def _by_name(typed: str, found: ProvinceMatch) -> _Readings:
    new, old = _codes(plain_place(typed), found)
    if not new and not old and not typed.isascii():
        decoded = (decode(typed, encoding) for encoding in LEGACY)
        pairs = (_codes(plain_place(text), found) for text in decoded if text)
        new, old = next((pair for pair in pairs if any(pair)), (new, old))
    region = found.province.code
    only_old = found.only_old or (bool(old) and not new)
    only_new = bool(new) and not old and not found.only_old
    return _Readings(_home(region, new or old), _home(region, old or new), only_old - only_new)


def _home(region: str, codes: frozenset[str]) -> Residence:
    if len(codes) == 1:
        return Residence(region, next(iter(codes)))
    return Residence(region, None, Reject.COMMUNE_AMBIGUOUS if codes else Reject.COMMUNE_UNREADABLE)


def _codes(plain: str, found: ProvinceMatch) -> tuple[frozenset[str], frozenset[str]]:
    """Codes of 2025 that a name leaves by today's names and by those before; an old province narrows the latter."""
    old = found.old or (found.old_if_old if found.only_old else None)
    parts_of = [old.code] if old else [part.code for part in found.province.old]
    for keys in _keys_by_part(plain):
        new = _first(_new_names(), [found.province.code], keys)
        before = _first(_old_names(), parts_of, keys)
        if new or before:
            return new, before
    return frozenset(), frozenset()


def _first(names: _Names, provinces: list[str], keys: list[str]) -> frozenset[str]:
    """Codes of the narrowest key that a province has."""
    for key in keys:
        codes = frozenset().union(*(names.get((province, key), frozenset()) for province in provinces))
        if codes:
            return codes
    return frozenset()


def _keys_by_part(plain: str) -> Iterator[list[str]]:
    """Keys for the whole text and for each part of an address: with its district and type first, bare last."""
    parts = [part for part in _PARTS.split(plain) if part]
    yield _narrowing_keys(plain, [])
    for place, part in enumerate(parts):
        yield _narrowing_keys(part, parts[place + 1 :])


def _narrowing_keys(part: str, later: list[str]) -> list[str]:
    kind, name = _type_and_name(part)
    bare = [f"{kind}:{place_key(name)}", place_key(name)] if kind else [place_key(name)]
    districts = [place_key(_bare_district(district)) for district in later]
    return [f"{key}@{district}" for key in bare for district in districts] + bare


@dataclass(frozen=True)
class ResidenceColumn:
    """Residences, read: Arrow arrays of text, one value per row."""

    province: pa.Array
    commune: pa.Array
    reject: pa.Array
    """Code of `Reject` about the commune, null where nothing was wrong."""
    province_unread: np.ndarray
    """Whether a province was typed that could not be read, nor told from the commune."""
    habit: Habit
    """1 for schools that use the catalogue before 2025-07-01."""


def normalise_residences(
    provinces: Column, communes: Column, schools: Column, known: Habit = NO_HABIT
) -> ResidenceColumn:
    """Read two columns, province and commune of residence, each distinct pair once.

    A school more of whose residences speak for the catalogue before 2025-07-01 than for the one of today uses that catalogue.

    Args:
        provinces: As typed.
        communes: As typed.
        schools: Whose habit it is, one value per row.
        known: Habits told before.
    """
    province, commune, groups = Distinct(provinces), Distinct(communes), Distinct(schools)
    width = max(len(commune), 1)
    pairs, rows = np.unique(province.codes * width + commune.codes, return_inverse=True)
    typed = [(province.values[pair // width], commune.values[pair % width]) for pair in pairs.tolist()]
    read = [_read(*texts) for texts in typed]
    signs = np.array([reading.sign for reading in read], dtype=np.int64)[rows]
    uses_old = known_or_told(
        groups, np.bincount(groups.codes, weights=signs, minlength=len(groups)) > 0, known
    )
    by_old = uses_old[groups.codes]
    homes = [home for reading in read for home in (reading.by_new, reading.by_old)]
    chosen = rows * 2 + by_old
    unread = [
        reading.by_new.province is None and plain_place(texts[0]) not in NOTHING
        for reading, texts in zip(read, typed, strict=True)
    ]
    return ResidenceColumn(
        province=spread([home.province for home in homes], chosen, pa.string()),
        commune=spread([home.commune for home in homes], chosen, pa.string()),
        reject=spread([home.reject for home in homes], chosen, pa.string()),
        province_unread=np.array(unread, dtype=bool)[rows],
        habit=by_source(groups, uses_old),
    )
