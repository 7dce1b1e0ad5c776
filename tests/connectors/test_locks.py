"""Who holds a province, and for how long."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from connectors.database import open_database, reading, writing
from connectors.education_tables import province_locks
from connectors.errors import ProvinceLocked
from connectors.locks import SILENCE, acquire, province_lock, release

Clock = Callable[[float], datetime]


def owners(engine: sa.Engine) -> dict[str, str]:
    with reading(engine) as connection:
        rows = connection.execute(sa.select(province_locks.c.province, province_locks.c.owner)).tuples()
        return dict(rows.all())


def test_a_province_has_one_owner_at_a_time(engine: sa.Engine, at: Clock) -> None:
    acquire(engine, "01", "us", at(0))
    acquire(engine, "79", "them", at(0))
    with pytest.raises(
        ProvinceLocked, match="province 01 is held by us, last heard of at 2026-11-21T20:00:00"
    ):
        acquire(engine, "01", "them", at(SILENCE.total_seconds() - 1))
    assert owners(engine) == {"01": "us", "79": "them"}


def test_a_sign_of_life_renews_the_hold_and_silence_ends_it(engine: sa.Engine, at: Clock) -> None:
    acquire(engine, "01", "us", at(0))
    acquire(engine, "01", "us", at(100))
    with pytest.raises(ProvinceLocked):
        acquire(engine, "01", "them", at(SILENCE.total_seconds() + 1))
    acquire(engine, "01", "them", at(100 + SILENCE.total_seconds()))
    assert owners(engine) == {"01": "them"}


def test_only_the_owner_lets_go(engine: sa.Engine, at: Clock) -> None:
    acquire(engine, "01", "us", at(0))
    release(engine, "01", "them")
    assert owners(engine) == {"01": "us"}
    release(engine, "01", "us")
    release(engine, "01", "us")
    assert owners(engine) == {}


def test_the_lock_is_let_go_whatever_happens_inside(engine: sa.Engine, at: Clock) -> None:
    def fail() -> None:
        with province_lock(engine, "01", "us", lambda: at(0)):
            assert owners(engine) == {"01": "us"}
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert owners(engine) == {}


def test_the_heartbeat_goes_on_by_itself(engine: sa.Engine, at: Clock) -> None:
    beats, enough = [], threading.Event()

    def clock() -> datetime:
        beats.append(at(len(beats)))
        if len(beats) > 3:
            enough.set()
        return beats[-1]

    with province_lock(engine, "01", "us", clock, beat=timedelta(milliseconds=1)) as lost:
        assert enough.wait(30)
        assert not lost.is_set()


def test_a_hold_that_was_lost_is_told_and_not_taken_back(engine: sa.Engine, at: Clock) -> None:
    with province_lock(engine, "01", "us", lambda: at(0), beat=timedelta(milliseconds=1)) as lost:
        with writing(engine) as connection:
            connection.execute(province_locks.update().values(owner="them"))
        assert lost.wait(30)
    assert owners(engine) == {"01": "them"}


def test_of_many_that_ask_at_once_one_gets_it(engine: sa.Engine, database_url: str, at: Clock) -> None:
    engines = [open_database(database_url) for _ in range(4)]
    got, gate = [], threading.Barrier(4)

    def ask(number: int) -> None:
        gate.wait()
        try:
            acquire(engines[number], "01", f"run {number}", at(0))
        except ProvinceLocked:
            return
        got.append(f"run {number}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in engines:
        one.dispose()
    assert [owners(engine)["01"]] == got
