"""Whole runs under a real Prefect server, against the real mock registry over loopback."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import httpx2
import pyarrow.parquet as pq
import pytest

from connectors.database import open_database
from connectors.errors import RegistryUnreachable
from connectors.locks import acquire, release
from pipelines.auditing import audit_verdict
from pipelines.cli import Exit
from pipelines.cli import run as program
from pipelines.errors import Ending, RunIncomplete
from pipelines.means import open_means
from pipelines.progress import Silence
from pipelines.scope import Kind, Scope, new_run
from pipelines.settings import Settings

pytestmark = [pytest.mark.flow, pytest.mark.xdist_group("prefect")]

AS_OF = date(2026, 11, 21)
LINKS = (
    "select kind, record_id, personal_id, reason, decided_by, province from links order by kind, record_id"
)


def sync(settings, told=None, run="", http=None, **scope):
    """One run; returns its name and what it wrote."""
    from pipelines.sync import sync_flow

    run = run or new_run(datetime.now(UTC))
    with open_means(settings, told or Silence()) as opened:
        means = replace(opened, http=http or opened.http)
        return run, sync_flow(means)(run, Scope(as_of=AS_OF, **scope))


def rows(settings, query):
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as database:
        return database.execute(query).fetchall()


def change(settings, statement, *values):
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as database, database:
        database.execute(statement, values)


class Counting(httpx2.HTTPTransport):
    """Hands requests on, counts those that ask for people, and can cut the line after some."""

    def __init__(self, most=10**9):
        super().__init__()
        self.asked = 0
        self._most = most

    def handle_request(self, request):
        if request.url.path in {"/v1/lookup", "/v1/trace", "/v1/relatives", "/v1/jobs"}:
            if self.asked >= self._most:
                raise httpx2.ConnectError("the line is cut")
            self.asked += 1
        return super().handle_request(request)


@pytest.fixture
def line(world):
    """Lines to the registry that count; closed at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda **limit: stack.enter_context(
            httpx2.Client(base_url=world.address, transport=Counting(**limit))
        )


@dataclass(frozen=True)
class First:
    """A first run over everything."""

    settings: Settings
    run: str
    written: dict[str, int]
    asked: int


@pytest.fixture(scope="module")
def first(world, prefect_server, tmp_path_factory):
    """A first run over everything; tests that write take copies of what it left."""
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    settings = world.settings(tmp_path_factory.mktemp("first"))
    quick = temporary_settings({PREFECT_API_URL: prefect_server.api, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})
    transport = Counting()
    with quick, httpx2.Client(base_url=world.address, transport=transport) as http:
        run, written = sync(settings, http=http, everything=True)
    return First(settings, run, written, transport.asked)


@pytest.fixture
def filled(world, first, tmp_path, prefect_api):
    """A copy of what the first run left."""
    home = tmp_path / "home"
    shutil.copytree(first.settings.home.parent, home)
    return world.settings(home)


def test_a_first_run_links_almost_everybody_and_nobody_wrongly(world, first):
    settings, written = first.settings, first.written
    truth = pq.read_table(world.folder / "truth" / "truth.parquet").select(["record_id", "personal_id"])
    known = dict(zip(*[column.to_pylist() for column in truth.columns], strict=True))
    found = {record: number for _, record, number, *_ in rows(settings, LINKS)}
    assert [record for record, number in found.items() if known[record] != number] == []
    assert len(found) > 0.85 * len(known)
    assert written["added"] == len(found)


def test_a_run_leaves_its_state_report_lists_and_models(first):
    settings, run = first.settings, first.run
    assert rows(settings, "select run, state from sync_runs") == [(run, "done")]
    assert len(rows(settings, "select 1 from sync_partitions where state = 'done'")) == 6
    reports = settings.home / "reports" / run
    assert {"report.html", "rates.csv", "run.json", "unmatched"} <= {path.name for path in reports.iterdir()}
    assert (settings.home / "model.json").is_file()
    assert not list((settings.home / "runs").rglob("answers/*.answers.parquet"))


