"""What the database knows of earlier runs: it, not Prefect, says what is done."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from connectors.database import reading
from connectors.education_tables import link_conflicts, link_rates, links, sync_partitions, sync_runs
from connectors.schema import is_prepared
from connectors.writeback import DONE
from matching.schemas import SCHOOLS

STATES_TO_RESUME = ("running", "interrupted", "registry", "failed", "held")
"""States of runs that can be taken up again."""


@dataclass(frozen=True)
class LastRun:
    """The last run that wrote a partition."""

    run: str
    started_at: str
    in_scope: int
    linked: int

    @property
    def day(self) -> date:
        """The day it began, UTC: never after the day that clocks in Việt Nam showed."""
        return date.fromisoformat(self.started_at[:10])


@dataclass(frozen=True)
class RunLine:
    """One run, as a list of runs shows it."""

    run: str
    started_at: str
    ended_at: str | None
    state: str
    scope: dict[str, Any]
    counts: dict[str, Any]
    model: str | None

    @property
    def rollback_of(self) -> str | None:
        """The run that it took back; None for a run that linked."""
        return self.scope.get("rollback_of")


def last_run(engine: sa.Engine, kind: str, province: str, but: str) -> LastRun | None:
    """The last run, other than `but`, that wrote a partition, with what it counted there."""
    done = sa.select(sync_runs.c.run, sync_runs.c.started_at).join(
        sync_partitions, sync_partitions.c.run == sync_runs.c.run
    )
    here = sa.and_(
        sync_partitions.c.kind == kind,
        sync_partitions.c.province == province,
        sync_partitions.c.state == DONE,
        sync_runs.c.run != but,
    )
    if not is_prepared(engine):
        return None
    with reading(engine) as connection:
        row = connection.execute(done.where(here).order_by(sync_runs.c.started_at.desc()).limit(1)).first()
        if row is None:
            return None
        counted = sa.select(
            *[sa.func.coalesce(sa.func.sum(link_rates.c[name]), 0) for name in ("in_scope", "linked")]
        )
        of_run = sa.and_(
            link_rates.c.run == row.run, link_rates.c.kind == kind, link_rates.c.province == province
        )
        in_scope, linked = connection.execute(counted.where(of_run)).one()
    return LastRun(row.run, row.started_at, int(in_scope), int(linked))


def runs(engine: sa.Engine, limit: int = 20) -> list[RunLine]:
    """Runs, rollbacks among them, the last one first."""
    with reading(engine) as connection:
        rows = connection.execute(
            sa.select(sync_runs).order_by(sync_runs.c.started_at.desc()).limit(limit)
        ).all()
    return [_run_line(row) for row in rows]


def run_line(engine: sa.Engine, run: str) -> RunLine | None:
    """One run."""
    with reading(engine) as connection:
        row = connection.execute(sa.select(sync_runs).where(sync_runs.c.run == run)).first()
    return None if row is None else _run_line(row)


def _run_line(row: sa.Row[Any]) -> RunLine:
    facts = [json.loads(text) if text else {} for text in (row.scope, row.counts)]
    return RunLine(row.run, row.started_at, row.ended_at, row.state, facts[0], facts[1], row.model)


@dataclass(frozen=True)
class PartitionLine:
    """What became of one partition in a run."""

    kind: str
    province: str
    state: str
    rows: int
    counts: dict[str, int]
    message: str | None


def partitions(engine: sa.Engine, run: str) -> list[PartitionLine]:
    """The partitions that a run came to, by province."""
    columns = [sync_partitions.c[name] for name in ("kind", "province", "state", "rows", "counts", "message")]
    query = sa.select(*columns).where(sync_partitions.c.run == run).order_by(sync_partitions.c.province)
    with reading(engine) as connection:
        rows = connection.execute(query).tuples().all()
    return [
        PartitionLine(kind, province, state, count, json.loads(counts) if counts else {}, message)
        for kind, province, state, count, counts, message in rows
    ]


def conflicting_records(engine: sa.Engine, kind: str, province: str) -> pa.ChunkedArray:
    """IDs of records whose link stands although the last run would not make it."""
    here = sa.and_(link_conflicts.c.kind == kind, link_conflicts.c.province == province)
    with reading(engine) as connection:
        found = connection.scalars(sa.select(link_conflicts.c.record_id).where(here)).all()
    return pa.chunked_array([found], pa.string())


def held_links(engine: sa.Engine, kind: str, province: str) -> int:
    """How many links a partition has."""
    if not is_prepared(engine):
        return 0
    query = sa.select(sa.func.count()).where(links.c.kind == kind, links.c.province == province)
    with reading(engine) as connection:
        return int(connection.execute(query).scalar_one())


def read_schools(engine: sa.Engine, codes: Iterable[str]) -> pa.Table:
    """Schools (`matching.schemas.SCHOOLS`) of some provinces; absent columns are null."""
    with reading(engine) as connection:
        there = {column["name"] for column in sa.inspect(connection).get_columns("schools")}
        names = [name for name in SCHOOLS.names if name in there]
        table = sa.table("schools", *[sa.column(name) for name in names])
        chosen = [sa.cast(table.c[name], sa.Text) for name in names]
        rows = (
            connection.execute(sa.select(*chosen).where(table.c.province_code.in_(list(codes))))
            .tuples()
            .all()
        )
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return pa.Table.from_pylist(found, schema=SCHOOLS)
