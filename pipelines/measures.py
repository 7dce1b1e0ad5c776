"""Counts of a run: of one partition for the database, of all its partitions for the report."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from connectors.education_tables import LINK_RATES as DATABASE_RATES
from connectors.run_measures import MEASURED
from reporting.facts import CALIBRATION, Measures, together
from reporting.former_provinces import FORMER_RATES
from reporting.open_records import REJECT_COUNTS, SCHOOLS_OPEN
from reporting.quality import QUALITY
from reporting.rates import LINK_RATES, rates
from reporting.verification import PROGRESS, STATE_COUNTS

_TABLES = {
    "rates": LINK_RATES,
    "quality": QUALITY,
    "schools": SCHOOLS_OPEN,
    "reject_counts": REJECT_COUNTS,
    "former_rates": FORMER_RATES,
    "state_counts": STATE_COUNTS,
    "progress": PROGRESS,
}

_TO_DATABASE = """
    select level, case when grade_12 then '12' end as grade,
           (coalesce(sum(records) filter (outcome <> 'left_out'), 0))::bigint as in_scope,
           (coalesce(sum(records) filter (outcome = 'linked'), 0))::bigint as linked,
           (coalesce(sum(records) filter (outcome = 'clerical_review'), 0))::bigint as clerical_review,
           (coalesce(sum(records) filter (outcome = 'unlinked'), 0))::bigint as unlinked,
           (coalesce(sum(records) filter (outcome = 'left_out'), 0))::bigint as left_out,
           cast(to_json(map_from_entries(list((reason, records) order by reason) filter (outcome = 'left_out')))
                as varchar) as left_out_reasons
    from (select level, grade_12, outcome, case when outcome = 'left_out' then reason end as reason,
                 sum(records)::bigint as records from counted group by all)
    group by all order by level, grade
"""

_MEASURED = """
    select kind, province, cohort, 'state.' || state as measure, sum(records)::bigint as records from states group by all
    union all
    select kind, province, cohort, 'collected', sum(records)::bigint from states where collected group by all
    union all
    select kind, province, cohort, 'overdue', sum(records)::bigint from states where overdue group by all
    union all
    select kind, province, cohort, 'lies_with.' || lies_with, sum(records)::bigint
    from states where lies_with is not null group by all
    union all
    select kind, province, case when grade_12 then 'grade_12' end, 'reason.' || reason, sum(records)::bigint
    from rates where outcome in ('clerical_review', 'unlinked') group by all
    union all
    select kind, province, null, 'quality.' || word, sum(records)::bigint
    from (unpivot quality on in_scope, compared, correct, complete, clean, live into name word value records) group by all
"""

_FROM_DATABASE = """
    select kind, province, level, grade is not null as grade_12, outcome, null::varchar as reason,
           null::varchar as decided_by, records
    from (unpivot earlier on linked, clerical_review, unlinked, left_out into name outcome value records)
    where records > 0
"""


def rates_of(decisions: pa.Table, records: pa.Table) -> pa.Table:
    """Link rates (`reporting.rates.LINK_RATES`) of one partition.

    Raises:
        CountsDisagreeError: Decisions and records don't belong together.
    """
    return rates(decisions, records)


def database_rates(counted: pa.Table) -> pa.Table:
    """`reporting.rates.LINK_RATES` of one partition as the database keeps them: a row per level and grade."""
    with duckdb.connect() as con:
        con.register("counted", counted)
        return con.sql(_TO_DATABASE).to_arrow_table().select(DATABASE_RATES.names).cast(DATABASE_RATES)


def report_rates(earlier: pa.Table) -> pa.Table:
    """What the database keeps of a run's rates (`connectors.runs.read_rates`) as `reporting.rates.LINK_RATES`."""
    with duckdb.connect() as con:
        con.register("earlier", earlier)
        return con.sql(_FROM_DATABASE).to_arrow_table().cast(LINK_RATES)


def measured(measures: Measures) -> pa.Table:
    """What the database keeps beside the rates, for the months to be compared: `connectors.run_measures.MEASURED`."""
    with duckdb.connect() as con:
        for name in ("states", "rates", "quality"):
            con.register(name, getattr(measures, name))
        return con.sql(_MEASURED).to_arrow_table().cast(MEASURED)


def as_tables(measures: Measures) -> dict[str, pa.Table]:
    """Measures as tables that a checkpoint can keep."""
    found = [getattr(measures, one.name) for one in fields(Measures)]
    return dict(zip(_TABLES, found, strict=True))


def from_tables(tables: Mapping[str, pa.Table]) -> Measures:
    """Measures as they were kept."""
    return Measures(*[tables[name] for name in _TABLES])


MEASURE_TABLES = tuple(_TABLES)
"""Names of the tables that `as_tables` makes."""


def all_measures(parts: Sequence[Measures]) -> Measures:
    """The measures of several provinces as one; counts of rejects are added up."""
    whole = together(parts)
    with duckdb.connect() as con:
        con.register("counted", whole.rejects)
        added = con.sql(
            'select "table", "column", reason, sum(rejected)::bigint as rejected from counted group by all '
            'order by rejected desc, "table", "column", reason'
        ).to_arrow_table()
    return replace(whole, rejects=added.cast(REJECT_COUNTS))


def calibration(bins: Sequence[Sequence[Any]]) -> pa.Table | None:
    """Reliability of several partitions as `CALIBRATION`: bins of the same bounds together; None without any."""
    if not bins:
        return None
    columns = [pa.array(column) for column in zip(*bins, strict=True)]
    with duckdb.connect() as con:
        con.register("bins", pa.table(columns, names=CALIBRATION.names))
        query = """
            select bin_low, bin_high, sum(pairs)::bigint as pairs, sum(stated * pairs) / sum(pairs) as stated,
                   sum(observed * pairs) / sum(pairs) as observed
            from bins group by bin_low, bin_high order by bin_low
        """
        return con.sql(query).to_arrow_table().cast(CALIBRATION)


def folder_of_lists(reports: Path) -> Path:
    """Where a run's lists of open records lie."""
    return reports / "unmatched"
