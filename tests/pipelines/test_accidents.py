"""What goes wrong around a run, one accident at a time: each is told in plain words, and the run resumed ends as if it had not been."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from connectors import files_out
from connectors.database import open_database, reading, writing
from connectors.education import load_folder
from connectors.files import read_education_folder
from connectors.locks import acquire
from connectors.review_store import Decision, Seen, add_decisions, set_states
from connectors.review_tables import State
from matching.decision import Verdict
from pipelines import means as means_module
from pipelines.auditing import audit_verdict, head_kept
from pipelines.cli import Exit
from pipelines.cli import run as program
from pipelines.errors import DiskFull, Ending, RunIncomplete, RunUnknown
from pipelines.means import open_means
from pipelines.progress import Silence
from pipelines.resuming import resumable
from pipelines.scope import Kind, Scope

pytestmark = [pytest.mark.flow, pytest.mark.xdist_group("prefect-broken")]

TEACHERS = {"provinces": ("48",), "kinds": (Kind.TEACHER,), "as_of": date(2026, 11, 21)}
LINKS = "select record_id, personal_id, reason from links order by record_id"


class At(Silence):
    """Does something once, when a stage begins."""

    def __init__(self, stage, call):
        self._stage, self._call = stage, call

    def stage(self, province, kind, stage):
        if stage == self._stage and self._call is not None:
            call, self._call = self._call, None
            call()


def sync(settings, run, told=None, clock=None, prepare=None, **scope):
    from pipelines.sync import sync_flow

    with open_means(settings, told or Silence()) as opened:
        means = replace(opened, clock=clock) if clock else opened
        if prepare:
            prepare(means)
        return sync_flow(means)(run, Scope(**(TEACHERS | scope)))


def rows(settings, query):
    engine = open_database(settings.database_url)
    with reading(engine) as connection:
        found = [tuple(row) for row in connection.exec_driver_sql(query)]
    engine.dispose()
    return found


@pytest.fixture
def settings(world, tmp_path, prefect_api):
    return world.settings(tmp_path, language="en")


@pytest.fixture
def on_postgres(world, tmp_path, prefect_api, postgres_server):
    """Settings over a PostgreSQL database with the world's records."""
    url = postgres_server.empty_database()
    engine = open_database(url)
    load_folder(engine, read_education_folder(world.folder / "education"))
    engine.dispose()
    return world.settings(tmp_path, language="en", database_url=url)


@pytest.fixture(scope="module")
def undisturbed(world, prefect_server, tmp_path_factory):
    """The links that a run makes to which nothing happens."""
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    settings = world.settings(tmp_path_factory.mktemp("undisturbed"))
    quick = temporary_settings({PREFECT_API_URL: prefect_server.api, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})
    with quick:
        sync(settings, "run-1")
    return rows(settings, LINKS)


def audit_holds(settings):
    engine = open_database(settings.database_url)
    broken = audit_verdict(settings, engine).broken
    engine.dispose()
    return broken == ()


@pytest.mark.postgres
def test_a_connection_that_breaks_in_the_middle_of_a_write(on_postgres, undisturbed, postgres_server):
    def cut_once(means):
        @sa.event.listens_for(means.engine, "before_cursor_execute")
        def cut(connection, cursor, statement, *_):
            if statement.startswith("INSERT INTO links "):
                sa.event.remove(means.engine, "before_cursor_execute", cut)
                server = connection.connection.driver_connection.info.backend_pid
                postgres_server.execute(f"SELECT pg_terminate_backend({server}, 5000)")

    with pytest.raises(RunIncomplete) as broken:
        sync(on_postgres, "run-1", prepare=cut_once)
    assert broken.value.ending is Ending.FAILED
    assert "connection to database" in broken.value.problems["48"]
    assert "--resume" in broken.value.problems["48"]
    assert rows(on_postgres, "select count(*) from links") == [(0,)]
    assert rows(on_postgres, "select state from sync_runs") == [("failed",)]
    sync(on_postgres, "run-1")
    assert rows(on_postgres, LINKS) == undisturbed
    assert rows(on_postgres, "select count(*) from link_history") == [(0,)]
    assert audit_holds(on_postgres)


