"""Write a partition's decisions back: one transaction, only what differs, a checkpoint at its end.

A run that is killed anywhere leaves the partition as it was or as it should be. The same partition of the same run
written again writes nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from connectors.audit import Action as Told
from connectors.audit import Auditor, Event, add, keyed
from connectors.database import bulk_insert, shown, tell_sizes, writing
from connectors.education_tables import link_rates, links, moment, review_items, sync_partitions, sync_runs
from connectors.errors import RunRolledBack
from connectors.locks import let_go, take
from connectors.merge import Action, Merge
from connectors.staging import digest, rates_table, staged, staging_table

DONE = "done"
"""State of a run that is done, and of a partition that was written."""
MANY = 1_000
"""New links from which the database is told how large the tables have become."""
ROLLED_BACK = "rolled_back"
"""State of a run that was taken back, and of its partitions: they count as never written."""


@dataclass(frozen=True)
class Partition:
    """One kind in one province, as one run sees it."""

    run: str
    kind: str
    province: str
    complete: bool = True
    """Whether every record of the partition has a decision; else the others are left as they are."""
    repeats: bool = False
    """Whether the decisions repeat some of earlier runs; what a person decided there outranks nothing any more."""
    noted: Mapping[str, Any] = field(default_factory=dict)
    """What else the audit is told: gates that were accepted, say; no record and no person."""

    @property
    def repeating(self) -> str | None:
        """The run, where decisions of other runs are only repeated."""
        return self.run if self.repeats else None


@dataclass(frozen=True)
class WriteCounts:
    """What writing a partition did to its links, in records."""

    added: int = 0
    changed: int = 0
    """Another personal ID than before: an alarm, each of them."""
    unchanged: int = 0
    """The same personal ID, whatever the reason."""
    kept: int = 0
    """Not found again; the link stays and stands in the conflicts."""
    conflicts: int = 0
    """Confirmed by a person, and another ID was found; the link stays and stands in the conflicts."""
    renewed: int = 0
    """Of the unchanged, those that rest on another reason or pass now."""
    unasked: int = 0
    """The registry could not be asked; the link stays, and nothing is reported of it."""
    ended: int = 0
    """Taken back by a person."""


def write_counts(found: dict[Action, int]) -> WriteCounts:
    """Actions counted as what they do to links."""
    return WriteCounts(
        added=found[Action.ADD],
        changed=found[Action.CHANGE],
        unchanged=found[Action.SAME] + found[Action.RENEW],
        kept=found[Action.KEEP],
        conflicts=found[Action.CONFLICT],
        renewed=found[Action.RENEW],
        unasked=found[Action.UNASKED],
        ended=found[Action.END],
    )


def write_partition(
    engine: sa.Engine,
    partition: Partition,
    decisions: pa.Table,
    candidates: pa.Table,
    rates: pa.Table,
    *,
    owner: str,
    now: datetime,
    auditor: Auditor,
) -> WriteCounts:
    """Write one partition.

    Args:
        engine: The education database, its sync tables made.
        partition: What is written.
        decisions: `matching.schemas.DECISIONS`, at most one per record, all of the partition's kind; those with
            `decided_by` = `connectors.staging.DECIDED_BY_PERSON` outrank whatever is held.
        candidates: `matching.schemas.CANDIDATES`.
        rates: `connectors.education_tables.LINK_RATES`; absent columns count as 0.
        owner: Who holds the province; without a lock it is taken for the length of the transaction.
        now: The moment that the links hold from.
        auditor: Who writes it down; the entry stands in the same transaction.

    Returns:
        What was done, or had been done when this run wrote the same before.

    Raises:
        ProvinceLocked: Another owner holds the province; nothing was written.
        DecisionsRefused: The decisions contradict themselves; nothing was written.
        RunRolledBack: The run was taken back; nothing was written.
        DatabaseProblem: The database failed; nothing was written.
    """
    rows = staged(partition.kind, decisions, candidates, by_run=partition.repeating)
    counted = rates_table(rates)
    told = digest(rows, counted, f"{partition.kind} {partition.province} {partition.complete}")
    with writing(engine) as connection:
        before = _written_before(connection, partition, told)
        if before is not None:
            return before
        _refuse_rolled_back(connection, partition.run, shown(engine.url))
        held = take(connection, partition.province, owner, now)
        counts = _merge(connection, partition, rows, now)
        _write_rates(connection, partition, counted)
        _check_off(connection, partition, rows.num_rows, told, counts, now)
        if not held:
            let_go(connection, partition.province, owner)
        # last, since whoever adds to the audit makes others wait until the transaction ends
        told_of = {"rows": rows.num_rows, "content": keyed(auditor.key, told), "counts": asdict(counts)}
        event = Event(
            partition.run,
            Told.WRITTEN,
            {**partition.noted, **told_of},
            partition.kind,
            partition.province,
        )
        add(connection, auditor, event, now)
    if counts.added >= MANY:
        tell_sizes(engine, links, review_items)
    return counts


def staged_merge(connection: sa.Connection, partition: Partition, rows: pa.Table, now: datetime) -> Merge:
    """The merge of staged decisions (`connectors.staging.STAGED`), in a transaction that may be left without writing."""
    table = staging_table()
    table.create(connection)
    bulk_insert(connection, table, rows)
    if connection.dialect.name == "postgresql":
        # nobody else tells the planner how large a temporary table is
        connection.exec_driver_sql("SET LOCAL default_statistics_target = 1")
        connection.exec_driver_sql(f"ANALYZE {table.name}")
    return Merge(
        connection, table, partition.run, partition.kind, partition.province, moment(now), partition.complete
    )


def _merge(connection: sa.Connection, partition: Partition, rows: pa.Table, now: datetime) -> WriteCounts:
    merge = staged_merge(connection, partition, rows, now)
    planned = merge.plan()
    counts = write_counts(merge.counts(planned))
    merge.list_conflicts(planned)
    merge.end_links(planned)
    merge.begin_links(planned)
    merge.move_links(planned)
    merge.list_open(planned)
    planned.drop(connection)
    merge.staged.drop(connection)
    return counts


def _of(table: sa.Table, partition: Partition) -> sa.ColumnElement[bool]:
    return sa.and_(
        table.c.run == partition.run, table.c.kind == partition.kind, table.c.province == partition.province
    )


def _written_before(connection: sa.Connection, partition: Partition, told: str) -> WriteCounts | None:
    """What this run did here when it was told the same before; None when it wasn't."""
    done = sa.and_(
        _of(sync_partitions, partition), sync_partitions.c.state == DONE, sync_partitions.c.digest == told
    )
    counts = connection.scalar(sa.select(sync_partitions.c.counts).where(done))
    return None if counts is None else WriteCounts(**json.loads(counts))


def _refuse_rolled_back(connection: sa.Connection, run: str, database: str) -> None:
    state = connection.scalar(sa.select(sync_runs.c.state).where(sync_runs.c.run == run))
    if state == ROLLED_BACK:
        raise RunRolledBack(database, run)


def _write_rates(connection: sa.Connection, partition: Partition, rates: pa.Table) -> None:
    connection.execute(link_rates.delete().where(_of(link_rates, partition)))
    facts = {"run": partition.run, "kind": partition.kind, "province": partition.province}
    for name, value in facts.items():
        rates = rates.append_column(name, pa.repeat(pa.scalar(value, pa.string()), rates.num_rows))
    bulk_insert(connection, link_rates, rates)


def _check_off(
    connection: sa.Connection, partition: Partition, rows: int, told: str, counts: WriteCounts, now: datetime
) -> None:
    connection.execute(sync_partitions.delete().where(_of(sync_partitions, partition)))
    facts = {"run": partition.run, "kind": partition.kind, "province": partition.province, "state": DONE}
    facts |= {"digest": told, "counts": json.dumps(asdict(counts)), "finished_at": moment(now)}
    connection.execute(sync_partitions.insert().values(**facts, rows=rows))
