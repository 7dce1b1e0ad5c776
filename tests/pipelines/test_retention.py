"""What is kept for too long is told, then deleted, and the deletion is written down."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from connectors.audit import Auditor, Event, write_down
from connectors.database import open_database, reading, writing
from connectors.education import create_sync_tables
from connectors.education_tables import moment
from connectors.errors import DatabaseProblem
from connectors.review_page_tables import (
    review_case_contents,
    review_cases,
    review_failures,
    review_layouts,
    review_looks,
    review_sessions,
)
from pipelines.auditing import audit_verdict
from pipelines.cli import Exit, run
from pipelines.retention import delete, overdue
from pipelines.settings import Settings

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path):
    return Settings(database_url=f"sqlite:///{tmp_path}/e.db", home=tmp_path / "home", keep_looks_days=30)


@pytest.fixture
def engine(settings):
    """Tables of ours with rows of a hundred days ago, of yesterday, and of a run whose tables are gone."""
    engine = open_database(settings.database_url)
    create_sync_tables(engine)
    with writing(engine) as connection:
        for days, token in ((100, "old"), (0, "new")):
            when = moment(NOW - timedelta(days=days))
            look = {"kind": "student", "record_id": token, "username": "hoa", "looked_at": when}
            connection.execute(review_looks.insert().values(look))
            session = {
                "token": token,
                "username": "hoa",
                "form_token": "x",
                "began_at": when,
                "seen_at": when,
            }
            connection.execute(review_sessions.insert().values(session))
            failure = {"username": "hoa", "address": "10.0.0.1", "failed_at": when}
            connection.execute(review_failures.insert().values(failure))
        for province, of in (("38", "gone"), ("48", "kept")):
            layout = {"kind": "student", "province": province, "run": of, "laid_out_at": moment(NOW)}
            connection.execute(review_layouts.insert().values(layout))
            case = {
                "kind": "student", "record_id": f"of {of}", "province": province, "place": 1, "reason": "nobody", "state": "open",
                "words_needed": 1, "run": of, "fingerprint": "",
            }  # fmt: skip
            connection.execute(review_cases.insert().values(case))
            shown = {"kind": "student", "record_id": f"of {of}", "entries": "[]", "content": "{}"}
            connection.execute(review_case_contents.insert().values(shown))
    yield engine
    engine.dispose()


@pytest.fixture
def folders(settings):
    """Folders of runs and reports, those of `old` last written 400 days ago."""
    for part, names in (("runs", ("old", "kept")), ("reports", ("old", "kept", "monthly"))):
        for name in names:
            folder = settings.home / part / name
            folder.mkdir(parents=True)
            (folder / "file").write_text("x")
            if name != "kept":
                for path in (folder / "file", folder):
                    os.utime(path, ((NOW - timedelta(days=400)).timestamp(),) * 2)
    return settings.home


COUNTS = {"runs": 1, "reports": 1, "looks": 1, "sessions": 2, "cases": 1}


def kept(engine, table):
    with reading(engine) as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_what_is_overdue_is_told_and_nothing_is_deleted(settings, engine, folders):
    assert overdue(settings, engine, NOW).counts == COUNTS
    assert (folders / "runs" / "old").is_dir()
    assert kept(engine, review_looks) == 2


def test_it_is_deleted_once_and_the_audit_says_so(settings, engine, folders):
    assert delete(settings, engine, "run-9", NOW).counts == COUNTS
    assert sorted(path.name for path in (folders / "runs").iterdir()) == ["kept"]
    assert sorted(path.name for path in (folders / "reports").iterdir()) == ["kept", "monthly"]
    tables = (
        review_looks,
        review_sessions,
        review_failures,
        review_cases,
        review_case_contents,
        review_layouts,
    )
    assert [kept(engine, table) for table in tables] == [1, 1, 1, 1, 1, 1]
    assert overdue(settings, engine, NOW).counts == dict.fromkeys(COUNTS, 0)
    verdict = audit_verdict(settings, engine)
    assert (verdict.entries, verdict.heads, verdict.broken) == (1, 1, ())


def test_what_cannot_be_written_down_is_not_deleted(settings, engine, folders):
    write_down(engine, Auditor(b"x" * 32, "me"), Event("r", "asked", {}), NOW)
    with writing(engine) as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER no BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(DatabaseProblem):
        delete(settings, engine, "run-9", NOW)
    assert (folders / "runs" / "old").is_dir()
    assert kept(engine, review_looks) == 2


def test_a_database_without_our_tables_has_nothing_of_it(settings, folders):
    engine = open_database(settings.database_url)
    assert overdue(settings, engine, NOW).counts == {"runs": 1, "reports": 1}
    engine.dispose()


def test_the_command_tells_first(settings, engine, folders, capsys):
    given = [
        f"--set={name}={getattr(settings, name)}" for name in ("database_url", "home", "keep_looks_days")
    ]
    assert run(["--lang", "en", *given, "retention"]) == Exit.DONE
    said = capsys.readouterr()
    assert "--delete" in said.err
    assert "Tables of runs: 1  (old)" in said.out
    assert (folders / "runs" / "old").is_dir()
    assert run([*given, "retention", "--delete", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["deleted"] is True
    assert not (folders / "runs" / "old").exists()
