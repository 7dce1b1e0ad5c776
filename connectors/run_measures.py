"""What a run counted beside its link rates, kept in the education database: the months are compared from it.

A measure is a word of the report's (`state.differs`, `reason.name_differs`, `quality.complete`); here it is a word and a count.
"""

import pyarrow as pa
import sqlalchemy as sa

from connectors.database import bulk_insert, reading, writing
from connectors.education_tables import TEXT, sync_metadata

run_measures = sa.Table(
    "run_measures",
    sync_metadata,
    *[sa.Column(name, TEXT, nullable=False) for name in ("run", "kind", "province")],
    sa.Column("cohort", TEXT, nullable=True),
    sa.Column("measure", TEXT, nullable=False),
    sa.Column("records", sa.BigInteger, nullable=False),
)
"""Counts of a run by kind, province and cohort."""

sa.Index("run_measures_by_run", run_measures.c.run, run_measures.c.province)

MEASURED = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("province", pa.string()),
        pa.field(
            "cohort", pa.string()
        ),  # of students (reporting.verification.Cohort); null where it does not matter
        pa.field("measure", pa.string()),
        pa.field("records", pa.int64()),
    ]
)
"""The counts of a run as they are handed over and read back."""


def keep_measures(engine: sa.Engine, run: str, province: str, counted: pa.Table) -> None:
    """Keep what a run counted in a province, in place of what it counted there before.

    Args:
        engine: The education database, its sync tables made.
        run: The run.
        province: The partition's province; rows of the table may name another where a school's is wrong.
        counted: `MEASURED`.
    """
    rows = counted.set_column(
        counted.schema.get_field_index("province"),
        "province",
        pa.repeat(pa.scalar(province, pa.string()), len(counted)),
    )
    rows = rows.append_column("run", pa.repeat(pa.scalar(run, pa.string()), len(rows)))
    here = sa.and_(run_measures.c.run == run, run_measures.c.province == province)
    with writing(engine) as connection:
        connection.execute(run_measures.delete().where(here))
        bulk_insert(connection, run_measures, rows)


def read_measures(engine: sa.Engine, run: str) -> pa.Table:
    """What a run counted: `MEASURED`; empty for runs from before it was kept."""
    columns = [run_measures.c[name] for name in MEASURED.names]
    with reading(engine) as connection:
        if not sa.inspect(connection).has_table(run_measures.name):
            return MEASURED.empty_table()
        rows = connection.execute(sa.select(*columns).where(run_measures.c.run == run)).tuples().all()
    return pa.Table.from_pylist(
        [dict(zip(MEASURED.names, row, strict=True)) for row in rows], schema=MEASURED
    )