@pytest.mark.postgres
def test_a_database_that_is_gone_for_good_is_told_and_the_run_goes_on_when_it_is_back(
    on_postgres, undisturbed, postgres_server, capsys
):
    away = "UPDATE pg_database SET datallowconn = {} WHERE datname = 'gone'"
    postgres_server.copy("postgres", "gone")
    settings = on_postgres.model_copy(update={"database_url": postgres_server.url("gone")})

    def go():
        ends = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'gone'"
        postgres_server.execute(away.format("false"), ends)

    from connectors.errors import DatabaseUnreachable

    with pytest.raises(DatabaseUnreachable):
        sync(settings, "run-1", told=At("write_back", go))
    postgres_server.execute(away.format("true"))
    assert rows(settings, "select state from sync_runs") == [("running",)]
    assert to_resume(settings)[0] == "run-1"
    sync(settings, "run-1")
    assert rows(settings, LINKS) == undisturbed
    assert audit_holds(settings)


def to_resume(settings):
    engine = open_database(settings.database_url)
    try:
        return resumable(engine, settings)
    finally:
        engine.dispose()


def no_room_for(monkeypatch, word):
    """Writes of files whose name has the word go to a device that is full."""
    make = files_out.tempfile.mkstemp

    def full(*where, **named):
        handle, name = make(*where, **named)
        if word in (named.get("prefix") or ""):
            os.close(handle)
            handle = os.open("/dev/full", os.O_WRONLY)
        return handle, name

    monkeypatch.setattr(files_out.tempfile, "mkstemp", full)


@pytest.mark.parametrize("word", ["decisions", "trace", "spoken.json"])
def test_a_disk_that_is_full_in_a_stage(settings, undisturbed, monkeypatch, word):
    with monkeypatch.context() as patched:
        no_room_for(patched, word)
        with pytest.raises(RunIncomplete) as full:
            sync(settings, "run-1")
    assert full.value.ending is Ending.FAILED
    assert "no room on the disk" in full.value.problems["48"]
    assert not list(settings.home.rglob(".*.part"))
    assert rows(settings, "select count(*) from links") == [(0,)]
    sync(settings, "run-1")
    assert rows(settings, LINKS) == undisturbed


def test_a_disk_that_is_full_when_the_report_is_written(settings, undisturbed, monkeypatch):
    with monkeypatch.context() as patched:
        no_room_for(patched, "rates.csv")
        with pytest.raises(DiskFull, match="--resume"):
            sync(settings, "run-1")
    assert rows(settings, "select state from sync_runs") == [("running",)]
    assert rows(settings, LINKS) == undisturbed
    run, scope = to_resume(settings)
    sync(settings, run, **scope.model_dump())
    assert rows(settings, "select state from sync_runs") == [("done",)]
    assert (settings.home / "reports" / run / "run.json").is_file()


def test_a_database_file_that_can_grow_no_more(settings, undisturbed):
    def at_its_limit(means):
        @sa.event.listens_for(means.engine, "before_cursor_execute")
        def limit(connection, cursor, statement, *_):
            if statement.startswith("INSERT INTO links "):
                cursor.execute("PRAGMA max_page_count = 1")
                cursor.execute("insert into filler values (zeroblob(100000))")

    engine = open_database(settings.database_url)
    with writing(engine) as connection:
        connection.exec_driver_sql("create table filler (bytes blob)")
    engine.dispose()
    with pytest.raises(RunIncomplete) as full:
        sync(settings, "run-1", prepare=at_its_limit)
    assert "Make room on the disk" in full.value.problems["48"]
    assert rows(settings, "select count(*) from links") == [(0,)]
    sync(settings, "run-1")
    assert rows(settings, LINKS) == undisturbed


def test_a_command_without_room_for_its_result_says_so(world, tmp_path, monkeypatch, capsys):
    no_room_for(monkeypatch, "decisions")
    folders = [str(world.folder / name) for name in ("education", "registry")]
    assert program(["--lang", "vi", "link", *folders, str(tmp_path / "out")]) == Exit.SETTINGS
    assert "Hết chỗ trên đĩa" in capsys.readouterr().err


