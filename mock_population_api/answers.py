"""Answers of the store as the JSON of the interface, grouped by what was asked."""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa

from mock_population_api.schemas import ANSWERED

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
            "entries": [_entry(row) for row in hits.get(number, [])],
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
