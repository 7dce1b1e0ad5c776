"""Jobs beside the sync against the real service: changes, residences, facts of schools, the hand-over for the exam.

The people are made up.
"""

import csv
import sqlite3
from contextlib import closing, contextmanager
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from benchmarks.faults.service import serving
from connectors.database import open_database
from connectors.education import create_sync_tables
from connectors.errors import ProvinceLocked, RegistryUnreachable
from connectors.locks import acquire, release
from connectors.registry_news import news_of, rechecks
from connectors.registry_records import CHANGES
from mock_population_api.schemas import CHANGE
from pipelines.changes import bring_changes
from pipelines.enrichment import grade_codes, school_year_of, send_facts
from pipelines.exam import hand_over
from pipelines.job_words import LINES, job_lines
from pipelines.means import open_means
from pipelines.registry_jobs import Cohort, Job
from pipelines.residence import ask_residence
from pipelines.scope import Kind
from pipelines.texts import texts

AS_OF = date(2026, 11, 21)
NEW_NUMBER = "038299999999"
STUDENTS = Cohort((Kind.STUDENT,), ("38",))


@pytest.fixture(scope="module")
def linked(world):
    """Record → number of the students of one province whom the registry has."""
    with closing(sqlite3.connect(world.database)) as database:
        asked = "select student_id from students join schools using (school_code) where province_code = '38' order by student_id"
        here = {row[0] for row in database.execute(asked)}
    truth = (
        pq.read_table(world.folder / "truth" / "truth.parquet")
        .select(["record_id", "personal_id"])
        .to_pylist()
    )
    known = {
        row["record_id"]: row["personal_id"]
        for row in truth
        if row["record_id"] in here and row["personal_id"]
    }
    firsts = {number: record for record, number in sorted(known.items(), reverse=True)}
    return {record: number for number, record in sorted(firsts.items(), key=lambda pair: pair[1])}


@pytest.fixture(scope="module")
def service(world, linked, tmp_path_factory):
    """The registry with a night of changes: of the first three linked students one was renumbered, one died, one was corrected."""
    folder = tmp_path_factory.mktemp("changing")
    entries = pq.read_table(world.folder / "registry")
    renumbered, dead, corrected = list(linked.values())[:3]

    def entry(number):
        (row,) = entries.filter(pc.equal(entries["personal_id"], number)).select(CHANGE.names[3:]).to_pylist()
        return row

    at = {"at": "2026-11-20"}
    rows = [
        {**at, "change": "superseded", "superseded_by": NEW_NUMBER, "personal_id": renumbered},
        {**entry(dead), **at, "change": "deceased", "status": "deceased"},
        {**entry(corrected), **at, "change": "corrected"},
    ]
    (folder / "changes").mkdir()
    pq.write_table(pa.Table.from_pylist(rows, schema=CHANGE), folder / "changes" / "2026-11-20.parquet")
    options = ["--changes", str(folder / "changes")]
    with serving(world.folder / "registry", folder / "store", ["identity-sync"], options) as running:
        yield running


@pytest.fixture
def settings(world, service, linked, tmp_path):
    settings = world.settings(
        tmp_path / "home", registry_url=service.address, registry_secret_file=service.store / "clients.secret"
    )
    engine = open_database(settings.database_url)
    create_sync_tables(engine)
    engine.dispose()
    values = [
        ("student", record, "38", number, "number_verified", "claimed_id", 1.0, 0, "run-0", "2026-11-01")
        for record, number in linked.items()
    ]
    with closing(sqlite3.connect(tmp_path / "home" / "education.db")) as database, database:
        names = "kind, record_id, province, personal_id, reason, decided_by, match_probability, confirmed_by_person, run, valid_from"
        database.executemany(f"insert into links ({names}) values ({', '.join('?' * 10)})", values)
    return settings


@contextmanager
def job(settings, cohort=STUDENTS, **known):
    with open_means(settings) as means:
        yield Job(means, known.pop("run", "run-1"), AS_OF, cohort, **known)


def rows(settings, query):
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as database:
        return database.execute(query).fetchall()


def read(one, name):
    return list(csv.DictReader((one.folder / name).read_text(encoding="utf-8-sig").splitlines()))


def test_changes_reach_the_links_once(settings, linked):
    renumbered, dead, corrected = list(linked)[:3]
    with job(settings, dry_run=True) as dry:
        told = bring_changes(dry)
    assert (told["superseded"], told["deceased"], told["corrected"]) == (1, 1, 1)
    assert rows(settings, "select 1 from link_history union select 1 from registry_cursors") == []
    with job(settings) as first:
        counts = bring_changes(first)
        waiting = rechecks(first.means.engine, "student", "38").to_pylist()
    assert (counts["superseded"], counts["deceased"], counts["corrected"]) == (1, 1, 1)
    assert waiting == [corrected]
    here = f"where record_id = '{renumbered}'"
    assert rows(settings, f"select personal_id, reason, run from links {here}") == [
        (NEW_NUMBER, "superseded_number_followed", "run-1")
    ]
    assert rows(settings, f"select personal_id, run, ended_by from link_history {here}") == [
        (linked[renumbered], "run-0", "run-1")
    ]
    assert rows(settings, "select record_id, flag, at from link_flags") == [(dead, "deceased", "2026-11-20")]
    with job(settings, run="run-2") as again:
        assert not any(bring_changes(again).values())
    assert rows(settings, "select run, job, state from registry_runs order by run") == [
        ("run-1", "changes", "done"),
        ("run-2", "changes", "done"),
    ]


