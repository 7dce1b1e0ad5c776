"""The store on disk: arrays made once from a folder of entries, and made again only when that changed.

Layout of a store::

    current.json          which tables answer now: fingerprint, number of entries, as-of
    tables-<fingerprint>/  one array per column: names, entries by number, and the orders in which they are searched
    tmp/                   where DuckDB spills
    state.sqlite, jobs/, disclosures/   audit and jobs, kept when the tables are made again

Names are folded once each, by DuckDB within its memory limit; entries are unpacked in pieces, and orders sorted as plain numbers. Nothing
but numbers ever stands in memory for all entries at once.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from mock_population_api import folding
from mock_population_api.columns import FACTS
from mock_population_api.intake import as_of, check_columns, fingerprint, input_files
from mock_population_api.name_keys import HEARD
from mock_population_api.name_table import TABLE_OF, make_name_table
from mock_population_api.orders import make_names, make_orders
from mock_population_api.schemas import ENTRY
from mock_population_api.unpacking import parents, unpack

_INTO_ROWS = (
    *(FACTS.names or ()),
    *(f"name_{name}" for name in ("spelled", "signature", "prefix", *TABLE_OF)),
)
"""Columns that are written into rows, and then no longer needed."""
_LAYOUT = 2
"""Raised when arrays are written otherwise, so that stores are made again."""


@dataclass(frozen=True)
class Facts:
    """What the store knows of itself."""

    fingerprint: str
    entries: int
    as_of: str
    source: str


def literal(path: Path) -> str:
    """`path` as an SQL text literal."""
    return "'" + str(path).replace("'", "''") + "'"


def open_engine(
    store: Path, memory_limit: str = "3GB", threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection that keeps to `memory_limit`, spills into the store and fetches no extensions."""
    spill = store / "tmp"
    spill.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = duckdb.connect(":memory:")
    engine.execute("SET memory_limit = $limit", {"limit": memory_limit})
    engine.execute(f"SET temp_directory = {literal(spill)}")
    engine.execute("SET autoinstall_known_extensions = false")
    engine.execute("SET preserve_insertion_order = false")
    engine.execute("SET enable_progress_bar = false")
    if threads is not None:
        engine.execute("SET threads = $threads", {"threads": threads})
    folding.define(engine)
    return engine


def build_store(registry: Path, store: Path, memory_limit: str = "3GB", more: Sequence[Path] = ()) -> Facts:
    """Make the tables of `store` from the `*.parquet` of `registry`, unless they are there already.

    Args:
        registry: Folder of Parquet files with the columns of ENTRY.
        store: Folder of the store; audit and jobs in it stay.
        memory_limit: What DuckDB may use, as it writes sizes.
        more: Further files of entries, from elsewhere.

    Raises:
        RegistryFolderError: No entries, a column missing or of another type, or numbers that can't be right.
    """
    own = input_files(registry)
    files = [*own, *more]
    made_of = fingerprint(files, (duckdb.__version__, folding.MACROS, HEARD, _LAYOUT))
    present = read_facts(store)
    if present is not None and present.fingerprint == made_of:
        return present
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    check_columns(files)
    half_made = store / f"making-{made_of}"
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir(mode=0o700)
    entries = _make_tables(store, memory_limit, registry, files, half_made)
    facts = Facts(made_of, entries, as_of(own), "mock national population registry, synthetic people")
    _publish(store, half_made, facts)
    return facts


def tables_folder(store: Path, facts: Facts) -> Path:
    """Where the tables that `facts` speaks of are."""
    return store / f"tables-{facts.fingerprint}"


def read_facts(store: Path) -> Facts | None:
    """The store's facts, or None when it has no tables that this version can read."""
    try:
        facts = Facts(**json.loads((store / "current.json").read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return facts if tables_folder(store, facts).is_dir() else None


def _publish(store: Path, half_made: Path, facts: Facts) -> None:
    finished = tables_folder(store, facts)
    shutil.rmtree(finished, ignore_errors=True)
    half_made.rename(finished)
    pointer = store / "current.json.new"
    pointer.write_text(json.dumps(asdict(facts), indent=1), encoding="utf-8")
    pointer.replace(store / "current.json")
    for old in store.glob("tables-*"):
        if old != finished:
            shutil.rmtree(old, ignore_errors=True)


def _make_tables(store: Path, memory_limit: str, registry: Path, files: list[Path], folder: Path) -> int:
    scratch = folder / "scratch"
    scratch.mkdir(mode=0o700)
    engine = open_engine(store, memory_limit)
    try:
        _read_input(engine, files)
        make_name_table(engine, registry, folder)
        entries = unpack(engine, registry, folder, scratch)
    finally:
        engine.close()
        shutil.rmtree(scratch, ignore_errors=True)
    parents(folder)
    make_names(folder)
    make_orders(folder)
    for name in _INTO_ROWS:
        (folder / f"{name}.npy").unlink()
    return entries


def _read_input(engine: duckdb.DuckDBPyConnection, files: list[Path]) -> None:
    columns = ", ".join(
        f"{field.name}::VARCHAR AS {field.name}" if str(field.type) == "string" else field.name
        for field in ENTRY
    )
    listed = ", ".join(literal(file) for file in files)
    engine.execute(
        f"CREATE VIEW input AS SELECT {columns} FROM read_parquet([{listed}], union_by_name = true)"
    )
