"""The store on disk: sorted Parquet made once from a folder of entries, and made again only when that changed.

Layout of a store::

    current.json          which tables answer now: fingerprint, number of entries, as-of
    tables-<fingerprint>/  one Parquet file per table of TABLES, entries in parts
    tmp/                   where DuckDB spills
    state.sqlite, jobs/, disclosures/   audit and jobs, kept when the tables are made again

Every table is sorted by what it is asked for, so that a question reads the few row groups that can hold its answer.
Entries are sorted and joined part by part, in the order of their numbers; narrow tables are sorted by DuckDB within its
memory limit. Python never holds more than a batch of numbers.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq

from mock_population_api import folding
from mock_population_api.errors import RegistryFolderError
from mock_population_api.intake import as_of, check_columns, fingerprint, input_files
from mock_population_api.schemas import ENTRY

ROW_GROUP = 16_384


@dataclass(frozen=True)
class Facts:
    """What the store knows of itself."""

    fingerprint: str
    entries: int
    as_of: str
    source: str


@dataclass(frozen=True)
class Table:
    """One file of the store: what it holds, in which order."""

    name: str
    select: str
    order: str


TABLES = (
    # every number that leads to somebody: 0 current, 1 superseded, 2 former; a former number may lead to several
    Table(
        "numbers",
        """
        SELECT personal_id AS asked, 0::UTINYINT AS found_by, key FROM entries
        UNION ALL SELECT DISTINCT unnest(superseded_ids), 1::UTINYINT, key FROM entries WHERE len(superseded_ids) > 0
        UNION ALL SELECT DISTINCT unnest(former_ids), 2::UTINYINT, key FROM entries WHERE len(former_ids) > 0
        """,
        "asked, found_by, key",
    ),
    Table(
        "children",
        """
        SELECT father AS parent, key FROM entries WHERE father IS NOT NULL
        UNION SELECT mother, key FROM entries WHERE mother IS NOT NULL
        """,
        "parent, key",
    ),
    Table(
        "by_name",
        """
        SELECT words, year, day_month, birth_province, residence_province, residence_commune, key
        FROM entries WHERE words IS NOT NULL
        """,
        "words, year, key",
    ),
    Table(
        "by_sound",
        "SELECT sound, year, key FROM entries WHERE sound IS NOT NULL",
        "sound, year, key",
    ),
    Table(
        "by_edge",
        """
        SELECT edge, year, day_month, birth_province, residence_province, key FROM entries WHERE words IS NOT NULL
        """,
        "edge, year, key",
    ),
    Table(
        "by_date",
        """
        SELECT birth_date, folded, first_word(folded) AS first, last_word(folded) AS last,
               initials, gender, birth_province, key
        FROM entries WHERE birth_precision = 'day'
        """,
        "birth_date, key",
    ),
    Table(
        "by_commune",
        """
        SELECT residence_commune, year, folded, last_word(folded) AS last, key
        FROM entries WHERE residence_commune IS NOT NULL
        """,
        "residence_commune, year, key",
    ),
    Table(
        "by_birthplace",
        "SELECT birth_province, year, day_month, folded, key FROM entries WHERE day_month IS NOT NULL",
        "birth_province, year, key",
    ),
)

PART_ROWS = 3_000_000
"""Entries sorted and joined at a time, so that memory doesn't grow with the registry."""

_PART = """
    CREATE OR REPLACE TEMP TABLE part AS
    SELECT input.*, coalesce(f.key, try_cast(father_id AS BIGINT)) AS father,
           coalesce(m.key, try_cast(mother_id AS BIGINT)) AS mother
    FROM input LEFT JOIN renumbered f ON f.asked = father_id LEFT JOIN renumbered m ON m.asked = mother_id
    WHERE input.key BETWEEN $first AND $last
"""

_NAMES = """
    CREATE OR REPLACE TEMP TABLE names AS
    SELECT *, keyed(sounded(folded)) AS sound, keyed(spelled(full_name)) AS spelled,
           keyed(sorted_words(folded)) AS words, initials(folded) AS initials,
           keyed(first_word(folded) || ' ' || last_word(folded)) AS edge
    FROM (SELECT full_name, folded(full_name) AS folded
          FROM (SELECT DISTINCT full_name FROM part WHERE full_name IS NOT NULL))
"""

_PARENTS = """
    CREATE OR REPLACE TEMP TABLE parents AS
    SELECT key, full_name FROM input WHERE key IN (SELECT father FROM part UNION SELECT mother FROM part)
"""

_ENTRIES = """
    SELECT part.*, father.full_name AS father_name, mother.full_name AS mother_name, names.* EXCLUDE (full_name)
    FROM part
    LEFT JOIN parents father ON father.key = part.father
    LEFT JOIN parents mother ON mother.key = part.mother
    LEFT JOIN names ON names.full_name = part.full_name
    ORDER BY part.key
"""


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
    engine.execute("SET parquet_metadata_cache = true")
    # a batch of a thousand keys still prunes row groups; the default stops at fifty
    engine.execute("SET dynamic_or_filter_threshold = 1000")
    if threads is not None:
        engine.execute("SET threads = $threads", {"threads": threads})
    folding.define(engine)
    return engine