def test_every_write_and_every_batch_of_questions_is_written_down(first):
    engine = open_database(first.settings.database_url)
    verdict = audit_verdict(first.settings, engine)
    engine.dispose()
    assert verdict.broken == ()
    assert verdict.heads == 1
    told = dict(rows(first.settings, "select action, count(*) from audit_log group by action"))
    assert (told["run_begun"], told["written"], told["run_ended"]) == (1, 6, 1)
    assert told["asked"] == first.asked
    [(asked,)] = rows(first.settings, "select facts from audit_log where action = 'asked' limit 1")
    assert '"agency": "MOET"' in asked
    people = rows(first.settings, "select record_id from links union select personal_id from links")
    everything = str(rows(first.settings, "select * from audit_log"))
    assert [value for (value,) in people if value in everything] == []


def test_conflicts_stand_in_a_list_beside_the_report_without_whole_ids(filled):
    record, number = rows(
        filled, "select record_id, personal_id from links where kind = 'teacher' and province = '38'"
    )[0]
    change(
        filled,
        "update links set personal_id = '001099000001', confirmed_by_person = 1 where record_id = ?",
        record,
    )
    run, written = sync(filled, provinces=("38",), kinds=(Kind.TEACHER,), everything=True)
    assert written["conflicts"] == 1
    listed = (filled.home / "reports" / run / "conflicts.csv").read_text(encoding="utf-8-sig")
    assert record in listed
    assert number not in listed
    assert "001099000001" not in listed
    assert "0001" in listed
    assert rows(filled, f"select personal_id from links where record_id = '{record}'") == [("001099000001",)]


def test_a_run_is_compared_and_rolled_back_and_the_audit_holds(filled, first, capsys):
    before = rows(filled, LINKS)
    record, _ = rows(
        filled, "select record_id, personal_id from links where kind = 'teacher' and province = '38'"
    )[0]
    change(filled, "delete from links where record_id = ?", record)
    missing = rows(filled, LINKS)
    run, _ = sync(filled, provinces=("38",), kinds=(Kind.TEACHER,))
    assert rows(filled, LINKS) == before
    given = [f"--set={name}={getattr(filled, name)}" for name in ("database_url", "home")]

    def told(*words):
        assert program(["--lang", "en", *given, *words]) == Exit.DONE
        return capsys.readouterr().out

    found = json.loads(told("runs", "diff", first.run, run, "--json"))
    assert found["counts"] == {"gained": 1}
    assert found["records"][0]["record_id"] == record
    assert found["records"][0]["after"]["personal_id"].startswith("••••••••")
    assert "1 gained, 0 lost, 0 changed" in told("runs", "diff", first.run, run)
    assert "would" in told("runs", "rollback", run, "--dry-run")
    assert rows(filled, LINKS) == before
    assert "0 restored, 1 removed" in told("runs", "rollback", run)
    assert rows(filled, LINKS) == missing
    undo = rows(filled, "select run from sync_runs order by started_at")[-1][0]
    assert f"run {run} was rolled back" in told("runs", "diff", run, undo)
    assert run in told("runs", "list")
    assert "restored" in told("runs", "show", undo)
    assert "is whole" in told("audit", "verify")
    assert program([*given, "sync", "--run", run]) == Exit.USAGE
    assert program([*given, "runs", "rollback", run]) == Exit.GATE
    assert program([*given, "runs", "rollback", "nobody"]) == Exit.USAGE
    capsys.readouterr()
    sync(filled, provinces=("38",), kinds=(Kind.TEACHER,))
    assert rows(filled, LINKS) == before


