"""Where a run says other than what stands in the database, and what stands was kept."""

from collections.abc import Sequence

import pyarrow as pa
import sqlalchemy as sa

from connectors.database import reading
from connectors.education_tables import link_conflicts

_NAMES = [column.name for column in link_conflicts.c if column.name != "put_by"]

CONFLICTS = pa.schema([pa.field(name, pa.string()) for name in _NAMES])
"""The table `link_conflicts` as Arrow."""


def read_conflicts(engine: sa.Engine, kinds: Sequence[str], provinces: Sequence[str]) -> pa.Table:
    """The conflicts of some partitions as they stand.

    Returns:
        `CONFLICTS`, by province, kind and record; IDs whole.
    """
    here = sa.and_(link_conflicts.c.kind.in_(kinds), link_conflicts.c.province.in_(provinces))
    order = [link_conflicts.c[name] for name in ("province", "kind", "record_id")]
    query = sa.select(*[link_conflicts.c[name] for name in _NAMES]).where(here).order_by(*order)
    with reading(engine) as connection:
        rows = connection.execute(query).mappings().all()
    return pa.Table.from_pylist([dict(row) for row in rows], schema=CONFLICTS)
