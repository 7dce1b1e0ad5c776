"""Decisions of one partition on their way into the database: checked, flat, with a digest."""

import hashlib
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.database import row_text
from connectors.education_tables import LINK_RATES, TEXT
from connectors.errors import DecisionsRefused
from matching.decision import BY_PERSON, Outcome
from matching.schemas import CANDIDATES

DECIDED_BY_PERSON = BY_PERSON
"""`decided_by` of a decision that a person made: it outranks the machine, and its links are confirmed."""

_PERSONAL_ID = r"^[0-9]{12}$"
_REMEDY = "Nothing was written; this is a fault of the program, report it."

STAGED = pa.schema(
    [
        pa.field("record_id", pa.string()),
        pa.field("outcome", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("personal_id", pa.string()),
        pa.field("match_probability", pa.float64()),
        pa.field("decided_by", pa.string()),
        pa.field("model", pa.string()),
        pa.field("by_person", pa.bool_()),
        pa.field("candidates", pa.string()),
    ]
)
"""One decision as it is staged; `candidates` is JSON."""

_SQL_TYPES: dict[pa.DataType, sa.types.TypeEngine[Any]] = {
    pa.string(): TEXT,
    pa.float64(): sa.Double(),
    pa.bool_(): sa.Boolean(),
}


def staging_table() -> sa.Table:
    """The temporary table that decisions are staged in."""
    columns = [
        sa.Column(field.name, _SQL_TYPES[field.type], primary_key=field.name == "record_id")
        for field in STAGED
    ]
    name = "staged_decisions"
    return sa.Table(name, sa.MetaData(), *columns, prefixes=["TEMPORARY"], sqlite_with_rowid=False)


def staged(kind: str, decisions: pa.Table, candidates: pa.Table, *, by_run: str | None = None) -> pa.Table:
    """Decisions with their candidates, by record ID.

    Args:
        kind: The partition's kind; every decision must be of it.
        decisions: `matching.schemas.DECISIONS`.
        candidates: `matching.schemas.CANDIDATES`; only those of open records are kept.
        by_run: The run that repeats what people decided in earlier runs; only what they say in this one outranks.

    Returns:
        `STAGED`.

    Raises:
        DecisionsRefused: The decisions contradict themselves.
    """
    _check(kind, decisions)
    decisions = decisions.sort_by("record_id")
    found = _as_json(kind, candidates)
    candidate_row = pc.index_in(decisions["record_id"], value_set=found["record_id"])
    is_open = pc.is_null(decisions["personal_id"])
    listed = pc.fill_null(pc.take(found["candidates"], candidate_row), "[]")
    columns = {name: decisions[name] for name in STAGED.names if name in decisions.column_names}
    by_person = pc.fill_null(pc.equal(decisions["decided_by"], DECIDED_BY_PERSON), False)
    if by_run is not None:
        by_person = pc.and_(by_person, pc.fill_null(pc.equal(decisions["run"], by_run), False))
    columns["by_person"] = by_person
    columns["candidates"] = pc.if_else(is_open, listed, "[]")
    return pa.table(columns).select(STAGED.names).cast(STAGED)


def _as_json(kind: str, candidates: pa.Table) -> pa.Table:
    """One row per record: its candidates in order as JSON; IDs, probabilities and levels, no names or dates."""
    # rounded, so that noise of a last digit does not make every open record a changed one
    query = """
        SELECT record_id, CAST(to_json(list(struct_pack(
            rank := rank, personal_id := personal_id, match_probability := round(match_probability, 4),
            evidence := evidence) ORDER BY rank)) AS VARCHAR) AS candidates
        FROM candidates WHERE kind = $kind GROUP BY record_id
    """
    with duckdb.connect() as connection:
        connection.register("candidates", candidates.select(CANDIDATES.names[:6]))
        return connection.sql(query, params={"kind": kind}).to_arrow_table()


def _check(kind: str, decisions: pa.Table) -> None:
    ids = decisions["personal_id"]
    linked = pc.equal(decisions["outcome"], Outcome.LINKED)
    faults = {
        "of another kind": pc.not_equal(decisions["kind"], kind),
        "without a record ID": pc.is_null(decisions["record_id"]),
        "with an unknown outcome": pc.invert(
            pc.is_in(decisions["outcome"], value_set=pa.array(list(Outcome)))
        ),
        "linked without a personal ID of 12 digits": pc.and_not(
            linked, pc.fill_null(pc.match_substring_regex(ids, _PERSONAL_ID), False)
        ),
        "not linked, and with a personal ID": pc.and_not(pc.is_valid(ids), linked),
        "without reason or pass": pc.or_(
            pc.is_null(decisions["reason"]), pc.is_null(decisions["decided_by"])
        ),
    }
    counts = {what: pc.sum(pc.fill_null(mask, True)).as_py() or 0 for what, mask in faults.items()}
    counts["for a record that has one already"] = (
        decisions.num_rows - pc.count_distinct(decisions["record_id"]).as_py()
    )
    wrong = [f"{count} decisions {what}" for what, count in counts.items() if count]
    if wrong:
        raise DecisionsRefused(f"({kind})", "; ".join(wrong), _REMEDY)


def rates_table(rates: pa.Table) -> pa.Table:
    """Counts in the columns of `LINK_RATES`; absent counts are 0, absent texts null.

    Raises:
        DecisionsRefused: A count is no number.
    """
    columns = []
    for field in LINK_RATES:
        count = pa.types.is_integer(field.type)
        absent = pa.repeat(pa.scalar(0 if count else None, field.type), rates.num_rows)
        columns.append(rates[field.name] if field.name in rates.column_names else absent)
    try:
        return pa.table(columns, names=LINK_RATES.names).cast(LINK_RATES)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    raise DecisionsRefused("(rates)", "the counts of the rates are no whole numbers", _REMEDY)


def digest(decisions: pa.Table, rates: pa.Table, scope: str) -> str:
    """What a partition was told to hold, as SHA-256 over its rows."""
    seen = hashlib.sha256(scope.encode())
    for table in (decisions, rates):
        for batch in table.to_batches():
            seen.update(row_text(batch.columns))
        seen.update(b"\x00")
    return seen.hexdigest()
