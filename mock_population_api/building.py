"""The store on disk: sorted Parquet made once from a folder of entries, and made again only when that changed.

Layout of a store::

    current.json          which tables answer now: fingerprint, number of entries, as-of
    tables-<fingerprint>/  one Parquet file per table of TABLES
    tmp/                   where DuckDB spills
    state.sqlite, jobs/, disclosures/   audit and jobs, kept when the tables are made again

Every table is sorted by what it is asked for, so that a question reads the few row groups that can hold its answer.
Nothing here loads all entries into Python: DuckDB sorts and joins within its memory limit and spills the rest.
"""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mock_population_api import folding
from mock_population_api.errors import RegistryFolderError
from mock_population_api.schemas import ENTRY

FORMAT = 1
ROW_GROUP = 65_536
_TAIL_BYTES = 65_536


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
        "by_squashed",
        "SELECT squashed, year, key FROM entries WHERE words IS NOT NULL",
        "squashed, year, key",
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
               initials(folded) AS initials, gender, birth_province, key
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

_ENTRIES = """
    SELECT e.*, father.full_name AS father_name, mother.full_name AS mother_name,
           names.folded, keyed(spelled(e.full_name)) AS spelled,
           keyed(sorted_words(names.folded)) AS words, keyed(without_spaces(names.folded)) AS squashed,
           keyed(first_word(names.folded) || ' ' || last_word(names.folded)) AS edge
    FROM (
        SELECT input.*, coalesce(f.key, try_cast(father_id AS BIGINT)) AS father,
               coalesce(m.key, try_cast(mother_id AS BIGINT)) AS mother
        FROM input LEFT JOIN renumbered f ON f.asked = father_id LEFT JOIN renumbered m ON m.asked = mother_id
    ) e
    LEFT JOIN input father ON father.key = e.father
    LEFT JOIN input mother ON mother.key = e.mother
    LEFT JOIN names ON names.full_name = e.full_name
    ORDER BY e.key
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
    engine.execute("SET parquet_metadata_cache = true")
    if threads is not None:
        engine.execute("SET threads = $threads", {"threads": threads})
    folding.define(engine)
    return engine


def build_store(registry: Path, store: Path, memory_limit: str = "3GB") -> Facts:
    """Make the tables of `store` from the `*.parquet` of `registry`, unless they are there already.

    Raises:
        RegistryFolderError: No entries, a column missing or of another type, or numbers that can't be right.
    """
    files = _input_files(registry)
    fingerprint = _fingerprint(files)
    present = read_facts(store)
    if present is not None and present.fingerprint == fingerprint:
        return present
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    _check_columns(files)
    half_made = store / f"making-{fingerprint}"
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir(mode=0o700)
    engine = open_engine(store, memory_limit)
    try:
        entries = _make_tables(engine, registry, files, half_made)
    finally:
        engine.close()
    facts = Facts(fingerprint, entries, _as_of(files), "mock national population registry, synthetic people")
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


def _input_files(registry: Path) -> list[Path]:
    files = sorted(registry.glob("*.parquet"))
    if not files:
        raise RegistryFolderError(registry, "holds no *.parquet file of entries")
    return files


def _fingerprint(files: list[Path]) -> str:
    """Names, sizes, times and Parquet footers of the input, and what the keys depend on."""
    digest = hashlib.sha256(f"{FORMAT} {duckdb.__version__}".encode())
    for file in files:
        facts = file.stat()
        digest.update(f"\n{file.name} {facts.st_size} {facts.st_mtime_ns} ".encode())
        with file.open("rb") as stream:
            stream.seek(max(0, facts.st_size - _TAIL_BYTES))
            digest.update(stream.read())
    return digest.hexdigest()[:24]


def _as_of(files: list[Path]) -> str:
    """The moment the newest file names in its metadata, else when it was written."""
    stated = [(pq.read_schema(file).metadata or {}).get(b"as_of") for file in files]
    known: list[str] = [moment.decode() for moment in stated if moment]
    if known:
        return max(known)
    written = max(file.stat().st_mtime for file in files)
    return datetime.fromtimestamp(written, UTC).isoformat(timespec="seconds")


def _check_columns(files: list[Path]) -> None:
    for file in files:
        try:
            schema = pq.read_schema(file)
        except (pa.ArrowException, OSError) as broken:
            raise RegistryFolderError(file, "is not a Parquet file that can be read") from broken
        for field in ENTRY:
            if field.name not in schema.names:
                raise RegistryFolderError(file, f"has no column {field.name}")
            if not _fits(schema.field(field.name).type, field.type):
                found = schema.field(field.name).type
                raise RegistryFolderError(file, f"column {field.name} is {found}, it must be {field.type}")


def _fits(found: pa.DataType, wanted: pa.DataType) -> bool:
    if pa.types.is_dictionary(found):
        return _fits(found.value_type, wanted)
    if pa.types.is_list(wanted):
        return (pa.types.is_list(found) or pa.types.is_large_list(found)) and _fits(
            found.value_type, wanted.value_type
        )
    if pa.types.is_string(wanted):
        return bool(
            pa.types.is_string(found) or pa.types.is_large_string(found) or pa.types.is_string_view(found)
        )
    return bool(found == wanted)


def _make_tables(engine: duckdb.DuckDBPyConnection, registry: Path, files: list[Path], folder: Path) -> int:
    _read_input(engine, files)
    _check_numbers(engine, registry)
    _write(engine, _ENTRIES, folder / "entries.parquet")
    entries = _check_distinct(registry, folder / "entries.parquet")
    engine.execute(
        f"CREATE VIEW entries AS SELECT * FROM read_parquet({literal(folder / 'entries.parquet')})"
    )
    for table in TABLES:
        _write(engine, f"{table.select} ORDER BY {table.order}", folder / f"{table.name}.parquet")
    return entries


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
    engine.execute("""
        CREATE TEMP TABLE renumbered AS
        SELECT asked, min(key) AS key FROM (SELECT unnest(superseded_ids) AS asked, key FROM input
            WHERE len(superseded_ids) > 0)
        WHERE asked NOT IN (SELECT personal_id FROM input) GROUP BY asked
    """)
    engine.execute("""
        CREATE TEMP TABLE names AS
        SELECT full_name, folded(full_name) AS folded FROM (SELECT DISTINCT full_name FROM input)
        WHERE full_name IS NOT NULL
    """)


def _check_numbers(engine: duckdb.DuckDBPyConnection, registry: Path) -> None:
    rows = engine.sql(r"""
        SELECT count(*) FILTER (NOT coalesce(regexp_full_match(personal_id, '\d{12}'), false)) FROM input
    """).fetchall()
    if rows[0][0]:
        raise RegistryFolderError(registry, f"{rows[0][0]} entries have no personal_id of 12 digits")


def _check_distinct(registry: Path, entries: Path) -> int:
    """The number of entries, which are sorted by key; two with one number can't both be right."""
    count, last = 0, -1
    with pq.ParquetFile(entries) as file:
        for batch in file.iter_batches(columns=["key"], batch_size=1_000_000):
            keys = np.concatenate(([last], batch.column(0).to_numpy()))
            if (np.diff(keys) == 0).any():
                raise RegistryFolderError(registry, "holds one personal_id twice")
            count, last = count + len(batch), int(keys[-1])
    return count


def _write(engine: duckdb.DuckDBPyConnection, select: str, file: Path) -> None:
    engine.execute(
        f"COPY ({select}) TO {literal(file)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
    )
    file.chmod(0o600)
