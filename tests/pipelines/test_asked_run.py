"""A run asked for on the page: as its own process, without a Prefect server; what it changed and why."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest

from connectors.asked_runs import AskedState, ask, ask_to_stop, asked_run
from connectors.database import open_database
from connectors.education import create_sync_tables
from connectors.list_files import read_list
from connectors.locks import acquire
from connectors.run_diff import Change
from pipelines.asked_run import run_asked
from pipelines.link_sample import write_sample
from pipelines.means import open_means, utc_now
from pipelines.review_lists import import_means
from pipelines.run_office import run_office
from pipelines.what_changed import run_changes
from review.importing import take_in
from review.judging import Fate


def never():
    raise AssertionError("nobody asked for a stop")


def asked(settings, *, dry_run=False):
    """Ask for a run of 38 and run it here; what the database then has of it."""
    engine = open_database(settings.database_url)
    create_sync_tables(engine)
    number, _ = ask(engine, "38", "son", utc_now(), dry_run=dry_run)
    run_asked(settings, number, never)
    found = asked_run(engine, number)
    engine.dispose()
    return found


def query(settings, statement):
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as database, database:
        return database.execute(statement).fetchall()


@pytest.fixture(scope="module")
def first(world, tmp_path_factory):
    settings = world.settings(tmp_path_factory.mktemp("asked"))
    done = asked(settings)
    assert done.state == AskedState.DONE
    return settings, done


@pytest.fixture
def filled(world, first, tmp_path):
    """A copy of what the first run left."""
    shutil.copytree(first[0].home.parent, tmp_path / "home")
    return world.settings(tmp_path / "home")


def test_a_first_run_gives_ids_and_names_everybody_who_got_one(first):
    settings, done = first
    changes = run_changes(settings, done.run, ["38"], dry_run=False)
    linked = query(settings, "select count(*) from links")[0][0]
    assert changes.of(Change.GAINED) == done.written["added"] == linked == changes.table.num_rows > 100
    assert {row["cause"] for row in changes.table.to_pylist()} == {None}
    assert query(
        settings, f"select json_extract(scope, '$.asked_by') from sync_runs where run = '{done.run}'"
    ) == [("son",)]
    assert query(settings, "select count(*) from review_layouts") == [(3,)]
    assert (settings.home / "reports" / done.run / "changes.xlsx").is_file()


def test_what_changes_is_foreseen_even_behind_a_gate_then_done_with_its_causes(filled):
    (gone,), (typed,) = query(
        filled,
        "select record_id from links join students on record_id = student_id where kind = 'student' order by record_id limit 2",
    )
    query(filled, f"delete from links where record_id = '{gone}'")
    query(filled, f"delete from links where record_id = '{typed}'")
    query(filled, f"update students set full_name = upper(full_name) where student_id = '{typed}'")
    before = query(filled, "select * from links order by kind, record_id")
    strict = filled.model_copy(update={"gate_false_links": 1e-12})
    dry = asked(strict, dry_run=True)
    assert dry.state == AskedState.GATE
    assert dry.message
    assert query(filled, "select * from links order by kind, record_id") == before
    real = asked(filled)
    found = [run_changes(filled, one.run, ["38"], dry_run=one.dry_run) for one in (dry, real)]
    told = [
        {(row["record_id"], row["change"], row["cause"], row["fields"]) for row in one.table.to_pylist()}
        for one in found
    ]
    assert told[0] == told[1]
    assert {(gone, "gained", "again", ""), (typed, "gained", "corrected", "full_name")} <= told[1]
    assert [one.of(Change.GAINED) for one in found] == [real.written["added"]] * 2
    assert [one.stopped for one in found] == [True, False]


def test_a_province_that_another_run_holds_is_left_alone(filled):
    engine = open_database(filled.database_url)
    acquire(engine, "38", "the night", utc_now())
    engine.dispose()
    assert asked(filled).state == AskedState.HELD


def test_the_process_outlives_who_started_it_and_stops_when_asked(world, filled):
    engine = open_database(filled.database_url)
    number, _ = ask(engine, "38", "son", utc_now(), dry_run=False)
    # another one is under way: this one waits
    blocking = f"insert into asked_runs (number, province, dry_run, asked_by, asked_at, state, seen_at) select {-number}, '48', 0, 'x', seen_at, 'running', '9999' from asked_runs where number = {number}"
    query(filled, blocking)
    variables = {
        f"IDENTITY_SYNC_{name.upper()}": str(getattr(filled, name))
        for name in ("database_url", "home", "registry_url", "registry_secret_file", "as_of")
    }
    starter = "import json, sys; from pathlib import Path; from types import SimpleNamespace as S; from pipelines.asked_run import start_process; start_process(S(home=Path(sys.argv[1])), json.loads(sys.argv[2]), int(sys.argv[3]))"
    words = [sys.executable, "-c", starter, str(filled.home), json.dumps(variables), str(number)]
    subprocess.run(words, check=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})
    first_sign = asked_run(engine, number)
    _until(
        lambda: query(filled, f"select progress is not null from asked_runs where number = {number}")[0][0]
    )
    assert asked_run(engine, number).state == first_sign.state == AskedState.WAITING
    ask_to_stop(engine, number, utc_now())
    _until(lambda: not asked_run(engine, number).under_way)
    assert asked_run(engine, number).state == AskedState.INTERRUPTED
    engine.dispose()


def _until(holds):
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_office_knows_runs_and_starts_processes(first, monkeypatch):
    settings, done = first
    engine = open_database(settings.database_url)
    started = []
    monkeypatch.setattr("pipelines.run_office.start_process", lambda *words: started.append(words))
    office = run_office(settings, engine, {"A": "b"})
    office.start(7)
    assert started == [(settings, {"A": "b"}, 7)]
    assert [one.run for one in office.past(9)] == [done.run]
    assert office.past_run(done.run).provinces == ("38",)
    assert office.past_run("nobody") is None
    assert office.changes(done.run, ["48"], False).counted == ()
    engine.dispose()


def test_a_sample_of_links_is_looked_at_like_any_list_and_rated_in_the_report(world, filled, tmp_path):
    with open_means(filled) as means:
        path, count = write_sample(means, "38", 12, tmp_path / "out")
        assert write_sample(means, "38", 12, tmp_path / "again")[1] == count == 12
    book = openpyxl.load_workbook(path)
    for sheet in (one for one in book if one["A1"].value == "record_id"):
        names = [cell.value for cell in sheet[1]]
        for row in sheet.iter_rows(min_row=4):
            cells = dict(zip(names, row, strict=True))
            if cells["record_id"].value:
                assert not cells["why"].value
                assert not cells["candidate_1_probability"].value
                cells["decision"].value = "Đúng người này (1)"
    book.save(path)
    engine = open_database(filled.database_url)
    (taken,) = take_in(engine, [read_list(path)], import_means(filled), "Lê Thị Hoa", utc_now())
    assert taken.counts[Fate.ACCEPTED] == 12
    engine.dispose()
    done = asked(filled)
    report = (filled.home / "reports" / done.run / "report.html").read_text(encoding="utf-8")
    assert "12 / 12 (100,0" in report
    assert "73,54 đến 100,00" in report
    assert query(filled, "select count(*) from links where confirmed_by_person") == [(12,)]
