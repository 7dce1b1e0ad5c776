"""What the databases' errors become: a kind, a cause, a remedy, and never a value."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from connectors.database import open_database, reading, told, writing
from connectors.education import create_tables
from connectors.education_tables import students
from connectors.errors import (
    ConnectorError,
    DatabaseLocked,
    DatabaseProblem,
    DatabaseReadOnly,
    DatabaseUnreachable,
)

CANARY = "Nguyễn Canary"


def test_a_path_that_cannot_be_opened_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachable, match="Check the path"):
        open_database(f"sqlite:///{tmp_path / 'nowhere' / 'education.db'}")


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "education.db").write_text("id,name\n" * 500)
    with pytest.raises(DatabaseProblem, match="no SQLite database"):
        open_database(f"sqlite:///{tmp_path / 'education.db'}")


@pytest.mark.parametrize(
    "url", ["nonsense", "postgresql://user:secret@[bad/x", "mysql+pymysql://user:secret@host/x"]
)
def test_an_address_that_is_none_is_told_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseProblem) as refused:
        open_database(url)
    assert "secret" not in str(refused.value)


def test_a_server_that_is_not_there_is_unreachable_and_its_password_not_shown(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachable) as refused:
        open_database(f"postgresql://user:secret@/education?host={tmp_path}", wait=2)
    assert "secret" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_somebody_elses_write_lock_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'education.db'}"
    first, second = open_database(url), open_database(url, wait=0.01)
    create_tables(first)
    with writing(first), pytest.raises(DatabaseLocked, match="Another program is writing"), writing(second):
        pass
    first.dispose()
    second.dispose()


@pytest.mark.postgres
def test_somebody_elses_row_lock_is_told(postgres_server, at) -> None:
    url = postgres_server.empty_database()
    first, second = open_database(url), open_database(url, wait=0.05)
    create_tables(first)
    with writing(first) as ours:
        ours.execute(students.insert().values(student_id="S1"))
        with pytest.raises(DatabaseLocked), writing(second) as theirs:
            theirs.exec_driver_sql("LOCK TABLE students")
    first.dispose()
    second.dispose()


@pytest.mark.postgres
def test_a_database_that_may_only_be_read_is_told(postgres_server) -> None:
    engine = open_database(postgres_server.empty_database())
    create_tables(engine)
    with reading(engine) as connection:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        with pytest.raises(DatabaseReadOnly), told(engine):
            connection.execute(students.insert().values(student_id="S1"))
    engine.dispose()


def test_a_sqlite_file_that_may_only_be_read_is_told(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'education.db'}")
    create_tables(engine)
    with reading(engine) as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        with pytest.raises(DatabaseReadOnly, match="write access"), told(engine):
            connection.execute(students.insert().values(student_id="S1"))
    engine.dispose()


def test_no_value_stands_in_an_error(engine: sa.Engine) -> None:
    row = {"student_id": CANARY, "full_name": CANARY}
    with pytest.raises(DatabaseProblem) as refused, writing(engine) as connection:
        connection.execute(students.insert(), [row, row])
    assert CANARY not in str(refused.value)
    assert refused.value.__suppress_context__


def test_a_table_that_is_missing_is_told(bare_engine: sa.Engine) -> None:
    with (
        pytest.raises(DatabaseProblem, match="Check that this is the education database"),
        reading(bare_engine) as connection,
    ):
        connection.execute(sa.select(students))


def test_bare_driver_errors_are_told_as_well(engine: sa.Engine) -> None:
    with pytest.raises(DatabaseUnreachable), told(engine):
        raise psycopg.OperationalError("connection to server was lost")
    with pytest.raises(DatabaseLocked), told(engine):
        raise sqlite3.OperationalError("database is locked")


def test_our_own_errors_pass_through(engine: sa.Engine) -> None:
    ours = ConnectorError("as it is")
    with pytest.raises(ConnectorError) as raised, told(engine):
        raise ours
    assert raised.value is ours


def test_a_new_sqlite_file_is_for_its_owner_and_writes_ahead(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'education.db'}")
    assert (tmp_path / "education.db").stat().st_mode & 0o777 == 0o600
    with reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()
