"""Scheduled turns without a server: what is tried again, what is made up for, what is skipped, who is told."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest

from connectors.database import open_database, writing
from connectors.education_tables import moment, sync_runs
from connectors.errors import DatabaseUnreachable, ProvinceLocked, RegistryRefused, RegistryUnreachable
from connectors.registry_tables import registry_runs
from pipelines.again import tried_again
from pipelines.catching_up import CHANGES, MONTHLY, NIGHTLY, last_due, missed_turns
from pipelines.checkpoints import run_held
from pipelines.errors import Ending, RunIncomplete, RunUnknown, SettingsWrong
from pipelines.means import runs_folder
from pipelines.outcomes import BROKEN, of_sync, state_of
from pipelines.resuming import begun_or, whole_run_since
from pipelines.scheduled import Turn, run_of
from pipelines.scope import Kind, Scope

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
"""A Sunday, 10:00 in Việt Nam: the night was at 18:30 the day before, the month's run on the 19th at 20:30."""
NIGHT, MONTH = datetime(2026, 11, 21, 18, 30, tzinfo=UTC), datetime(2026, 11, 19, 20, 30, tzinfo=UTC)


def failing(*errors):
    """Work that fails with these, one after the other, and then is done."""
    waiting = list(errors)

    def work():
        if waiting:
            raise waiting.pop(0)
        return "done"

    return work


PASSING = [
    RunIncomplete("r", Ending.FAILED, {}, {}), RunIncomplete("r", Ending.HELD, {}, {}), RunIncomplete("r", Ending.REGISTRY, {}, {}),
    RegistryUnreachable("http://registry", 3), ProvinceLocked("38", "r", "x"), DatabaseUnreachable("db", "gone", "look"),
]  # fmt: skip
LASTING = [
    RunIncomplete("r", Ending.GATE, {}, {}), RunIncomplete("r", Ending.INTERRUPTED, {}, {}), RegistryRefused(403, "no"),
    SettingsWrong(["x"]), ValueError("x"),
]  # fmt: skip


@pytest.mark.parametrize("error", PASSING, ids=lambda one: str(getattr(one, "ending", type(one).__name__)))
def test_what_may_pass_is_tried_again_after_a_while(error):
    waited = []
    assert tried_again(failing(error, error), 2, waited.append) == "done"
    assert waited == [error, error]
    with pytest.raises(type(error)):
        tried_again(failing(error, error, error), 2, waited.append)
    with pytest.raises(type(error)):
        tried_again(failing(error), 0, waited.append)


@pytest.mark.parametrize("error", LASTING, ids=lambda one: str(getattr(one, "ending", type(one).__name__)))
def test_what_will_not_pass_is_not(error):
    waited = []
    with pytest.raises(type(error)):
        tried_again(failing(error), 2, waited.append)
    assert waited == []


def test_every_error_has_a_state():
    told = [state_of(one) for one in (None, *PASSING, *LASTING, KeyboardInterrupt())]
    assert told == [
        "done", "failed", "held", "registry", "registry", "held", BROKEN, "gate", "interrupted", BROKEN, BROKEN, BROKEN, "interrupted",
    ]  # fmt: skip


def ran(engine, run, began, state="done", ended=None, **scope):
    whole = Scope(as_of="2026-11-21", **scope).model_dump(mode="json")
    row = {"run": run, "started_at": moment(began), "state": state, "scope": json.dumps(whole)}
    with writing(engine) as connection:
        connection.execute(sync_runs.insert().values(**row, ended_at=moment(ended) if ended else None))


def brought(engine, began):
    row = {"run": f"c-{began}", "job": "changes", "started_at": moment(began), "state": "done"}
    with writing(engine) as connection:
        connection.execute(registry_runs.insert().values(row))


def made_up(settings, engine):
    return [(one.deployment, dict(one.parameters)) for one in missed_turns(settings, engine, NOW)]


def test_schedules_are_reckoned_in_viet_nam(settings):
    assert last_due(settings.nightly_at, NOW) == NIGHT
    assert last_due(settings.monthly_at, NOW) == MONTH


