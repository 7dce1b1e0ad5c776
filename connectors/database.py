"""The seam between the two databases: how to connect, begin, load in bulk, and what their errors mean."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from connectors.errors import (
    DatabaseLocked,
    DatabaseLost,
    DatabaseProblem,
    DatabaseReadOnly,
    DatabaseUnreachable,
)

_WRITES = "identity_sync_writes"
_INSERT_ROWS = 50_000

_SQLITE_CAUSES: tuple[tuple[str, type[DatabaseProblem], str], ...] = (
    ("locked|busy", DatabaseLocked, "Another program is writing; run again when it has finished."),
    ("readonly|read-only", DatabaseReadOnly, "Give the account write access to the file and its folder."),
    ("unable to open", DatabaseUnreachable, "Check the path and the access rights."),
    (
        "not a database|malformed",
        DatabaseProblem,
        "The file is damaged or no SQLite database; restore a copy.",
    ),
    ("no such (table|column)", DatabaseProblem, "Check that this is the education database."),
    ("disk is full", DatabaseProblem, "Make room on the disk, then run again."),
)
_POSTGRES_CAUSES: tuple[tuple[str, type[DatabaseProblem], str], ...] = (
    (
        "40|55P03|57014",
        DatabaseLocked,
        "Another session held what was needed; run again when it has finished.",
    ),
    ("25006|42501", DatabaseReadOnly, "Use the primary server and an account that may write."),
    (
        "08|57|28|3D|53300",
        DatabaseUnreachable,
        "Check address, database name and credentials, and that it runs.",
    ),
    ("42P01|42703", DatabaseProblem, "Check that this is the education database."),
    ("53", DatabaseProblem, "The server is short of disk or memory."),
)


def open_database(url: str, *, wait: float = 30.0) -> sa.Engine:
    """Connect to an education database (SQLite, or PostgreSQL by psycopg), once to see that it answers.

    SQLite runs in WAL: readers go on while one writes.

    Args:
        url: As SQLAlchemy writes it; `postgresql://` means psycopg.
        wait: Seconds to wait for locks of others.

    Raises:
        DatabaseUnreachable: No connection.
        DatabaseProblem: Neither SQLite nor PostgreSQL, or not a database.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        engine = _open_sqlite(address, wait)
    elif address.get_backend_name() == "postgresql":
        engine = _open_postgres(address, wait)
    else:
        raise DatabaseProblem(shown(address), "is neither SQLite nor PostgreSQL", "Give one of these.")
    with reading(engine) as connection:
        connection.execute(sa.select(1))
    return engine


def _address(url: str) -> sa.URL:
    try:
        return sa.make_url(url)
    except sa.exc.ArgumentError:
        pass
    # the text may hold a password, so it is not repeated
    raise DatabaseProblem(
        "(address)", "can't be read", "Write sqlite:///PATH or postgresql://USER@HOST/NAME."
    )


def shown(address: sa.URL) -> str:
    """A database's address as people may see it."""
    return address.set(query={}).render_as_string(hide_password=True)