def test_everything_a_run_writes_is_for_its_owner_only(first):
    for path in [first.settings.home, *first.settings.home.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_night_without_changes_asks_only_for_the_open_and_changes_nothing(first, line, filled):
    before, http = rows(filled, LINKS), line()
    run, written = sync(filled, http=http)
    assert rows(filled, LINKS) == before
    assert (written["added"], written["changed"], written["unchanged"]) == (0, 0, len(before))
    assert http._transport.asked < first.asked
    carried = pq.read_table(filled.home / "runs" / run / "38" / "student" / "carried.parquet")
    assert carried.num_rows > 0


def test_a_changed_record_is_linked_again_with_its_double(filled):
    record, number = rows(
        filled, "select record_id, personal_id from links where kind = 'student' and province = '38'"
    )[0]
    columns = (
        "school_code, grade, school_year, full_name, birth_date, gender, birth_place, nationality, claimed_id"
    )
    change(
        filled,
        f"insert into students (student_id, {columns}) select 'DOUBLE-1', {columns} from students where student_id = ?",
        record,
    )
    sync(filled, provinces=("38",), kinds=(Kind.STUDENT,))
    found = dict(
        rows(
            filled, f"select record_id, reason from links where personal_id = '{number}' and kind = 'student'"
        )
    )
    assert set(found) >= {record, "DOUBLE-1"}
    assert "duplicate_record" in found.values()


def test_a_dry_run_writes_nothing_but_what_it_asked(world, tmp_path, prefect_api):
    settings = world.settings(tmp_path)
    run, written = sync(settings, provinces=("38",), kinds=(Kind.TEACHER,), dry_run=True)
    assert written["added"] > 0
    for table in ("links", "review_items", "sync_runs", "sync_partitions"):
        assert rows(settings, f"select * from {table}") == []
    told = rows(settings, f"select action from audit_log where run = '{run}' order by entry")
    assert told[0] == ("run_begun",)
    assert told[-1] == ("run_ended",)
    assert ("asked",) in told
    assert ("written",) not in told


def test_a_failed_gate_writes_nothing_until_it_is_accepted(world, tmp_path, prefect_api):
    settings = world.settings(tmp_path, gate_registry_age_days=0)
    only = {"provinces": ("38",), "kinds": (Kind.TEACHER,)}
    settings = settings.model_copy(update={"as_of": None})
    future = date(2030, 1, 1)
    from pipelines.sync import sync_flow

    with open_means(settings) as means, pytest.raises(RunIncomplete) as stopped:
        sync_flow(means)("run-1", Scope(as_of=future, **only))
    assert stopped.value.ending is Ending.GATE
    assert "--accept-gate registry_age" in stopped.value.problems["38 teacher"]
    assert rows(settings, "select count(*) from links") == [(0,)]
    assert rows(settings, "select kind, province, state from sync_partitions") == [("teacher", "38", "gate")]
    assert len(rows(settings, "select 1 from audit_log where action = 'stopped'")) == 1
    with open_means(settings) as means:
        sync_flow(means)("run-1", Scope(as_of=future, accepted_gates=("registry_age",), **only))
    assert rows(settings, "select count(*) from links")[0][0] > 0
    assert rows(settings, "select run, state from sync_runs") == [("run-1", "done")]
    [(facts,)] = rows(settings, "select facts from audit_log where action = 'written' limit 1")
    assert '"accepted_gates": ["registry_age"]' in facts


def test_a_held_province_is_left_out_and_the_others_go_on(filled):
    engine = open_database(filled.database_url)
    acquire(engine, "38", "somebody else", datetime.now(UTC))
    with pytest.raises(RunIncomplete) as stopped:
        sync(filled, kinds=(Kind.TEACHER,))
    release(engine, "38", "somebody else")
    engine.dispose()
    assert stopped.value.ending is Ending.HELD
    assert set(stopped.value.problems) == {"38"}
    assert len(rows(filled, "select 1 from sync_partitions where province = '48' and state = 'done'")) == 4


def test_a_registry_that_goes_away_ends_the_run_and_a_resumed_one_asks_only_the_rest(
    world, first, line, tmp_path, prefect_api
):
    half = first.asked // 2
    settings = world.settings(tmp_path, registry_patience=0.5)
    with pytest.raises(RunIncomplete) as stopped:
        sync(settings, run="run-1", http=line(most=half), everything=True)
    assert stopped.value.ending is Ending.REGISTRY
    assert rows(settings, "select state from sync_runs") == [("registry",)]
    rest = line()
    sync(settings, run="run-1", http=rest, everything=True)
    assert rest._transport.asked == first.asked - half
    assert rows(settings, LINKS) == rows(first.settings, LINKS)


def test_a_registry_that_is_not_there_is_told_at_once(world, tmp_path, prefect_api):
    settings = world.settings(tmp_path, registry_url="http://127.0.0.1:9", registry_patience=0.2)
    with pytest.raises(RegistryUnreachable):
        sync(settings)
    assert rows(settings, "select name from sqlite_master where name = 'sync_runs'") == []


class Betraying(Silence):
    """Fails in the middle of a stage with a person in its words."""

    def __init__(self, words):
        self._words = words

    def counted(self, what, done, total):
        raise ValueError(self._words)


def test_nobody_is_told_to_prefect_even_when_a_stage_breaks(world, tmp_path, prefect_api, capfd):
    settings = world.settings(tmp_path)
    name, number = rows(settings, "select full_name, claimed_id from teachers where length(claimed_id) = 12")[
        0
    ]
    with pytest.raises(RunIncomplete) as stopped:
        sync(settings, told=Betraying(f"{name} {number}"), kinds=(Kind.TEACHER,))
    sync(settings, kinds=(Kind.TEACHER,), provinces=("48",))
    assert stopped.value.ending is Ending.FAILED
    talk = "".join(capfd.readouterr())
    seen = [str(stopped.value).encode(), talk.encode(), prefect_api.log.read_bytes()]
    seen += [path.read_bytes() for path in prefect_api.database.parent.glob("prefect.db*")]
    assert b"StageFailed" in b"".join(seen)
    people = {
        text for row in rows(settings, "select full_name, claimed_id from teachers") for text in row if text
    }
    told = [text for text in people if len(text) > 8 and any(text.encode() in where for where in seen)]
    assert told == []


def command(settings, *words, **environment):
    """The program as an officer starts it."""
    values = {name: getattr(settings, name) for name in settings.model_fields_set}
    given = {f"IDENTITY_SYNC_{name.upper()}": str(value) for name, value in values.items()}
    program = Path(sys.executable).with_name("identity-sync")
    return subprocess.Popen(
        [str(program), "--lang", "en", *words], env=os.environ | given | environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_killed_run_is_resumed_to_the_same_end(world, first, tmp_path, prefect_api):
    settings = world.settings(tmp_path)
    killed = command(settings, "sync", "--all", "--kind", "teacher", PREFECT_API_URL=prefect_api.api)
    kept = settings.home / "runs"
    deadline = time.monotonic() + 60
    while not list(kept.glob("*/38/teacher/link.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    run = next(kept.iterdir()).name
    resumed = command(settings, "sync", "--resume", "--json", PREFECT_API_URL=prefect_api.api)
    said, talk = resumed.communicate(timeout=120)
    assert resumed.returncode == 0, talk
    assert f'"run": "{run}"' in said
    teachers = LINKS.replace("order by", "where kind = 'teacher' order by")
    assert rows(settings, teachers) == rows(first.settings, teachers)


def test_a_second_run_on_a_held_province_ends_with_six(filled, prefect_api):
    engine = open_database(filled.database_url)
    acquire(engine, "38", "somebody else", datetime.now(UTC))
    second = command(
        filled, "sync", "--province", "Thanh Hóa", "--kind", "teacher", PREFECT_API_URL=prefect_api.api
    )
    _, talk = second.communicate(timeout=120)
    engine.dispose()
    assert second.returncode == 6, talk
    assert "somebody else" in talk
