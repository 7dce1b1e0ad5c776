"""What writing a partition would do to its links, record by record: who gains an ID, who loses one, whose becomes another."""

from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from connectors.database import by_key, reading
from connectors.education_tables import links
from connectors.merge import Action
from connectors.run_diff import Change
from connectors.staging import staged
from connectors.writeback import Partition, WriteCounts, staged_merge, write_counts

LINK_NEWS = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("change", pa.string(), nullable=False),
        pa.field("before_id", pa.string()),
        pa.field("before_reason", pa.string()),
        pa.field("before_by", pa.string()),
        pa.field("after_id", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("decided_by", pa.string()),
    ]
)
"""One record whose ID differs: `change` is one of `connectors.run_diff.Change`; IDs are whole, null where there is none."""

ACTIONS = {Change.CHANGED: Action.CHANGE, Change.LOST: Action.END, Change.GAINED: Action.ADD}
"""What happens to a link → what that is called; those to look at first stand first."""


def link_news(
    engine: sa.Engine, partition: Partition, decisions: pa.Table, candidates: pa.Table, limit: int
) -> tuple[WriteCounts, pa.Table]:
    """What `write_partition` would do, by the same rule on the same state; nothing is written.

    Args:
        engine: The education database, its sync tables made.
        partition: What would be written.
        decisions: `matching.schemas.DECISIONS`.
        candidates: `matching.schemas.CANDIDATES`.
        limit: So many records of each change at most, by record ID.

    Returns:
        The counts, and `LINK_NEWS`.

    Raises:
        DecisionsRefused: The decisions contradict themselves.
    """
    rows = staged(partition.kind, decisions, candidates, by_run=partition.repeating)
    # the clock is not asked: nothing that carries a moment is written
    never = datetime.fromisoformat("0001-01-01T00:00:00+00:00")
    with reading(engine) as connection:
        merge = staged_merge(connection, partition, rows, never)
        planned = merge.plan()
        counts = write_counts(merge.counts(planned))
        found = [
            _news(connection, partition.kind, planned, merge.staged, change, limit) for change in ACTIONS
        ]
    return counts, pa.concat_tables(found)


def _news(
    connection: sa.Connection, kind: str, planned: sa.Table, decided: sa.Table, change: Change, limit: int
) -> pa.Table:
    of_record = planned.c.record_id
    held = sa.and_(links.c.kind == kind, links.c.record_id == of_record)
    joined = planned.join(decided, decided.c.record_id == of_record).outerjoin(links, held)
    columns = [
        of_record,
        links.c.personal_id,
        links.c.reason,
        links.c.decided_by,
        *[decided.c[name] for name in ("personal_id", "reason", "decided_by")],
    ]
    query = sa.select(*columns).select_from(joined).where(planned.c.action == ACTIONS[change])
    with by_key(connection):
        rows = connection.execute(query.order_by(of_record).limit(limit)).tuples().all()
    cells = [dict(zip(LINK_NEWS.names, (row[0], str(change), *row[1:]), strict=True)) for row in rows]
    return pa.Table.from_pylist(cells, schema=LINK_NEWS)


def first_links(decisions: pa.Table, limit: int) -> pa.Table:
    """LINK_NEWS of a database that has no links yet: everybody linked gains an ID."""
    linked = decisions.filter(decisions["personal_id"].is_valid()).sort_by("record_id").slice(0, limit)
    columns = {
        "record_id": linked["record_id"],
        "change": pa.repeat(pa.scalar(str(Change.GAINED)), len(linked)),
        "after_id": linked["personal_id"],
        "reason": linked["reason"],
        "decided_by": linked["decided_by"],
    }
    absent = pa.nulls(len(linked), pa.string())
    return pa.table([columns.get(name, absent) for name in LINK_NEWS.names], schema=LINK_NEWS)