def _open_sqlite(address: sa.URL, wait: float) -> sa.Engine:
    path = Path(address.database or ":memory:")
    if path.parent.is_dir() and path.name != ":memory:":
        # made by SQLite it would be readable by all; its journal takes the same mode
        path.touch(mode=0o600, exist_ok=True)
    engine = sa.create_engine(
        address.set(drivername="sqlite+pysqlite"), hide_parameters=True, connect_args={"timeout": wait}
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # Python's own BEGIN comes too late and is never IMMEDIATE; ours stands in `_begin`
        connection.isolation_level = None
        cursor = connection.cursor()
        # temporary tables in memory: decisions must not be left behind in a file of /tmp
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # a writer that begins as a reader can be refused half way
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _open_postgres(address: sa.URL, wait: float) -> sa.Engine:
    # a partition is staged in temporary tables of some 50,000 rows: in memory, and by plans that needn't be compiled
    room = "-c temp_buffers=64MB -c work_mem=64MB -c jit=off"
    timeout = f"-c lock_timeout={int(wait * 1000)}"
    return sa.create_engine(
        address.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={"options": f"{timeout} {room}", "connect_timeout": max(2, int(wait))},
    )


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that leaves nothing behind."""
    with told(engine), engine.connect() as connection:
        yield connection
        connection.rollback()


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that is written whole or not at all; on SQLite it takes the write lock at once."""
    with told(engine), engine.execution_options(**{_WRITES: True}).begin() as connection:
        yield connection


@contextmanager
def told(engine: sa.Engine) -> Iterator[None]:
    """Turn the database's errors into ours; their text can hold values, so it is left behind.

    Raises:
        DatabaseProblem: Or one of its kinds.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        problem = _problem(engine, error)
    except sa.exc.TimeoutError:
        problem = DatabaseLocked(
            shown(engine.url), "all connections are in use", "Run fewer provinces at once."
        )
    except (psycopg.Error, sqlite3.Error) as error:
        # the driver itself was at work, so there was a connection
        problem = _lost(_cause(shown(engine.url), error))
    else:
        return
    raise problem from None


def _problem(engine: sa.Engine, error: sa.exc.DBAPIError) -> DatabaseProblem:
    problem = _cause(shown(engine.url), error.orig or error)
    return _lost(problem) if error.connection_invalidated else problem


def _lost(problem: DatabaseProblem) -> DatabaseProblem:
    """Out of reach in the middle of work, or something else."""
    if not isinstance(problem, DatabaseUnreachable):
        return problem
    remedy = "Nothing of what was being written is kept; when it answers again, run again (sync --resume)."
    return DatabaseLost(problem.database, f"the connection broke: {problem.what}", remedy)


def _cause(database: str, error: BaseException) -> DatabaseProblem:
    if isinstance(error, sqlite3.Error):
        code, text, causes = getattr(error, "sqlite_errorname", ""), str(error), _SQLITE_CAUSES
        kind = next((cause for cause in causes if re.search(cause[0], text)), None)
    else:
        # without a code psycopg never reached the server
        code = getattr(error, "sqlstate", None) or "08000"
        kind = next((cause for cause in _POSTGRES_CAUSES if re.match(cause[0], code)), None)
    what = f"{type(error).__name__} {code}".strip()
    if kind is None:
        return DatabaseProblem(database, what, "This should not happen; report it with the code.")
    return kind[1](database, what, kind[2])


def tell_sizes(engine: sa.Engine, *tables: sa.Table) -> None:
    """Have the planner look how large tables are that grew a moment ago; nothing that has been written depends on it.

    PostgreSQL looks by itself within a minute or so, and reads whole tables for a few rows until then.
    """
    if engine.dialect.name != "postgresql":
        return
    with suppress(DatabaseProblem), writing(engine) as connection:
        # a sample of 3,000 rows tells enough
        connection.exec_driver_sql("SET LOCAL default_statistics_target = 10")
        for table in tables:
            connection.exec_driver_sql(f"ANALYZE {table.name}")


@contextmanager
def by_key(connection: sa.Connection) -> Iterator[None]:
    """Have joins with a large table look its rows up by key, one by one, instead of reading all of it.

    For some 50,000 rows out of millions PostgreSQL would read the millions; SQLite looks up by key in any case.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    for join in ("hashjoin", "mergejoin"):
        connection.exec_driver_sql(f"SET LOCAL enable_{join} = off")
    yield
    for join in ("hashjoin", "mergejoin"):
        connection.exec_driver_sql(f"SET LOCAL enable_{join} = on")


def insert_if_absent(connection: sa.Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that passes over rows whose key is there already."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def upsert(connection: sa.Connection, table: sa.Table, staged: sa.Table, keys: Sequence[str]) -> None:
    """Bring staged rows into a table of the same columns: new keys are added, others become what was staged."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    # without a WHERE, SQLite reads ON as the start of a join's condition
    rows = insert(table).from_select(table.c.keys(), sa.select(staged).where(sa.true()))
    new = {column.name: rows.excluded[column.name] for column in table.c if column.name not in keys}
    differs = sa.or_(sa.false(), *[table.c[name].is_distinct_from(value) for name, value in new.items()])
    connection.execute(rows.on_conflict_do_update(index_elements=list(keys), set_=new, where=differs))


def any_differs(left: sa.Table, right: sa.Table, keys: Sequence[str]) -> sa.ColumnElement[bool]:
    """Whether two rows of tables with the same columns differ outside their key, null being a value."""
    rest = [column for column in left.c if column.name not in keys]
    return sa.or_(sa.false(), *[column.is_distinct_from(right.c[column.name]) for column in rest])


def rows_written(connection: sa.Connection, statement: sa.UpdateBase) -> int:
    """Execute an insert, update or delete, and say how many rows it wrote."""
    # without the option the count of an INSERT is lost on PostgreSQL
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def count_of(connection: sa.Connection, rows: sa.FromClause) -> int:
    """How many rows there are."""
    return connection.execute(sa.select(sa.func.count()).select_from(rows)).scalar_one()


def bulk_insert(connection: sa.Connection, table: sa.Table, data: pa.Table) -> None:
    """Insert many rows: COPY on PostgreSQL, prepared inserts on SQLite.

    Args:
        connection: A transaction.
        table: Where to.
        data: Columns by the table's names; types as the table's (text, float, boolean, integer).
    """
    if data.num_rows == 0:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, table, data)
        return
    names = ", ".join(data.column_names)
    marks = ", ".join("?" * data.num_columns)
    statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"
    cursor = _driver(connection).cursor()
    for batch in data.to_batches(max_chunksize=_INSERT_ROWS):
        cursor.executemany(statement, zip(*(column.to_pylist() for column in batch.columns), strict=True))


def _driver(connection: sa.Connection) -> Any:  # noqa: ANN401 (sqlite3 or psycopg, whose shapes differ)
    return connection.connection.driver_connection


def _copy(connection: sa.Connection, table: sa.Table, data: pa.Table) -> None:
    statement = f"COPY {table.name} ({', '.join(data.column_names)}) FROM STDIN"
    with _driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
        for batch in data.to_batches(max_chunksize=_INSERT_ROWS):
            copy.write(row_text(batch.columns))


_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


def row_text(columns: Sequence[pa.Array]) -> bytes:
    """Rows in PostgreSQL's text format, made by whole columns: the rows end up side by side in one Arrow buffer."""
    cells = [_escaped(column.cast(pa.string())).fill_null("\\N") for column in columns]
    rows = pc.binary_join_element_wise(pc.binary_join_element_wise(*cells, "\t"), "", "\n")
    offsets, text = rows.buffers()[1:]
    first, last = (
        int.from_bytes(offsets[at * 4 : at * 4 + 4].to_pybytes(), "little") for at in (0, len(rows))
    )
    return bytes(text[first:last].to_pybytes())


def _escaped(column: pa.Array) -> pa.Array:
    for plain, escaped in _ESCAPES:
        if pc.any(pc.match_substring(column, plain)).as_py():
            column = pc.replace_substring(column, plain, escaped)
    return column