def test_who_has_never_run_anything_has_missed_nothing(settings, engine, tmp_path):
    assert made_up(settings, engine) == []
    bare = open_database(f"sqlite:///{tmp_path}/bare.db")
    assert missed_turns(settings, bare, NOW) == []
    bare.dispose()


def test_many_missed_nights_are_one_run(settings, engine):
    ran(engine, "old", NIGHT - timedelta(days=9))
    brought(engine, NIGHT - timedelta(days=9))
    assert made_up(settings, engine) == [(CHANGES, {}), (NIGHTLY, {})]
    first, again = (missed_turns(settings, engine, NOW + timedelta(minutes=one)) for one in (0, 1))
    assert [one.key for one in first] == [one.key for one in again]


def test_a_missed_month_takes_the_night_with_it(settings, engine):
    ran(engine, "old", MONTH - timedelta(days=30), everything=True)
    assert made_up(settings, engine) == [(MONTHLY, {"everything": True})]


def test_nothing_is_made_up_for_that_somebody_has_run_by_hand(settings, engine):
    ran(engine, "old", MONTH - timedelta(days=30), everything=True)
    ran(engine, "by hand", NIGHT + timedelta(hours=2), everything=True)
    assert made_up(settings, engine) == []


def test_a_run_of_one_province_or_one_kind_makes_up_for_nothing(settings, engine):
    ran(engine, "old", NIGHT - timedelta(days=2))
    ran(engine, "province", NIGHT + timedelta(hours=1), provinces=("38",))
    ran(engine, "kind", NIGHT + timedelta(hours=2), kinds=(Kind.TEACHER,))
    ran(engine, "dry", NIGHT + timedelta(hours=3), dry_run=True)
    assert whole_run_since(engine, moment(NIGHT), everything=False) is None
    assert made_up(settings, engine) == [(NIGHTLY, {})]


@pytest.mark.parametrize("state", ["running", "interrupted", "failed", "held", "registry"])
def test_a_night_that_broke_off_goes_on_where_it_stood(settings, engine, state):
    ran(engine, "broken", NIGHT + timedelta(minutes=1), state)
    assert made_up(settings, engine) == [(NIGHTLY, {"everything": False, "resume": "broken"})]


def test_a_night_that_is_under_way_or_waits_for_somebody_to_look_is_left_alone(settings, engine):
    ran(engine, "gate", NIGHT + timedelta(minutes=1), "gate")
    assert made_up(settings, engine) == []
    ran(engine, "by hand", NIGHT + timedelta(minutes=2), "running")
    with run_held(runs_folder(settings) / "by hand", "by hand"):
        assert made_up(settings, engine) == []


def test_a_turn_that_is_taken_again_is_the_run_that_it_was(settings, engine):
    seen = SimpleNamespace(created=NOW, id=UUID("0192e7a0-0000-7000-8000-00000000ab12"))
    assert run_of(seen) == "2026-11-22T03-00-00-ab12"
    for parameters, run in (
        ({}, "2026-11-22T03-00-00-ab12"),
        ({"resume": ""}, "2026-11-22T03-00-00-ab12"),
        ({"resume": "r"}, "r"),
    ):
        seen.parameters = parameters
        assert Turn(settings, "sync-all", seen).run == run
    fresh = Scope(as_of="2026-11-23")
    assert begun_or(engine, settings, "new", fresh) == fresh
    ran(engine, "begun", NOW, "failed", provinces=("38",))
    assert begun_or(engine, settings, "begun", fresh).provinces == ("38",)
    ran(engine, "done", NOW)
    with pytest.raises(RunUnknown):
        begun_or(engine, settings, "done", fresh)
    with pytest.raises(RunUnknown):
        begun_or(engine, settings, "../../elsewhere", None)


def test_an_outcome_without_a_written_partition_is_told_all_the_same(engine):
    ran(engine, "r", NOW, "registry")
    assert of_sync(engine, "sync", "r", "registry").as_payload() == {
        "job": "sync", "run": "r", "state": "registry", "partitions": {}, "counts": {},
    }  # fmt: skip
