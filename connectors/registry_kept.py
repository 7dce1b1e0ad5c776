"""What the registry told of linked people, kept in the sync's own tables: residences, what became of facts."""

import pyarrow as pa
import sqlalchemy as sa

from connectors.database import bulk_insert, reading, upsert, writing
from connectors.registry_tables import residences, sent_facts

RESIDENCES = pa.schema([pa.field(column.name, pa.string()) for column in residences.c])
"""The table `residences`."""
SENT_FACTS = pa.schema([pa.field(column.name, pa.string()) for column in sent_facts.c])
"""The table `sent_facts`."""


def keep_residences(engine: sa.Engine, rows: pa.Table) -> None:
    """Residences over those known before, record by record."""
    _keep(engine, residences, rows, ("kind", "record_id"))


def keep_sent(engine: sa.Engine, rows: pa.Table) -> None:
    """What was sent, over what was sent before."""
    _keep(engine, sent_facts, rows, ("kind", "record_id", "school_year"))


def sent(engine: sa.Engine, kind: str, school_year: str) -> pa.Table:
    """SENT_FACTS of a kind and school year, without those that were rejected: what stood in their way may be gone."""
    with reading(engine) as connection:
        if not sa.inspect(connection).has_table(sent_facts.name):
            return SENT_FACTS.empty_table()
        taken = sent_facts.c.outcome != "rejected"
        mine = sa.and_(sent_facts.c.kind == kind, sent_facts.c.school_year == school_year, taken)
        rows = connection.execute(sa.select(sent_facts).where(mine)).tuples().all()
    return pa.Table.from_pylist(
        [dict(zip(SENT_FACTS.names, row, strict=True)) for row in rows], schema=SENT_FACTS
    )


def _keep(engine: sa.Engine, table: sa.Table, rows: pa.Table, keys: tuple[str, ...]) -> None:
    columns = [sa.Column(column.name, column.type) for column in table.c]
    staged = sa.Table(f"fresh_{table.name}", sa.MetaData(), *columns, prefixes=["TEMPORARY"])
    with writing(engine) as connection:
        staged.create(connection)
        bulk_insert(connection, staged, rows)
        upsert(connection, table, staged, keys)
        staged.drop(connection)
