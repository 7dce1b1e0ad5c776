"""Link rates: how many of which records, never a bare percentage.

A rate has two numbers, and what was left out of the second is counted too, by reason. The table is additive:
the rates of a run are the rates of its partitions, one below the other.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from matching.decision import OUT_OF_SCOPE
from reporting.errors import CountsDisagreeError
from reporting.places import province_names
from reporting.private_files import write_csv

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

CELL = ("kind", "province", "level", "grade_12")
"""What a row of rates.csv is about."""

_GRADE_12 = r"^\D*12(\D|$)"  # "12", "Lớp 12", "12A1"
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
           d.kind = 'student' and coalesce(regexp_matches(r.grade, '{_GRADE_12}'), false) as grade_12,
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
    figures = [
        _sum("records", "true"),
        _sum("left_out", f"outcome = '{LEFT_OUT}'"),
        _sum("in_scope", f"outcome <> '{LEFT_OUT}'"),
        *(_sum(outcome, f"outcome = '{outcome}'") for outcome in ("linked", "clerical_review", "unlinked")),
    ]
    grouping = "group by all order by all" if by else ""
    return _query(counted, f"select {', '.join([*by, *figures])} from counted {grouping}")


def breakdown(counted: pa.Table, by: Sequence[str], outcomes: Sequence[str]) -> pa.Table:
    """The records of `outcomes` by the columns `by`: those columns and `records`, the largest first."""
    wanted = ", ".join(f"'{outcome}'" for outcome in outcomes)
    return _query(
        counted,
        f"select {', '.join(by)}, {_sum('records', 'true')} from counted where outcome in ({wanted}) "
        f"group by {', '.join(by)} order by records desc, {', '.join(by)}",
    )


def write_rates(out: Path, counted: pa.Table) -> Path:
    """Write `rates.csv` into the folder `out`: a line per kind, province, level and grade-12 cohort.

    Each line has all of `TOTALS`, the link rate in per cent, and one column for each reason of leaving out,
    pass that linked, and reason of staying open that occurs anywhere in the table.
    """
    lines = totals(counted, CELL).to_pylist()
    details = _details(counted)
    names = province_names()
    header = [*CELL, "province_name", *TOTALS, "link_rate_percent", *details]
    return write_csv(
        out / "rates.csv", header, (_line(line, details, names.of_2025(line["province"])) for line in lines)
    )


def _details(counted: pa.Table) -> dict[str, dict[tuple[object, ...], int]]:
    """Column of rates.csv → cell → records."""
    columns: dict[str, dict[tuple[object, ...], int]] = {}
    for outcome, detail in (
        (LEFT_OUT, "reason"),
        ("linked", "decided_by"),
        ("clerical_review", "reason"),
        ("unlinked", "reason"),
    ):
        for row in breakdown(counted, [*CELL, detail], [outcome]).to_pylist():
            column = columns.setdefault(f"{outcome}:{row[detail]}", {})
            column[tuple(row[name] for name in CELL)] = row["records"]
    return dict(sorted(columns.items(), key=lambda column: column[0]))


def _line(
    line: dict[str, object], details: dict[str, dict[tuple[object, ...], int]], province: str
) -> list[str]:
    cell = tuple(line[name] for name in CELL)
    about = [_text(line[name]) for name in CELL]
    share = _percent(line["linked"], line["in_scope"])
    return [
        *about,
        province,
        *(str(line[name]) for name in TOTALS),
        share,
        *(str(column.get(cell, 0)) for column in details.values()),
    ]


def _text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _percent(part: object, whole: object) -> str:
    return f"{100 * part / whole:.2f}" if isinstance(part, int) and isinstance(whole, int) and whole else ""


def _sum(name: str, condition: str) -> str:
    return f"coalesce(sum(records) filter (where {condition}), 0)::bigint as {name}"


def _query(counted: pa.Table, sql: str) -> pa.Table:
    with duckdb.connect() as con:
        con.register("counted", counted)
        return con.sql(sql).to_arrow_table()
