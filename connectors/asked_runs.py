"""Runs of one province that somebody asked for on the review page: asked once, run one at a time, told of until they end.

Each is a process of its own, which says here how far it is. One that falls silent counts as broken off, whatever became of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from connectors.database import insert_if_absent, reading, rows_written, writing
from connectors.education_tables import moment, sync_metadata, text_column
from connectors.locks import SILENCE


class AskedState(StrEnum):
    """How far a run is, or how it ended."""

    WAITING = "waiting"
    """Another one is under way."""
    RUNNING = "running"
    DONE = "done"
    GATE = "gate"
    HELD = "held"
    """A run by schedule or command line holds the province."""
    FAILED = "failed"
    REGISTRY = "registry"
    INTERRUPTED = "interrupted"
    BROKEN = "broken"
    """Nobody foresaw it, or its process is gone."""


asked_runs = sa.Table(
    "asked_runs",
    sync_metadata,
    sa.Column(
        "number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    ),
    text_column("province"),
    sa.Column("dry_run", sa.Boolean, nullable=False),
    text_column("asked_by"),
    text_column("asked_at"),
    text_column("state"),
    text_column("run", needed=False),
    text_column("progress", needed=False),
    text_column("seen_at"),
    text_column("stop_asked_at", needed=False),
    text_column("ended_at", needed=False),
    text_column("written", needed=False),
    text_column("message", needed=False),
)
"""Runs asked for on the review page; `progress` and `written` as JSON, `seen_at` the last sign of life."""

# one at a time of each province, whoever asks and however often a form is sent
sa.Index(
    "asked_runs_under_way",
    asked_runs.c.province,
    unique=True,
    sqlite_where=asked_runs.c.ended_at.is_(None),
    postgresql_where=asked_runs.c.ended_at.is_(None),
)
_asked = asked_runs.c


@dataclass(frozen=True)
class Headway:
    """How far a run is: stages, and inside the present one so many of so many."""

    steps: int = 0
    done: int = 0
    kind: str = ""
    stage: str = ""
    counted: int = 0
    total: int = 0


@dataclass(frozen=True)
class AskedRun:
    """One of them."""

    number: int
    province: str
    dry_run: bool
    asked_by: str
    asked_at: str
    state: AskedState
    run: str | None
    headway: Headway
    stopping: bool
    ended_at: str | None
    written: Mapping[str, int] = field(default_factory=dict)
    message: str = ""

    @property
    def under_way(self) -> bool:
        """Whether it has not ended."""
        return self.ended_at is None


def ask(engine: sa.Engine, province: str, username: str, now: datetime, *, dry_run: bool) -> tuple[int, bool]:
    """Note that somebody wants a run of a province.

    Returns:
        Its number, and whether it is new: where one of the province is under way, that one is meant.
    """
    row = {
        "province": province, "dry_run": dry_run, "asked_by": username, "asked_at": moment(now),
        "state": str(AskedState.WAITING), "seen_at": moment(now),
    }  # fmt: skip
    with writing(engine) as connection:
        close_silent(connection, now)
        new = rows_written(connection, insert_if_absent(connection, asked_runs).values(row)) == 1
        under_way = sa.and_(_asked.province == province, _asked.ended_at.is_(None))
        return int(connection.execute(sa.select(_asked.number).where(under_way)).scalar_one()), new


def close_silent(connection: sa.Connection, now: datetime) -> None:
    """Whose process gave no sign of life for too long has ended."""
    silent = sa.and_(_asked.ended_at.is_(None), _asked.seen_at < moment(now - SILENCE))
    gone = {"state": str(AskedState.BROKEN), "ended_at": moment(now)}
    connection.execute(asked_runs.update().where(silent).values(gone))


def take_turn(engine: sa.Engine, number: int, run: str, now: datetime) -> bool:
    """Begin where no other one is under way, and none that was asked for before still waits.

    Args:
        engine: The education database.
        number: Which.
        run: The name it will run by.
        now: When.
    """
    with writing(engine) as connection:
        close_silent(connection, now)
        first = sa.select(sa.func.min(_asked.number)).where(_asked.ended_at.is_(None)).scalar_subquery()
        begun = asked_runs.update().where(_asked.number == number, _asked.number == first)
        values = {"state": str(AskedState.RUNNING), "run": run, "seen_at": moment(now)}
        return rows_written(connection, begun.values(values)) == 1


def note_headway(engine: sa.Engine, number: int, headway: Headway, now: datetime) -> bool:
    """Give a sign of life, and say how far the run is.

    Returns:
        Whether somebody wants it to stop.
    """
    told = {"progress": json.dumps(vars(headway)), "seen_at": moment(now)}
    this = sa.and_(_asked.number == number, _asked.ended_at.is_(None))
    with writing(engine) as connection:
        connection.execute(asked_runs.update().where(this).values(told))
        return connection.scalar(sa.select(_asked.stop_asked_at).where(this)) is not None


def end_asked(
    engine: sa.Engine,
    number: int,
    state: AskedState,
    now: datetime,
    written: Mapping[str, int] | None = None,
    message: str = "",
) -> None:
    """Note how it ended; what was noted before stays.

    Args:
        engine: The education database.
        number: Which.
        state: How.
        now: When.
        written: Counts of what was written, or would be.
        message: What happened and what to do, without names, birth dates or numbers of people.
    """
    values = {
        "state": str(state), "ended_at": moment(now), "message": message, "written": json.dumps(dict(written or {})),
    }  # fmt: skip
    with writing(engine) as connection:
        this = sa.and_(_asked.number == number, _asked.ended_at.is_(None))
        connection.execute(asked_runs.update().where(this).values(values))


def ask_to_stop(engine: sa.Engine, number: int, now: datetime) -> None:
    """Have a run end at the next moment at which it can be resumed."""
    this = sa.and_(_asked.number == number, _asked.ended_at.is_(None))
    with writing(engine) as connection:
        connection.execute(asked_runs.update().where(this).values(stop_asked_at=moment(now)))


def asked_run(engine: sa.Engine, number: int, provinces: frozenset[str] | None = None) -> AskedRun | None:
    """One of them, within some provinces (None for all)."""
    found = _read(engine, provinces, _asked.number == number, 1)
    return found[0] if found else None


def last_asked(engine: sa.Engine, provinces: frozenset[str] | None, limit: int) -> list[AskedRun]:
    """The last ones within some provinces (None for all), the latest first."""
    return _read(engine, provinces, sa.true(), limit)


def _read(
    engine: sa.Engine, provinces: frozenset[str] | None, which: sa.ColumnElement[bool], limit: int
) -> list[AskedRun]:
    within = sa.true() if provinces is None else _asked.province.in_(sorted(provinces))
    query = sa.select(asked_runs).where(which, within).order_by(_asked.number.desc()).limit(limit)
    with reading(engine) as connection:
        return [_asked_run(row) for row in connection.execute(query)]


def _asked_run(row: sa.Row[Any]) -> AskedRun:
    return AskedRun(
        number=row.number,
        province=row.province,
        dry_run=row.dry_run,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        state=AskedState(row.state),
        run=row.run,
        headway=Headway(**json.loads(row.progress)) if row.progress else Headway(),
        stopping=row.stop_asked_at is not None,
        ended_at=row.ended_at,
        written=json.loads(row.written) if row.written else {},
        message=row.message or "",
    )
