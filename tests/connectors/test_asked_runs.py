"""Runs that somebody asked for: once, one at a time, and none that is gone keeps the others waiting."""

import threading
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from connectors.asked_runs import (
    AskedState,
    Headway,
    ask,
    ask_to_stop,
    asked_run,
    end_asked,
    last_asked,
    note_headway,
    take_turn,
)
from connectors.locks import SILENCE

Clock = Callable[[float], datetime]
TOO_LONG = SILENCE.total_seconds() + 1


def test_a_province_is_asked_for_once_however_many_ask(engine: sa.Engine, at: Clock) -> None:
    answers = []

    def click() -> None:
        answers.append(ask(engine, "38", "son", at(0), dry_run=False))

    clicks = [threading.Thread(target=click) for _ in range(8)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert {number for number, _ in answers} == {answers[0][0]}
    assert [new for _, new in answers].count(True) == 1
    assert ask(engine, "48", "son", at(0), dry_run=True)[1]


def test_one_runs_at_a_time_in_the_order_of_asking(engine: sa.Engine, at: Clock) -> None:
    first, second = (ask(engine, code, "son", at(0), dry_run=False)[0] for code in ("38", "48"))
    assert not take_turn(engine, second, "run-2", at(1))
    assert take_turn(engine, first, "run-1", at(1))
    assert not take_turn(engine, second, "run-2", at(2))
    end_asked(engine, first, AskedState.DONE, at(3), {"added": 2})
    assert take_turn(engine, second, "run-2", at(4))
    done, under_way = asked_run(engine, first), asked_run(engine, second)
    assert done is not None
    assert under_way is not None
    assert (done.state, done.written, done.under_way) == (AskedState.DONE, {"added": 2}, False)
    assert (under_way.state, under_way.run, under_way.under_way) == (AskedState.RUNNING, "run-2", True)


def test_whoever_is_silent_too_long_is_gone_and_keeps_nobody_waiting(engine: sa.Engine, at: Clock) -> None:
    first, second = (ask(engine, code, "son", at(0), dry_run=False)[0] for code in ("38", "48"))
    take_turn(engine, first, "run-1", at(0))
    note_headway(engine, second, Headway(), at(100))
    assert not take_turn(engine, second, "run-2", at(100))
    assert take_turn(engine, second, "run-2", at(TOO_LONG))
    gone = asked_run(engine, first)
    assert gone is not None
    assert gone.state == AskedState.BROKEN
    assert ask(engine, "38", "son", at(TOO_LONG), dry_run=False) == (second + 1, True)


def test_what_has_ended_stays_as_it_ended(engine: sa.Engine, at: Clock) -> None:
    number, _ = ask(engine, "38", "son", at(0), dry_run=True)
    assert not note_headway(engine, number, Headway(20, 3, "student", "link", 5, 9), at(1))
    ask_to_stop(engine, number, at(2))
    assert note_headway(engine, number, Headway(20, 4), at(3))
    end_asked(engine, number, AskedState.INTERRUPTED, at(4), message="stopped")
    end_asked(engine, number, AskedState.DONE, at(5))
    note_headway(engine, number, Headway(20, 20), at(6))
    found = asked_run(engine, number)
    assert found is not None
    assert (found.state, found.message, found.headway.done) == (AskedState.INTERRUPTED, "stopped", 4)


def test_runs_of_other_provinces_are_not_there(engine: sa.Engine, at: Clock) -> None:
    here, there = (ask(engine, code, "son", at(0), dry_run=False)[0] for code in ("38", "48"))
    assert asked_run(engine, there, frozenset({"38"})) is None
    assert [one.number for one in last_asked(engine, frozenset({"38"}), 9)] == [here]
    assert [one.number for one in last_asked(engine, None, 9)] == [there, here]