def build_store(
    registry: Path,
    store: Path,
    memory_limit: str = "3GB",
    part_rows: int = PART_ROWS,
    more: Sequence[Path] = (),
) -> Facts:
    """Make the tables of `store` from the `*.parquet` of `registry`, unless they are there already.

    Args:
        registry: Folder of Parquet files with the columns of ENTRY.
        store: Folder of the store; audit and jobs in it stay.
        memory_limit: What DuckDB may use, as it writes sizes.
        part_rows: Entries joined and sorted at a time.
        more: Further files of entries, from elsewhere.

    Raises:
        RegistryFolderError: No entries, a column missing or of another type, or numbers that can't be right.
    """
    own = input_files(registry)
    files = [*own, *more]
    changed_by = (duckdb.__version__, folding.MACROS, TABLES, _PART, _NAMES, _ENTRIES)
    made_of = fingerprint(files, changed_by)
    present = read_facts(store)
    if present is not None and present.fingerprint == made_of:
        return present
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    check_columns(files)
    half_made = store / f"making-{made_of}"
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir(mode=0o700)
    engine = open_engine(store, memory_limit)
    try:
        entries = _make_tables(engine, registry, files, half_made, part_rows)
    finally:
        engine.close()
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


def _make_tables(
    engine: duckdb.DuckDBPyConnection, registry: Path, files: list[Path], folder: Path, part_rows: int
) -> int:
    _read_input(engine, files)
    parts = _parts(engine, _check_numbers(engine, registry), part_rows)
    (folder / "entries").mkdir(mode=0o700)
    for place, (first, last) in enumerate(parts):
        engine.execute(_PART, {"first": first, "last": last})
        engine.execute(_NAMES)
        engine.execute(_PARENTS)
        _write(engine, _ENTRIES, folder / "entries" / f"{place:05d}.parquet")
    entries = _check_distinct(registry, folder / "entries")
    engine.execute(f"CREATE VIEW entries AS SELECT * FROM read_parquet({source_of(folder, 'entries')})")
    for table in TABLES:
        _write(engine, f"{table.select} ORDER BY {table.order}", folder / f"{table.name}.parquet")
    return entries


def source_of(tables: Path, name: str) -> str:
    """The file or files of one table, as an SQL text literal."""
    return literal(tables / name / "*.parquet" if name == "entries" else tables / f"{name}.parquet")


def _parts(engine: duckdb.DuckDBPyConnection, entries: int, part_rows: int) -> list[tuple[int, int]]:
    """First and last key of each part, in order, so that the parts one after the other are sorted."""
    count = -(-entries // part_rows)
    cuts: list[int] = []
    if count > 1:
        shares = ", ".join(str(place / count) for place in range(1, count))
        cuts = engine.sql(f"SELECT approx_quantile(key, [{shares}]) FROM input").fetchall()[0][0]
    edges = [-1, *sorted(set(cuts)), 10**12]
    return [(before + 1, last) for before, last in pairwise(edges)]


def _read_input(engine: duckdb.DuckDBPyConnection, files: list[Path]) -> None:
    columns = ", ".join(field.name for field in ENTRY if field.name not in {"former_ids", "superseded_ids"})
    listed = ", ".join(literal(file) for file in files)
    engine.execute(f"""
        CREATE VIEW input AS
        SELECT {columns}, coalesce(former_ids, []) AS former_ids, coalesce(superseded_ids, []) AS superseded_ids,
               try_cast(personal_id AS BIGINT) AS key, year(birth_date)::SMALLINT AS year,
               CASE WHEN birth_precision = 'day' THEN month(birth_date) * 100 + day(birth_date) END::SMALLINT
                   AS day_month
        FROM read_parquet([{listed}], union_by_name = true)
    """)
    # the few cancelled numbers are what is held in memory, never all the current ones
    engine.execute("""
        CREATE TEMP TABLE cancelled AS
        SELECT asked, min(key) AS key FROM (SELECT unnest(superseded_ids) AS asked, key FROM input
            WHERE len(superseded_ids) > 0)
        GROUP BY asked
    """)
    engine.execute("""
        CREATE TEMP TABLE renumbered AS
        SELECT * FROM cancelled
        WHERE asked NOT IN (SELECT personal_id FROM input WHERE personal_id IN (SELECT asked FROM cancelled))
    """)


def _check_numbers(engine: duckdb.DuckDBPyConnection, registry: Path) -> int:
    """The number of entries, all of which have a number of the right form."""
    entries, wrong = engine.sql(r"""
        SELECT count(*), count(*) FILTER (NOT coalesce(regexp_full_match(personal_id, '\d{12}'), false)) FROM input
    """).fetchall()[0]
    if wrong:
        raise RegistryFolderError(registry, f"{wrong} entries have no personal_id of 12 digits")
    return int(entries)


def _check_distinct(registry: Path, entries: Path) -> int:
    """The number of entries, which are sorted by key; two with one number can't both be right."""
    count, last = 0, -1
    for path in sorted(entries.glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=["key"], batch_size=1_000_000):
                keys = np.concatenate(([last], batch.column(0).to_numpy()))
                if (np.diff(keys) <= 0).any():
                    raise RegistryFolderError(registry, "holds one personal_id twice")
                count, last = count + len(batch), int(keys[-1])
    return count


def _write(engine: duckdb.DuckDBPyConnection, select: str, file: Path) -> None:
    engine.execute(
        f"COPY ({select}) TO {literal(file)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
    )
    file.chmod(0o600)
