"""How old open records are: since which day, and how many runs have left them open."""

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from connectors.open_since import read_open_records, read_writing_runs
from reporting.verification import OPEN_SINCE

_AGES = """
with ordered as (
    select kind, run, count(*) over (partition by kind order by started_at desc, run desc) as runs from writing
)
select o.kind, o.record_id, o.open_since[:10]::date as open_since, coalesce(ordered.runs, 1) as runs
from open_records o left join ordered on ordered.kind = o.kind and ordered.run = o.open_since_run
"""


def open_since(engine: sa.Engine, province: str) -> pa.Table:
    """Since when the records of a province are open: `reporting.verification.OPEN_SINCE`.

    A run counts when it wrote the partition; days are those of UTC, in which moments are kept.
    """
    with duckdb.connect() as con:
        con.register("open_records", read_open_records(engine, province))
        con.register("writing", read_writing_runs(engine, province))
        return con.sql(_AGES).to_arrow_table().cast(OPEN_SINCE)
