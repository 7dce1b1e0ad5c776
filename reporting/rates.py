"""Link rates: how many of which records, never a bare percentage.

A rate has two numbers, and what was left out of the second is counted too, by reason. The table is additive:
the rates of a run are the rates of its partitions, one below the other.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from connectors.files_out import write_csv
from matching.decision import OUT_OF_SCOPE, Outcome
from reporting.errors import CountsDisagreeError
from reporting.places import province_names

LEFT_OUT = "left_out"
"""Stands where an outcome stands, for records that are not in scope."""

LINK_RATES = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("province", pa.string()),  # of the 34
        pa.field("level", pa.string()),  # of the school, as the education database names it
        pa.field("grade_12", pa.bool_()),  # the cohort of the exam, shown apart
        pa.field("outcome", pa.string()),  # linked | clerical_review | unlinked | left_out
        pa.field("reason", pa.string()),  # matching.decision.Reason, or why the record was left out
        pa.field("decided_by", pa.string()),  # the pass; null when left out
        pa.field("records", pa.int64()),
    ]
)
"""How many records ended how: one row per combination that occurs, additive over partitions."""

TOTALS = ("records", "left_out", "in_scope", "linked", "clerical_review", "unlinked")
"""The figures of a group: records = left_out + in_scope; in_scope = linked + clerical_review + unlinked."""

OUTCOMES = tuple(str(outcome) for outcome in Outcome)

CELL = ("kind", "province", "level", "grade_12")
"""What a row of rates.csv is about."""

GRADE_12 = r"^\D*12(\D|$)"
"""Grades of the exam cohort as schools type them: "12", "Lớp 12", "12A1"."""

_OUT = ", ".join(f"'{reason}'" for reason in sorted(OUT_OF_SCOPE))

_CHECK = """
select (select count(*) from records anti join decisions using (kind, record_id)) as undecided,
       (select count(*) from decisions anti join records using (kind, record_id)) as unknown,
       (select count(*) - count(distinct (kind, record_id)) from decisions)
     + (select count(*) - count(distinct (kind, record_id)) from records) as repeated
"""

_RATES = f"""
with scoped as (
    select d.kind, r.province, r.level, d.outcome, d.reason, d.decided_by, r.left_out,
           d.kind = 'student' and coalesce(regexp_matches(r.grade, '{GRADE_12}'), false) as grade_12,
           r.left_out is not null or coalesce(d.reason in ({_OUT}), false) as is_left_out
    from decisions d join records r using (kind, record_id)
)
select kind, province, level, grade_12,
       case when is_left_out then '{LEFT_OUT}' else outcome end as outcome,
       case when is_left_out then coalesce(left_out, reason) else reason end as reason,
       case when not is_left_out then decided_by end as decided_by,
       count(*) as records
from scoped group by all order by all
"""


def rates(decisions: pa.Table, records: pa.Table) -> pa.Table:
    """Count the decisions of one or more partitions.

    Args:
        decisions: `matching.schemas.DECISIONS`, one row for every record.
        records: `matching.schemas.RECORDS`, the same records.

    Returns:
        A table of `LINK_RATES`.

    Raises:
        CountsDisagreeError: A record has no decision or two, or a decision no record.
    """
    with duckdb.connect() as con:
        con.register("decisions", decisions.select(["kind", "record_id", "outcome", "reason", "decided_by"]))
        con.register(
            "records", records.select(["kind", "record_id", "province", "level", "grade", "left_out"])
        )
        undecided, unknown, repeated = con.sql(_CHECK).fetchall()[0]
        if undecided or unknown or repeated:
            raise CountsDisagreeError(undecided=undecided, unknown=unknown, repeated=repeated)
        return con.sql(_RATES).to_arrow_table().cast(LINK_RATES)


def totals(counted: pa.Table, by: Sequence[str] = ()) -> pa.Table:
    """Add `counted` (LINK_RATES) up: a row per combination of the columns `by`, with the columns `TOTALS`.

    Without `by` there is one row, of zeros where nothing was counted.
    """
    linked_or_not = {name: pc.equal(counted["outcome"], name) for name in (LEFT_OUT, *OUTCOMES)}
    masks = {"records": True, "in_scope": pc.invert(linked_or_not[LEFT_OUT]), **linked_or_not}
    figures = {name: pc.if_else(masks[name], counted["records"], 0) for name in TOTALS}
    summed = pa.table({**{name: counted[name] for name in by}, **figures}).group_by(list(by))
    rows = summed.aggregate([(name, "sum") for name in TOTALS])
    named = pa.table(
        {
            **{name: rows[name] for name in by},
            **{name: pc.fill_null(rows[f"{name}_sum"], 0) for name in TOTALS},
        }
    )
    return named.sort_by([(name, "ascending") for name in by]) if by else named


def breakdown(counted: pa.Table, by: Sequence[str], outcomes: Sequence[str]) -> pa.Table:
    """The records of `outcomes` by the columns `by`: those columns and `records`, the largest first."""
    wanted = counted.filter(pc.is_in(counted["outcome"], pa.array(outcomes, pa.string())))
    summed = wanted.group_by(list(by)).aggregate([("records", "sum")])
    rows = summed.rename_columns({"records_sum": "records"})
    return rows.sort_by([("records", "descending"), *((name, "ascending") for name in by)])


def write_rates(out: Path, counted: pa.Table) -> Path:
    """Write `rates.csv` into the folder `out`: a line per kind, province, level and grade-12 cohort.

    Each line has all of `TOTALS`, the link rate in per cent, and one column for each reason of leaving out,
    pass that linked, and reason of staying open that occurs anywhere in the table.
    """
    lines = totals(counted, CELL)
    cells = list(zip(*(lines[name].to_pylist() for name in CELL), strict=True))
    names = province_names()
    columns = {
        **{name: lines[name] for name in CELL},
        "province_name": pa.array(
            [names.of_2025(code) for code in lines["province"].to_pylist()], pa.string()
        ),
        **{name: lines[name] for name in TOTALS},
        "link_rate_percent": _per_cent(lines["linked"], lines["in_scope"]),
        **{
            name: [records.get(cell, 0) for cell in cells]
            for name, records in sorted(_details(counted).items())
        },
    }
    path = out / "rates.csv"
    write_csv(pa.table(columns), path)
    return path


def _details(counted: pa.Table) -> dict[str, dict[tuple[object, ...], int]]:
    """Column of rates.csv, `<outcome>:<reason or pass>` → cell → records."""
    columns: dict[str, dict[tuple[object, ...], int]] = {}
    for outcome in (LEFT_OUT, *OUTCOMES):
        detail = "decided_by" if outcome == Outcome.LINKED else "reason"
        for row in breakdown(counted, [*CELL, detail], [outcome]).to_pylist():
            column = columns.setdefault(f"{outcome}:{row[detail]}", {})
            column[tuple(row[name] for name in CELL)] = row["records"]
    return columns


def _per_cent(part: pa.ChunkedArray, whole: pa.ChunkedArray) -> pa.ChunkedArray:
    """Two decimals; null where there is nothing to have a share of."""
    nothing = pc.equal(whole, 0)
    share = pc.divide(pc.multiply(part, 100.0), pc.if_else(nothing, 1, whole))
    return pc.if_else(nothing, None, pc.round(share, 2))
