"""Answers of the store as the JSON of the interface, grouped by what was asked."""

from collections.abc import Iterable
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa

from mock_population_api.geography import geography
from mock_population_api.schemas import ANSWERED, ENTRY

Json = dict[str, Any]


def _rows(table: pa.Table) -> list[Json]:
    place = table.schema.get_field_index("birth_date")
    rows: list[Json] = table.set_column(
        place, "birth_date", table.column(place).cast(pa.string())
    ).to_pylist()
    return rows


def _entry(row: Json) -> Json:
    return {name: row[name] for name in ANSWERED.names}


def _grouped(table: pa.Table, key: str) -> dict[str, list[Json]]:
    """Rows by `key`; the table is sorted so that equal keys stand together."""
    return {value: list(rows) for value, rows in groupby(_rows(table), itemgetter(key))}


def of_lookup(numbers: Iterable[str], found: pa.Table) -> list[Json]:
    """One result per number asked, from a table FOUND."""
    hits = _grouped(found, "asked")
    return [
        {
            "number": number,
            "found": hits[number][0]["found_by"] if number in hits else "none",
            "entries": [_entry(row) for row in hits.get(number, []) if row["personal_id"] is not None],
        }
        for number in numbers
    ]


def of_trace(refs: Iterable[str], traced: pa.Table) -> list[Json]:
    """One result per query, from a table TRACED."""
    hits = _grouped(traced, "ref")
    return [
        {
            "ref": ref,
            "more": hits[ref][0]["more"] if ref in hits else False,
            "candidates": [{"rank": row["rank"], "entry": _entry(row)} for row in hits.get(ref, [])],
        }
        for ref in refs
    ]


def of_residence(numbers: Iterable[str], found: pa.Table) -> tuple[list[Json], list[str]]:
    """One result per number asked, from a table FOUND, and the personal IDs of whose residence is shown."""
    hits = {row["asked"]: row for row in found.to_pylist() if row["found_by"] != "former"}
    results, shown = [], []
    for number in numbers:
        row = hits.get(number)
        place = _place(row) if row is not None and row["personal_id"] is not None else None
        results.append(
            {"number": number, "found": row["found_by"] if row else "none", "residence": place},
        )
        if row is not None and place is not None:
            shown.append(row["personal_id"])
    return results, shown


def _place(row: Json) -> Json:
    province, commune = row["residence_province"], row["residence_commune"]
    return {
        "province": province,
        "province_name": _province_names().get(province),
        "commune": commune,
        "commune_name": _commune_names().get(commune),
    }


@cache
def _province_names() -> dict[str, str]:
    return dict(zip(geography().merged_codes, geography().merged_names, strict=True))


@cache
def _commune_names() -> dict[str, str]:
    return dict(zip(geography().commune_codes, geography().commune_names, strict=True))


def of_changes(changes: pa.Table) -> list[Json]:
    """Changes of a table CHANGE, in its order."""
    return [
        {
            "change": row["change"],
            "at": row["at"],
            "personal_id": row["personal_id"],
            "superseded_by": row["superseded_by"],
            "entry": None if row["change"] == "superseded" else {name: row[name] for name in ENTRY.names},
        }
        for row in _rows(changes)
    ]


def of_relatives(numbers: Iterable[str], relatives: pa.Table) -> list[Json]:
    """One result per number asked, from a table RELATIVES."""
    hits = _grouped(relatives, "asked")
    return [_family(number, hits.get(number, [])) for number in numbers]


def _family(number: str, rows: list[Json]) -> Json:
    by_relation: dict[str, list[Json]] = {"father": [], "mother": [], "child": []}
    for row in rows:
        by_relation[row["relation"]].append(_entry(row))
    return {
        "number": number,
        "father": next(iter(by_relation["father"]), None),
        "mother": next(iter(by_relation["mother"]), None),
        "children": by_relation["child"],
    }
