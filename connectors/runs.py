"""Runs as the database knows them: begun, ended, how far they came, and taken back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from connectors.database import insert_if_absent, reading, rows_written, writing
from connectors.education_tables import (
    LINK_RATES,
    link_history,
    link_rates,
    links,
    moment,
    sync_partitions,
    sync_runs,
)
from connectors.writeback import DONE, Partition


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run when it begins."""

    run: str
    scope: Mapping[str, Any]
    """Kinds, provinces, changed since; no names of people."""
    model: str | None = None
    registry_as_of: str | None = None


@dataclass(frozen=True)
class RollbackCounts:
    """What taking a run back did, in links."""

    restored: int
    removed: int
    left: int
    """Ended by the run, and not restored: a later run changed them, or they were restored before."""


def begin_run(engine: sa.Engine, facts: RunFacts, now: datetime) -> None:
    """Note that a run begins; a run that is resumed keeps its first beginning."""
    row = {
        "run": facts.run,
        "started_at": moment(now),
        "state": "running",
        "scope": json.dumps(facts.scope, ensure_ascii=False, sort_keys=True),
        "model": facts.model,
        "registry_as_of": facts.registry_as_of,
    }
    again = {
        "state": "running",
        "ended_at": None,
        "model": facts.model,
        "registry_as_of": facts.registry_as_of,
    }
    with writing(engine) as connection:
        if not rows_written(connection, insert_if_absent(connection, sync_runs).values(row)):
            connection.execute(sync_runs.update().where(sync_runs.c.run == facts.run).values(again))


def end_run(engine: sa.Engine, run: str, state: str, counts: Mapping[str, Any], now: datetime) -> None:
    """Note how a run ended."""
    ended = {"state": state, "ended_at": moment(now), "counts": json.dumps(counts, sort_keys=True)}
    with writing(engine) as connection:
        connection.execute(sync_runs.update().where(sync_runs.c.run == run).values(ended))


def note_partition(engine: sa.Engine, partition: Partition, state: str, message: str, now: datetime) -> None:
    """Note why a partition was not written, for a gate, a failure or an interruption; never over a finished one.

    Args:
        engine: The education database.
        partition: Which one.
        state: One word, other than done.
        message: What happened and what to do, without names, birth dates or numbers of people.
        now: When.
    """
    key = {"run": partition.run, "kind": partition.kind, "province": partition.province}
    facts = {"state": state, "message": message, "finished_at": moment(now)}
    unfinished = sa.and_(
        *[sync_partitions.c[name] == value for name, value in key.items()], sync_partitions.c.state != DONE
    )
    with writing(engine) as connection:
        first = insert_if_absent(connection, sync_partitions).values(**key, **facts, rows=0)
        if not rows_written(connection, first):
            connection.execute(sync_partitions.update().where(unfinished).values(facts))


def partition_states(engine: sa.Engine, run: str) -> dict[tuple[str, str], str]:
    """(kind, province) → state, for every partition that the run came to."""
    rows = sa.select(sync_partitions.c.kind, sync_partitions.c.province, sync_partitions.c.state)
    with reading(engine) as connection:
        found = connection.execute(rows.where(sync_partitions.c.run == run)).tuples().all()
    return {(kind, province): state for kind, province, state in found}


def read_rates(engine: sa.Engine, run: str) -> pa.Table:
    """The counts of a run: `kind`, `province` and the columns of `LINK_RATES`."""
    names = ["kind", "province", *LINK_RATES.names]
    order = [link_rates.c[name] for name in names[:4]]
    query = sa.select(*[link_rates.c[name] for name in names]).where(link_rates.c.run == run).order_by(*order)
    with reading(engine) as connection:
        rows = connection.execute(query).tuples().all()
    schema = pa.schema([pa.field("kind", pa.string()), pa.field("province", pa.string()), *LINK_RATES])
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=schema)


def roll_back(engine: sa.Engine, run: str, as_run: str, now: datetime) -> RollbackCounts:
    """Take back what a run did to the links; a record whose link a later run changed again stays as that left it.

    Restored links are what they were, their own beginning included; what is taken back goes to the history as
    ended by `as_run`. Doing it twice does nothing the second time.
    """
    names = [column.name for column in links.c]
    made = links.c.run == run
    ended_by_run = sa.and_(link_history.c.ended_by == run, link_history.c.run != run)
    with writing(engine) as connection:
        taken = sa.select(*links.c, sa.literal(moment(now)), sa.literal(as_run)).where(made)
        connection.execute(link_history.insert().from_select([*names, "valid_to", "ended_by"], taken))
        removed = rows_written(connection, links.delete().where(made))
        ended = connection.execute(
            sa.select(sa.func.count()).select_from(link_history).where(ended_by_run)
        ).scalar_one()
        before = sa.select(*[link_history.c[name] for name in names]).where(
            ended_by_run, _still_last(run, as_run)
        )
        restored = rows_written(connection, links.insert().from_select(names, before))
    return RollbackCounts(restored, removed, ended - restored)


def _still_last(run: str, as_run: str) -> sa.ColumnElement[bool]:
    """Whether nothing but the run itself and its taking back touched the record after a row of the history."""
    later = link_history.alias("later")
    held = sa.and_(links.c.kind == link_history.c.kind, links.c.record_id == link_history.c.record_id)
    overtaken = sa.and_(
        later.c.kind == link_history.c.kind,
        later.c.record_id == link_history.c.record_id,
        later.c.entry > link_history.c.entry,
        later.c.ended_by.not_in([run, as_run]),
    )
    return sa.and_(
        ~sa.exists(sa.select(links.c.kind).where(held).correlate(link_history)),
        ~sa.exists(sa.select(later.c.entry).where(overtaken).correlate(link_history)),
    )
