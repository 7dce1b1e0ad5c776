"""Communes as typed, by code or by name, old or new, as a code of the catalogue of 2025.

10,035 communes became 3,321; most went whole into one new commune, 471 were divided. A divided one counts as the commune that got its
largest part. Codes of 2025 were codes of a commune before that is now part of it, so a code needs no catalogue to be told.
"""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from matching.normalise.columns import Column, Distinct, spread
from matching.normalise.encodings import LEGACY, decode
from matching.normalise.places import find_province, place_key, plain_place
from matching.normalise.rejects import Reject
from matching.normalise.vocabulary import NOTHING
from matching.people import id_provinces
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


@cache
def _names() -> _Names:
    """Province of 2025 and key of a commune's name, old or new, with its type and without → codes of 2025 that it may be.

    Old communes stand a second time with their district behind the name, which tells namesakes apart.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for row in read_table("communes_2025", ("code", "name_vi", "province_code", "name_from_2026_04_30")):
        for name in filter(None, (row["name_vi"], row["name_from_2026_04_30"])):
            for key in _keys(*_type_and_name(plain_place(name))):
                found.setdefault((row["province_code"], key), set()).add(row["code"])
    for row in read_table(
        "communes_legacy", ("code", "name_vi", "district_code", "district_vi", "province_code")
    ):
        new = _new_code()[row["code"] or row["district_code"]]
        kind, name = _type_and_name(plain_place(row["name_vi"] or row["district_vi"]))
        keys = _keys(kind, name) | {
            f"{key}@{place_key(_bare_district(row['district_vi']))}" for key in _keys(kind, name)
        }
        for key in keys:
            found.setdefault((id_provinces()[f"0{row['province_code']}"].new_code, key), set()).add(new)
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


def _bare_district(district: str) -> str:
    return _DISTRICT_PREFIX.sub("", plain_place(district))


def read_residence(province: str, commune: str) -> Residence:
    """Read where a person lives.

    Args:
        province: As typed; may be empty when the commune has a code or ends in its province.
        commune: Code of either catalogue, name, or address that begins with the commune.
    """
    found = find_province(province)
    region = found.province.code if found else None
    plain = plain_place(commune)
    if _CODE.fullmatch(plain) and (plain.isdigit() or "." in plain):
        return _by_code(plain.split(".")[0].zfill(5), region)
    if plain in NOTHING:
        return Residence(region)
    if region is None:
        within = find_province(commune)
        region = within.province.code if within else None
    if region is None:
        return Residence(None, None, Reject.COMMUNE_UNREADABLE)
    return _by_name(commune, region)


def _by_code(code: str, region: str | None) -> Residence:
    new = _new_code().get(code)
    if new is None:
        return Residence(region, None, Reject.COMMUNE_UNREADABLE if code.strip("0") else None)
    home = commune_provinces()[new]
    if region not in (None, home):
        return Residence(region, None, Reject.COMMUNE_ELSEWHERE)
    return Residence(home, new)


def _by_name(typed: str, region: str) -> Residence:
    codes = _codes_of_name(plain_place(typed), region)
    if not codes and not typed.isascii():
        readings = (decode(typed, encoding) for encoding in LEGACY)
        codes = next(
            filter(None, (_codes_of_name(plain_place(text), region) for text in readings if text)),
            frozenset(),
        )
    if len(codes) == 1:
        return Residence(region, next(iter(codes)))
    return Residence(region, None, Reject.COMMUNE_AMBIGUOUS if codes else Reject.COMMUNE_UNREADABLE)


def _codes_of_name(plain: str, region: str) -> frozenset[str]:
    """Codes that the parts of an address leave: by name and district, by type and name, by name, the narrowest first."""
    parts = [part for part in _PARTS.split(plain) if part]
    for place, part in enumerate(parts):
        kind, name = _type_and_name(part)
        districts = [place_key(_bare_district(later)) for later in parts[place + 1 :]]
        with_type = [f"{kind}:{place_key(name)}"] if kind else []
        keys = [f"{key}@{district}" for key in (*with_type, place_key(name)) for district in districts]
        for key in (*keys, *with_type, place_key(name)):
            codes = _names().get((region, key))
            if codes:
                return codes
    return frozenset()


@dataclass(frozen=True)
class ResidenceColumn:
    """Residences, read: Arrow arrays of text, one value per row."""

    province: pa.Array
    commune: pa.Array
    reject: pa.Array
    """Code of `Reject` about the commune, null where nothing was wrong."""
    province_unread: np.ndarray
    """Whether a province was typed that could not be read, nor told from the commune."""


def normalise_residences(provinces: Column, communes: Column) -> ResidenceColumn:
    """Read two columns, province and commune of residence, each distinct pair once."""
    province, commune = Distinct(provinces), Distinct(communes)
    width = max(len(commune), 1)
    pairs, rows = np.unique(province.codes * width + commune.codes, return_inverse=True)
    typed = [(province.values[pair // width], commune.values[pair % width]) for pair in pairs.tolist()]
    read = [read_residence(*texts) for texts in typed]
    unread = [
        home.province is None and plain_place(texts[0]) not in NOTHING
        for home, texts in zip(read, typed, strict=True)
    ]
    return ResidenceColumn(
        province=spread([home.province for home in read], rows, pa.string()),
        commune=spread([home.commune for home in read], rows, pa.string()),
        reject=spread([home.reject for home in read], rows, pa.string()),
        province_unread=np.array(unread, dtype=bool)[rows] if len(rows) else np.zeros(0, dtype=bool),
    )
