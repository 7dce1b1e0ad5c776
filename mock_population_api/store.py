"""Entries on disk, asked by number: current, superseded and former ones, parents and children."""

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from mock_population_api.building import Facts, build_store, open_engine, read_facts, tables_folder
from mock_population_api.errors import RegistryFolderError, StoreInUseError
from mock_population_api.mapped import Array, resident_files
from mock_population_api.name_keys import Folding
from mock_population_api.orders import open_held, open_orders
from mock_population_api.people import WAYS, People
from mock_population_api.restrictions import Veil
from mock_population_api.schemas import FOUND, RELATIVES

__all__ = ["Facts", "Store", "build_store", "locked"]

_RELATIONS = ("father", "mother", "child")
_MOST_MAPPED = 5 * 2**29
"""Bytes of files in memory from which on mapped pages are given back."""
_ALWAYS_ASKED, _MOST_KEPT = ("entries", "names"), 3 * 2**28
"""What is looked at of everybody who fits, and how many bytes of it are never given back; of a larger store nothing is kept."""


class Store:
    """The tables of one store, open for questions. May be shared by threads."""

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
        self.people = People(tables_folder(folder, facts))
        self.people.mapped.keep(_ALWAYS_ASKED, _MOST_KEPT)
        self.folding = Folding(self._engine)
        self.veil = Veil()
        withheld = self._restrict(sorted(restricted)) if restricted else np.zeros(0, np.int32)
        self.orders = open_orders(self.people.mapped)
        self.held = open_held(self.people.mapped, withheld)

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection with temporary tables of its own."""
        cursor = self._engine.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def close(self) -> None:
        """Let go of the engine; mapped files go with the last that uses them."""
        self._engine.close()

    def used(self) -> None:
        """After a few questions: where many mapped pages are held they are given back, so that memory stays within bounds."""
        if resident_files() > _MOST_MAPPED:
            self.people.mapped.trim()

    def lookup(self, numbers: pa.Array) -> pa.Table:
        """Entries behind `numbers`, each asked once, in the order asked: a table of schema FOUND.

        A number that is somebody's current one leads to nobody else; a former one may lead to several.
        """
        asked = numbers.drop_null().unique()
        place, way, at = self.people.behind(asked)
        self.used()
        columns = [asked.take(pa.array(place)), pa.array(WAYS).take(pa.array(way)), *self.people.at(at)]
        return self.veil.over_found(pa.table(columns, names=FOUND.names).cast(FOUND))

    def relatives(self, numbers: pa.Array) -> pa.Table:
        """Father, mother and children, oldest first, of the holders of current or superseded `numbers`: RELATIVES."""
        asked = numbers.drop_null().unique()
        place, way, at = self.people.behind(asked)
        place, at = place[way < WAYS.index("former")], at[way < WAYS.index("former")]
        holder, relation, kin = self.people.related(at)
        self.used()
        relations = pa.array(_RELATIONS).take(pa.array(relation))
        columns = [asked.take(pa.array(place[holder])), relations, *self.people.at(kin)]
        return self.veil.over_relatives(pa.table(columns, names=RELATIVES.names).cast(RELATIVES))

    def _restrict(self, numbers: list[str]) -> Array:
        """Withhold the holders of `numbers` from now on, under all their numbers: their positions."""
        asked = pa.array(numbers, pa.string())
        held = self.lookup(asked)
        superseded = [number for several in held["superseded_ids"].to_pylist() for number in several]
        self.veil = Veil(frozenset([*numbers, *superseded]))
        return self.people.behind(asked)[2]


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