def test_a_province_that_is_held_gets_the_news_next_time(settings):
    with job(settings) as one:
        acquire(one.means.engine, "38", "another run", one.means.clock())
        with pytest.raises(ProvinceLocked):
            bring_changes(one)
        assert rows(settings, "select 1 from registry_cursors") == []
        release(one.means.engine, "38", "another run")
        assert bring_changes(one)["superseded"] == 1


def test_a_cursor_of_another_feed_begins_anew(settings):
    with job(settings) as one:
        bring_changes(one)
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as database, database:
        database.execute("update registry_cursors set cursor = '0123456789ab-1'")
    with job(settings) as one:
        counts = bring_changes(one)
    assert (counts["anew"], counts["superseded"]) == (1, 0)


def test_a_chain_of_numbers_leads_to_its_end_and_a_circle_nowhere():
    told = [("a", "b"), ("b", "c"), ("x", "y"), ("y", "x")]
    changes = [
        {"change": "superseded", "at": "1", "personal_id": old, "superseded_by": new} for old, new in told
    ]
    changes.append({"change": "a new word", "at": "2", "personal_id": "z"})
    news = news_of(pa.Table.from_pylist(changes * 2, schema=CHANGES))
    assert news.leads_to == {"a": "c", "b": "c"}
    assert news.touched == {"x", "y", "z"}
    assert news.counts == {"superseded": 4, "a new word": 1}


def test_residences_are_kept_beside_links_with_their_moment(settings, linked):
    with job(settings, dry_run=True) as dry:
        assert ask_residence(dry, "school-enrolment")["linked"] == len(linked)
    with job(settings) as one:
        counts = ask_residence(one, "school-enrolment")
        listed = read(one, "residence.csv")
    assert counts["linked"] == counts["current"] == len(linked)
    assert counts["unanswered"] == 0
    kept = rows(settings, "select record_id, personal_id, province, commune, as_of from residences")
    assert {record: number for record, number, *_ in kept} == linked
    assert all(as_of and len(commune) == 5 for *_, commune, as_of in kept if commune)
    assert len(listed) == len(linked)
    assert not {*linked.values()} & {cell for row in listed for cell in row.values()}


def test_facts_are_told_once_and_again_when_they_change(settings, linked):
    someone = next(iter(linked))
    database = settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("update links set personal_id = '038200000000' where record_id = ?", (someone,))
    with job(settings) as one:
        first = send_facts(one, "2026-2027")
        refused = read(one, "enrich-rejected.csv")
    assert first["created"] + first["rejected"] == first["to_send"] == len(linked)
    assert {"kind": "student", "record_id": someone, "reason": "number_unknown"}.items() <= refused[0].items()
    with job(settings) as one:
        second = send_facts(one, "2026-2027")
    assert (second["to_send"], second["known"]) == (first["rejected"], first["created"])
    other = list(linked)[-1]
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("update students set grade = '1' where student_id = ?", (other,))
    with job(settings) as one:
        third = send_facts(one, "2026-2027")
    assert third["updated"] == 1


def test_the_exam_gets_the_cohort_and_who_is_missing(settings, linked):
    with job(settings) as one:
        counts = hand_over(one)
        cohort = read(one, "exam-38.csv")
        missing = read(one, "exam-missing-38.csv")
    assert {row["record_id"]: row["personal_id"] for row in cohort if row["personal_id"]} == linked
    assert counts["linked"] == len(linked)
    assert len(missing) == counts["in_scope"] - counts["linked"] == counts.get("not_decided", 0)


def test_an_outage_is_told_as_such(settings):
    gone = settings.model_copy(update={"registry_url": "http://127.0.0.1:9", "registry_patience": 2.0})
    with job(gone) as one, pytest.raises(RegistryUnreachable):
        bring_changes(one)
    assert rows(settings, "select state from registry_runs") == [("failed",)]


def test_grades_and_school_years():
    grades = pa.chunked_array([["3 tuổi", "Năm 2", "12", None, "Lớp 6"]])
    assert grade_codes(grades).to_pylist() == ["tuoi-3", "nam-2", "12", None, None]
    assert [school_year_of(date(2026, month, 1)) for month in (7, 8)] == ["2025-2026", "2026-2027"]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("name", LINES)
def test_every_count_has_its_words(name, language):
    counts = dict.fromkeys(LINES[name], 3)
    assert len(job_lines(name, counts, texts(language))) == len(counts)
