"""Runs as the database knows them: begun, ended, how far they came."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from connectors.audit import Action, Auditor, Event, Head, add
from connectors.database import insert_if_absent, reading, rows_written, writing
from connectors.education_tables import (
    LINK_RATES,
    link_rates,
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


def begin_run(engine: sa.Engine, facts: RunFacts, now: datetime, auditor: Auditor) -> None:
    """Note that a run begins, and write it down; a run that is resumed keeps its first beginning."""
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
        add(connection, auditor, Event(facts.run, Action.RUN_BEGUN, {"scope": dict(facts.scope)}), now)


def end_run(
    engine: sa.Engine, run: str, state: str, counts: Mapping[str, Any], now: datetime, auditor: Auditor
) -> Head:
    """Note how a run ended, and write it down.

    Returns:
        How far the audit goes with it, to be kept outside of the database.
    """
    ended = {"state": state, "ended_at": moment(now), "counts": json.dumps(counts, sort_keys=True)}
    with writing(engine) as connection:
        connection.execute(sync_runs.update().where(sync_runs.c.run == run).values(ended))
        told = {"state": state, "written": counts.get("written", {})}
        return add(connection, auditor, Event(run, Action.RUN_ENDED, told), now)


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
