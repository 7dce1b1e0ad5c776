"""Since when records are open, as the education database knows it."""

import pyarrow as pa
import sqlalchemy as sa

from connectors.database import reading
from connectors.education_tables import review_items, sync_partitions, sync_runs
from connectors.writeback import DONE

OPEN_RECORDS = pa.schema(
    [pa.field(name, pa.string()) for name in ("kind", "record_id", "open_since_run", "open_since")]
)
"""Open records, each with the first run that left it open and its moment (ISO 8601)."""

WRITING_RUNS = pa.schema([pa.field(name, pa.string()) for name in ("kind", "run", "started_at")])
"""Runs that wrote a partition of a province."""


def read_open_records(engine: sa.Engine, province: str) -> pa.Table:
    """The open records of a province: `OPEN_RECORDS`."""
    columns = [review_items.c[name] for name in OPEN_RECORDS.names]
    return _read(engine, sa.select(*columns).where(review_items.c.province == province), OPEN_RECORDS)


def read_writing_runs(engine: sa.Engine, province: str) -> pa.Table:
    """The runs that wrote something in a province: `WRITING_RUNS`."""
    joined = sync_partitions.join(sync_runs, sync_runs.c.run == sync_partitions.c.run)
    here = sa.and_(sync_partitions.c.province == province, sync_partitions.c.state == DONE)
    columns = (sync_partitions.c.kind, sync_partitions.c.run, sync_runs.c.started_at)
    return _read(engine, sa.select(*columns).select_from(joined).where(here), WRITING_RUNS)


def _read(engine: sa.Engine, query: sa.Select[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    """Nothing where the sync's tables are not made yet."""
    with reading(engine) as connection:
        if not sa.inspect(connection).has_table(review_items.name):
            return schema.empty_table()
        rows = connection.execute(query).tuples().all()
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)
