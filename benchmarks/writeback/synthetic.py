"""Decisions and records of synthetic people, as many as asked for, in 34 provinces; no person is real.

Every figure is an assumption: one record in nine is open, and an open one has two candidates.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.schemas import CANDIDATES, DECISIONS, EDUCATION_TABLES

PROVINCES = tuple(f"{number:02d}" for number in range(1, 35))
OPEN_IN = 9
CANDIDATES_OF_OPEN = 2


def _numbered(prefix: str, numbers: np.ndarray, digits: int) -> pa.Array:
    return pc.binary_join_element_wise(
        prefix, pc.utf8_lpad(pa.array(numbers).cast(pa.string()), digits, "0"), ""
    )


def _repeated(value: object, rows: int, kind: pa.DataType) -> pa.Array:
    return pa.repeat(pa.scalar(value, kind), rows)


def decisions(province: str, records: int, shift: int = 0) -> tuple[pa.Table, pa.Table]:
    """Decisions (DECISIONS) and candidates (CANDIDATES) of one province; another `shift`, other IDs."""
    numbers = np.arange(records)
    is_open = pa.array(numbers % OPEN_IN == 0)
    ids = _numbered(f"0{province}3", numbers + shift, 8)
    linked = {"outcome": "linked", "reason": "number_verified", "decided_by": "claimed_id"}
    opened = {"outcome": "unlinked", "reason": "nobody_found", "decided_by": "family"}
    columns = {name: pc.if_else(is_open, opened[name], linked[name]) for name in linked}
    columns |= {
        "kind": _repeated("student", records, pa.string()),
        "record_id": _numbered(f"S{province}", numbers, 8),
        "personal_id": pc.if_else(is_open, pa.scalar(None, pa.string()), ids),
        "match_probability": pa.array(0.99 + (numbers % 100) / 10_000.0),
        "model": _repeated("student-1", records, pa.string()),
        "run": _repeated("run", records, pa.string()),
    }
    nothing = {field.name: pa.nulls(records, field.type) for field in DECISIONS}
    table = pa.table({**nothing, **columns}).select(DECISIONS.names).cast(DECISIONS)
    return table, _candidates(table.filter(is_open))


def _candidates(opened: pa.Table) -> pa.Table:
    parts = []
    for rank in range(1, CANDIDATES_OF_OPEN + 1):
        rows = opened.num_rows
        levels = [{"name": "same", "birth_date": "day", "gender": "same"}] * rows
        columns = {field.name: pa.nulls(rows, field.type) for field in CANDIDATES}
        columns |= {
            "kind": opened["kind"],
            "record_id": opened["record_id"],
            "rank": _repeated(rank, rows, pa.int8()),
            "match_probability": _repeated(0.5 / rank, rows, pa.float64()),
            "evidence": pa.array(levels, CANDIDATES.field("evidence").type),
            "personal_id": _numbered(f"09{rank}3", np.arange(rows), 8),
        }
        parts.append(pa.table(columns).select(CANDIDATES.names).cast(CANDIDATES))
    return pa.concat_tables(parts)


def schools() -> pa.Table:
    """One school in each province."""
    columns = {name: pa.nulls(len(PROVINCES), pa.string()) for name in EDUCATION_TABLES["schools"].names}
    columns |= {
        "school_code": pa.array([f"T{code}" for code in PROVINCES]),
        "province_code": pa.array(PROVINCES),
        "level": pa.array(["thpt"] * len(PROVINCES)),
    }
    return pa.table(columns)


def students(records: int) -> Iterator[pa.Table]:
    """Students of every province, one province at a time, every text column filled."""
    for code in PROVINCES:
        numbers = np.arange(records)
        columns = {
            name: _numbered(f"{name[:6]} ", numbers % 9_973, 6) for name in EDUCATION_TABLES["students"].names
        }
        columns |= {
            "student_id": _numbered(f"S{code}", numbers, 8),
            "school_code": _repeated(f"T{code}", records, pa.string()),
            "full_name": pc.binary_join_element_wise("Nguyễn Thị", columns["student_id"], " "),
            "claimed_id": _numbered(f"0{code}3", numbers, 8),
        }
        yield pa.table(columns)
