"""Entries on disk, asked by number: current, superseded and former ones, parents and children."""

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from mock_population_api.building import (
    TABLES,
    Facts,
    build_store,
    open_engine,
    read_facts,
    source_of,
    tables_folder,
)
from mock_population_api.errors import RegistryFolderError, StoreInUseError
from mock_population_api.near import MOST_NUMBERS, NearLookup
from mock_population_api.restrictions import Veil
from mock_population_api.schemas import ANSWERED, FOUND, RELATIVES

__all__ = ["ENTRY_SELECT", "Facts", "Store", "build_store", "locked"]

ENTRY_SELECT = ", ".join(f"e.{name}" for name in ANSWERED.names)
"""The columns of an answer, of entries called `e`."""

_FIND = """
    CREATE OR REPLACE TEMP TABLE hits AS
    SELECT q.place, q.asked, n.found_by, n.key FROM questions q JOIN numbers n ON n.asked = q.asked
    QUALIFY n.found_by = min(n.found_by) OVER (PARTITION BY q.place)
"""

_FOUND = f"""
    SELECT h.asked, ['current', 'superseded', 'former'][h.found_by + 1] AS found_by, {ENTRY_SELECT}
    FROM hits h JOIN entries e ON e.key = h.key
    ORDER BY h.place, e.key
"""

_PARENTS_OF = """
    CREATE OR REPLACE TEMP TABLE people AS
    SELECT h.place, h.asked, e.key, e.father, e.mother FROM hits h JOIN entries e ON e.key = h.key WHERE h.found_by < 2
"""

_RELATE = """
    CREATE OR REPLACE TEMP TABLE related AS
    SELECT place, asked, 0 AS relation, father AS key FROM people WHERE father IS NOT NULL
    UNION ALL SELECT place, asked, 1, mother FROM people WHERE mother IS NOT NULL
    UNION ALL SELECT p.place, p.asked, 2, c.key FROM people p JOIN children c ON c.parent = p.key
"""

_RELATED = f"""
    SELECT r.asked, ['father', 'mother', 'child'][r.relation + 1] AS relation, {ENTRY_SELECT}
    FROM related r JOIN entries e ON e.key = r.key
    ORDER BY r.place, r.relation, e.birth_date, e.key
"""


class Store:
    """The tables of one store, open for questions.

    Each question runs on a cursor of its own, so that requests don't wait for one another.
    """

    def __init__(
        self,
        folder: Path,
        memory_limit: str = "3GB",
        threads: int | None = None,
        restricted: Collection[str] = (),
    ) -> None:
        """Open the store in `folder`, which `build_store` has made.

        Args:
            folder: of the store.
            memory_limit: what DuckDB may use, as it writes sizes.
            threads: of DuckDB; all cores if None.
            restricted: current numbers of people whose entries are withheld.

        Raises:
            RegistryFolderError: There is no store, or one of another version.
        """
        facts = read_facts(folder)
        if facts is None:
            raise RegistryFolderError(
                folder, "holds no store that can be read; build it from a registry folder"
            )
        self.folder = folder
        self.facts = facts
        self._engine = open_engine(folder, memory_limit, threads)
        tables = tables_folder(folder, facts)
        for name in ("entries", *(table.name for table in TABLES)):
            self._engine.execute(
                f"CREATE VIEW {name} AS SELECT * FROM read_parquet({source_of(tables, name)})"
            )
        self._near = NearLookup(tables)
        self._engine.execute("CREATE TABLE restricted (key BIGINT)")
        self.veil = Veil()
        if restricted:
            self._restrict(sorted(restricted))

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection with temporary tables of its own."""
        cursor = self._engine.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def close(self) -> None:
        """Let go of the files."""
        self._engine.close()

    def lookup(self, numbers: pa.Array) -> pa.Table:
        """Entries behind `numbers`, each asked once, in the order asked: a table of schema FOUND.

        A number that is somebody's current one leads to nobody else; a former one may lead to several.
        """
        asked = numbers.drop_null().unique()
        if len(asked) <= MOST_NUMBERS:
            return self.veil.over_found(self._near.found(asked.to_pylist()))
        return self.veil.over_found(self._about(numbers, (_FIND,), _FOUND).cast(FOUND))

    def relatives(self, numbers: pa.Array) -> pa.Table:
        """Father, mother and children, oldest first, of the holders of current or superseded `numbers`: RELATIVES."""
        related = self._about(numbers, (_FIND, _PARENTS_OF, _RELATE), _RELATED)
        return self.veil.over_relatives(related.cast(RELATIVES))

    def _restrict(self, numbers: list[str]) -> None:
        """Withhold the holders of `numbers` from now on, under all their numbers."""
        held = self.lookup(pa.array(numbers, pa.string()))
        superseded = [number for several in held["superseded_ids"].to_pylist() for number in several]
        self.veil = Veil(frozenset([*numbers, *superseded]))
        self._engine.execute(
            "INSERT INTO restricted SELECT unnest($numbers)::BIGINT",
            {"numbers": held["personal_id"].to_pylist()},
        )

    def _about(self, numbers: pa.Array, steps: tuple[str, ...], question: str) -> pa.Table:
        """Answer `question` after `steps`, each of which leaves a small table whose keys prune the next one's reading."""
        with self.cursor() as cursor:
            ask_numbers(cursor, numbers)
            for step in steps:
                cursor.execute(step)
            return cursor.sql(question).to_arrow_table()


def ask_numbers(cursor: duckdb.DuckDBPyConnection, numbers: pa.Array) -> None:
    """Make the temporary table `questions(asked, place)`: the distinct numbers and where each stood first."""
    cursor.register("uploaded", pa.table({"asked": numbers, "place": pa.array(np.arange(len(numbers)))}))
    cursor.execute("""
        CREATE OR REPLACE TEMP TABLE questions AS
        SELECT asked, min(place) AS place FROM uploaded WHERE asked IS NOT NULL GROUP BY asked
    """)
    cursor.unregister("uploaded")


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """Hold `store` for this process alone.

    Raises:
        StoreInUseError: Another process holds it.
    """
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(store / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise StoreInUseError(store) from held
        yield
    finally:
        os.close(handle)