def test_a_clock_that_was_set_back_leaves_history_audit_and_runs_in_order(settings, monkeypatch, capsys):
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with monkeypatch.context() as ahead:
        ahead.setattr(means_module, "utc_now", lambda: tomorrow)
        sync(settings, "run-1", clock=lambda: tomorrow)
    record, *_ = rows(settings, LINKS)[0]
    engine = open_database(settings.database_url)
    with writing(engine) as connection:
        wrong = "update links set personal_id = '001099000001' where record_id = ?"
        connection.exec_driver_sql(wrong, (record,))
        connection.exec_driver_sql("update teachers set role = 'staff' where teacher_id = ?", (record,))
    engine.dispose()
    sync(settings, "run-2", everything=True, accepted_gates=("changed_ids",))
    assert [run for (run,) in rows(settings, "select run from sync_runs order by started_at")] == [
        "run-1",
        "run-2",
    ]
    [(begun, ended)] = rows(settings, "select valid_from, valid_to from link_history")
    assert begun < ended
    moments = [at for (at,) in rows(settings, "select at from audit_log order by entry")]
    assert moments == sorted(moments)
    assert audit_holds(settings)
    with open_means(settings) as means:
        assert timedelta(hours=23) < means.behind < timedelta(hours=25)
        assert timedelta(0) < means.clock() - tomorrow < timedelta(minutes=5)


def test_a_province_that_a_dead_run_held_lapses_though_the_clock_was_set_back(settings):
    sync(settings, "run-1", clock=lambda: datetime.now(UTC) + timedelta(days=1))
    engine = open_database(settings.database_url)
    acquire(engine, "48", "a run that died", datetime.now(UTC) + timedelta(days=1, seconds=-150))
    engine.dispose()
    sync(settings, "run-2")
    assert rows(settings, "select state from sync_runs where run = 'run-2'") == [("done",)]


def test_two_runs_of_one_province_at_once(settings, undisturbed):
    told = []

    def another():
        with pytest.raises(RunIncomplete) as held:
            sync(settings, "run-2")
        told.append(held.value)

    sync(settings, "run-1", told=At("write_back", another))
    assert told[0].ending is Ending.HELD
    assert "run-1" in told[0].problems["48"]
    assert rows(settings, LINKS) == undisturbed
    assert sorted(rows(settings, "select run, state from sync_runs")) == [
        ("run-1", "done"),
        ("run-2", "held"),
    ]
    assert {run for (run,) in rows(settings, "select distinct run from links")} == {"run-1"}
    assert audit_holds(settings)


def denying(settings, record, number):
    """A person says during a run that an entry is somebody else."""
    engine = open_database(settings.database_url)
    with writing(engine) as connection:
        said = Decision(
            "teacher", record, "48", Verdict.NOT_SAME, (Seen(number, "as it looked"),), "", "Reviewer", "run-0",
            "as it was", "list.xlsx", 4, "digest",
        )  # fmt: skip
        (placed,) = add_decisions(connection, [said], datetime.now(UTC))
        set_states(connection, {placed: State.ACTIVE}, "list.xlsx", datetime.now(UTC))
    engine.dispose()


def test_a_word_that_comes_in_during_a_run_is_not_written_over(settings, undisturbed):
    record, number, _ = undisturbed[0]
    sync(settings, "run-1", told=At("write_back", lambda: denying(settings, record, number)))
    assert rows(settings, LINKS) == undisturbed[1:]
    [(outcome,)] = rows(settings, f"select outcome from review_items where record_id = '{record}'")
    assert outcome == "clerical_review"
    assert rows(settings, "select state from review_states") == [("active",)]


def test_a_run_killed_when_all_but_its_last_file_is_done_is_resumed(settings, monkeypatch):
    with monkeypatch.context() as dying:
        dying.setattr("pipelines.beginning.keep_head", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sync(settings, "run-1")
    assert rows(settings, "select state from sync_runs") == [("done",)]
    assert not head_kept(settings, "run-1")
    run, scope = to_resume(settings)
    sync(settings, run, **scope.model_dump())
    assert head_kept(settings, "run-1")
    assert audit_holds(settings)
    with pytest.raises(RunUnknown):
        to_resume(settings)


def interrupted(*_):
    raise KeyboardInterrupt
