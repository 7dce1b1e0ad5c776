"""Open records as they are laid out for the review page: what a list would show of them, in keys instead of words, so that one
layout serves every language.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from connectors.worklist import ENTRY_SEEN, entry_fingerprint, record_fingerprint
from matching.schemas import FAMILIES, KINDS
from reporting.cells import free_text, masked, plain
from reporting.differences import Kind, Stretch, marked_date, marked_name, written_date
from reporting.open_rows import ListTables, find_open, list_order

_MOST_RELATIVES = 8
_OF_A_KIND = 10_000_000
"""Records of one kind in a province, at most, so that places of kinds don't meet."""
_TYPED = (
    "full_name",
    "birth_date",
    "gender",
    "birth_place",
    "residence_province",
    "residence_commune",
    "grade",
)

FAMILY = pa.schema(
    [pa.field(name, pa.string()) for name in ("record_id", "relation", "full_name", "birth_date")]
)
"""Relatives of open records as the school typed them; `relation` is father, mother, guardian, sibling or child."""

_GUARDIANS_AND_SIBLINGS = f"""
with wanted as (select distinct record_id from decisions where outcome <> 'linked'),
guardian as (
    select f.student_id as record_id, f.relationship as relation, g.full_name, g.birth_date, 0 as place
    from families f join wanted on wanted.record_id = f.student_id join guardians g on g.record_id = f.guardian_id
),
sibling as (
    select distinct f.student_id as record_id, 'sibling' as relation, s.full_name, s.birth_date, 1 as place
    from families f join wanted on wanted.record_id = f.student_id
    join families of on of.guardian_id = f.guardian_id and of.student_id <> f.student_id
    join students s on s.record_id = of.student_id
),
numbered as (
    select *, row_number() over (partition by record_id order by place, birth_date, full_name) as nth
    from (from guardian union all from sibling)
)
select record_id, relation, full_name, birth_date from numbered where nth <= {_MOST_RELATIVES} order by record_id, nth
"""
_CHILDREN = f"""
with wanted as (select distinct record_id from decisions where outcome <> 'linked'),
numbered as (
    select f.guardian_id as record_id, 'child' as relation, s.full_name, s.birth_date,
           row_number() over (partition by f.guardian_id order by s.birth_date, s.record_id) as nth
    from families f join wanted on wanted.record_id = f.guardian_id join students s on s.record_id = f.student_id
)
select record_id, relation, full_name, birth_date from numbered where nth <= {_MOST_RELATIVES} order by record_id, nth
"""


@dataclass(frozen=True)
class OpenCase:
    """One open record."""

    kind: str
    record_id: str
    province: str
    place: int
    """Its order among those of its province, as lists have it."""
    school_code: str | None
    reason: str
    fingerprint: str
    entries: tuple[tuple[str, str], ...]
    """Personal ID of each candidate shown, and what it looks like."""
    content: str
    """What is shown, as JSON."""


def families_of_open(
    kind: str, decisions: pa.Table, families: pa.Table, students: pa.Table, guardians: pa.Table
) -> pa.Table:
    """Relatives of the open records of a partition: `FAMILY`.

    Args:
        kind: student or guardian; teachers have none here.
        decisions: `matching.schemas.DECISIONS`.
        families: `matching.schemas.FAMILIES`.
        students: `matching.schemas.RAW_RECORDS`.
        guardians: `matching.schemas.RAW_RECORDS`.
    """
    queries = {"student": _GUARDIANS_AND_SIBLINGS, "guardian": _CHILDREN}
    if kind not in queries:
        return FAMILY.empty_table()
    with duckdb.connect() as con:
        con.register("decisions", decisions)
        con.register("families", families.select(FAMILIES.names))
        con.register("students", students)
        con.register("guardians", guardians)
        return con.sql(queries[kind]).to_arrow_table().cast(FAMILY)


def open_cases(kind: str, tables: ListTables, family: pa.Table, key: bytes) -> Iterator[OpenCase]:
    """The open records of a partition, in the order of the lists.

    Args:
        kind: The partition's.
        tables: What lists are made from.
        family: `FAMILY`.
        key: The secret under the fingerprints.
    """
    relatives: dict[str, list[dict[str, str]]] = {}
    for row in family.to_pylist():
        shown = {
            "relation": row["relation"],
            "name": free_text(row["full_name"]),
            "born": free_text(row["birth_date"]),
        }
        relatives.setdefault(row["record_id"], []).append(shown)
    start = KINDS.index(kind) * _OF_A_KIND
    for place, record in enumerate(
        sorted(find_open(tables, whole=True).to_pylist(), key=list_order), start + 1
    ):
        found = relatives.get(record["record_id"], []) if _by_family(record) else []
        yield _case(record, place, found, key)


def _by_family(record: Mapping[str, Any]) -> bool:
    """Whether relatives are evidence: of guardians, of whom little else is known, and where parents were compared."""
    if record["kind"] == "guardian":
        return True
    return any(
        ((one["evidence"] or {}).get("parents") or "missing") != "missing" for one in record["nearest"] or ()
    )


def _case(record: Mapping[str, Any], place: int, family: list[dict[str, str]], key: bytes) -> OpenCase:
    nearest = record["nearest"] or []
    typed = {name: free_text(record[name]) for name in _TYPED} | {"claimed_id": masked(record["claimed_id"])}
    candidates = [_candidate(record, typed, one) for one in nearest]
    marks = marked_name(candidates[0]["full_name"], typed["full_name"]) if candidates else ()
    content = {
        "typed": typed,
        "marks": marks,
        "school_name": plain(record["school_name"]),
        "claimed_form": record["claimed_form"],
        "outcome": record["outcome"],
        "evidence": record["evidence"],
        "candidates": candidates,
        "family": family,
    }
    seen = [{name: one[f"entry_{name}"] for name in ENTRY_SEEN} for one in nearest]
    return OpenCase(
        kind=record["kind"],
        record_id=record["record_id"],
        province=record["province"],
        place=place,
        school_code=record["school_code"],
        reason=record["reason"],
        fingerprint=record_fingerprint(key, record),
        entries=tuple(
            (one["personal_id"], entry_fingerprint(key, look))
            for one, look in zip(nearest, seen, strict=True)
        ),
        content=json.dumps(content, ensure_ascii=False, separators=(",", ":")),
    )


def _candidate(record: Mapping[str, Any], typed: Mapping[str, str], one: Mapping[str, Any]) -> dict[str, Any]:
    name, born = plain(one["entry_full_name"]), one["entry_birth_date"]
    return {
        "number": masked(one["personal_id"]),
        "full_name": name,
        "name_marks": marked_name(typed["full_name"], name),
        "birth_date": written_date(born, one["entry_birth_precision"]) if born else "",
        "date_marks": _date_marks(record, one),
        "gender": one["entry_gender"],
        "birth_province": one["entry_birth_province"],
        "residence_province": one["entry_residence_province"],
        "status": one["entry_status"],
        "probability": one["match_probability"],
        "levels": one["evidence"] or {},
    }


def _date_marks(record: Mapping[str, Any], one: Mapping[str, Any]) -> tuple[Stretch, ...]:
    if not one["entry_birth_date"]:
        return ()
    marks = marked_date(
        record["birth_from"], record["birth_precision"], one["entry_birth_date"], one["entry_birth_precision"]
    )
    return marks if any(kind is not Kind.SAME for kind, _ in marks) else ()
