"""Who holds a province: one run at a time, seen to be alive by its heartbeat.

A row in the database, the same on SQLite and PostgreSQL: it outlives a broken connection, names its owner, and lapses
by itself when the owner has been silent for too long. The write-back looks at it again inside its own transaction, so
that a run which slept through its lapse writes nothing.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

import sqlalchemy as sa

from connectors.database import insert_if_absent, rows_written, writing
from connectors.education_tables import moment, province_locks
from connectors.errors import DatabaseProblem, ProvinceLocked

SILENCE = timedelta(seconds=120)
"""An owner that was silent for longer has lost its hold."""
BEAT = timedelta(seconds=30)
"""How often an owner gives a sign of life."""


def acquire(engine: sa.Engine, province: str, owner: str, now: datetime) -> None:
    """Take a province, or give a sign of life where the owner has it already.

    Raises:
        ProvinceLocked: Another owner holds it and is alive.
    """
    with writing(engine) as connection:
        take(connection, province, owner, now)


def release(engine: sa.Engine, province: str, owner: str) -> None:
    """Let a province go; nothing happens where another owner has it by now."""
    with writing(engine) as connection:
        let_go(connection, province, owner)


def take(connection: sa.Connection, province: str, owner: str, now: datetime) -> bool:
    """Take or refresh the lock inside a transaction.

    Returns:
        Whether the owner had it before.

    Raises:
        ProvinceLocked: Another owner holds it and is alive.
    """
    row = _insert_or_lock(connection, province, owner, now)
    if row is None:
        return False
    if row.owner != owner and row.heartbeat_at > moment(now - SILENCE):
        raise ProvinceLocked(province, row.owner, row.heartbeat_at)
    connection.execute(
        province_locks.update()
        .where(province_locks.c.province == province)
        .values(owner=owner, heartbeat_at=moment(now))
    )
    return bool(row.owner == owner)


def _insert_or_lock(
    connection: sa.Connection, province: str, owner: str, now: datetime
) -> sa.Row[tuple[str, str]] | None:
    """None when the province was free and is ours now, else its row, locked until the transaction ends."""
    ours = {"province": province, "owner": owner, "heartbeat_at": moment(now)}
    if rows_written(connection, insert_if_absent(connection, province_locks).values(ours)):
        return None
    found = sa.select(province_locks.c.owner, province_locks.c.heartbeat_at)
    return connection.execute(found.where(province_locks.c.province == province).with_for_update()).one()


def let_go(connection: sa.Connection, province: str, owner: str) -> None:
    """Delete the owner's lock inside a transaction."""
    held = sa.and_(province_locks.c.province == province, province_locks.c.owner == owner)
    connection.execute(province_locks.delete().where(held))


@contextmanager
def province_lock(
    engine: sa.Engine, province: str, owner: str, clock: Callable[[], datetime], beat: timedelta = BEAT
) -> Iterator[threading.Event]:
    """Hold a province while the body runs, giving signs of life from a thread of its own.

    Args:
        engine: The education database.
        province: Its code.
        owner: A name that no other run uses; a resumed run that uses its old name gets its hold back at once.
        clock: What time it is.
        beat: How often to give a sign of life.

    Yields:
        An event that is set when the hold was lost to another owner; the write-back refuses then in any case.

    Raises:
        ProvinceLocked: Another owner holds it and is alive.
    """
    acquire(engine, province, owner, clock())
    ended, lost = threading.Event(), threading.Event()

    def keep() -> None:
        while not ended.wait(beat.total_seconds()):
            try:
                acquire(engine, province, owner, clock())
            except ProvinceLocked:
                lost.set()
                return
            except DatabaseProblem:
                # busy or away for a moment; the next beat tries again, and silence lapses the hold
                continue

    thread = threading.Thread(target=keep, name=f"heartbeat {province}", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        ended.set()
        thread.join()
        # a database that went away must not hide why the body ended; the hold lapses by itself
        with suppress(DatabaseProblem):
            release(engine, province, owner)
