"""A registry extract made ready for linkage: entries in numeric form sorted by birth date, distinct names beside.

Written once per extract into a work folder and used again as long as the extract has not changed. All work is done by DuckDB
over Parquet, so that memory doesn't grow with the registry; only distinct names pass through Python.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.errors import FolderProblem
from connectors.registry_folder import registry_folder
from matching.keys import NAME_FEATURES, name_features
from matching.normalise.names import entry_names
from matching.people import id_provinces
from matching.schemas import ENTRY

FORMAT = 1
"""Raised when the prepared files change their form."""

NAMES_AT_ONCE = 200_000

Progress = Callable[[str, int, int], None]
"""Called with what is being done, done, to do."""


@dataclass(frozen=True)
class Extract:
    """Where the parts of a prepared extract lie."""

    parts: tuple[Path, ...]
    """The extract as given."""
    work: Path

    @property
    def entries(self) -> Path:
        """ENTRY_KEYS sorted by birth date."""
        return self.work / "entries.parquet"

    @property
    def names(self) -> Path:
        """`raw`, NAME_FEATURES, `people`: one row per distinct name as written."""
        return self.work / "names.parquet"

    @property
    def numbers(self) -> Path:
        """`asked`, `found_by`, `entry`: superseded and former numbers."""
        return self.work / "numbers.parquet"


def connect(memory: str, work: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection that spills into the work folder; no extension is ever loaded."""
    work.mkdir(parents=True, exist_ok=True, mode=0o700)
    return duckdb.connect(config={
        "memory_limit": memory, "temp_directory": str(work / "spill"),
        "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
        "preserve_insertion_order": "false",
    })  # fmt: skip


def prepare(folder: Path, work: Path, memory: str = "4GB", progress: Progress = lambda *_: None) -> Extract:
    """Make an extract ready, or find that it is.

    Args:
        folder: registry folder of Parquet parts, columns of ENTRY; other columns are ignored.
        work: where to put the prepared files (personal data: keep it as private as the extract).
        memory: DuckDB's memory limit.
        progress: told what is being done.

    Raises:
        FolderProblem: the folder is no registry folder.
    """
    extract = Extract(tuple(registry_folder(folder)), work)
    mark = work / "prepared.json"
    fingerprint = _fingerprint(extract.parts)
    if mark.exists() and json.loads(mark.read_text())["fingerprint"] == fingerprint:
        return extract
    mark.unlink(missing_ok=True)
    with connect(memory, work) as con:
        _view(con, extract)
        _check_people(con, folder)
        _write_names(con, extract, progress)
        _write_entries(con, extract)
        _write_numbers(con, extract)
    mark.write_text(json.dumps({"fingerprint": fingerprint}))
    return extract


def _fingerprint(parts: tuple[Path, ...]) -> str:
    facts = [(part.name, part.stat().st_size, part.stat().st_mtime_ns) for part in parts]
    return hashlib.sha256(repr((FORMAT, facts)).encode()).hexdigest()


def _view(con: duckdb.DuckDBPyConnection, extract: Extract) -> None:
    """The extract as `raw`, with every column of ENTRY: an absent one is null."""
    files = [str(part) for part in extract.parts]
    source = con.read_parquet(files, union_by_name=True)
    columns = [
        f"CAST({field.name} AS {_sql_type(field.type)}) AS {field.name}"
        if field.name in source.columns
        else f"CAST(NULL AS {_sql_type(field.type)}) AS {field.name}"
        for field in ENTRY
    ]
    con.register("extract_files", source)
    con.execute(f"CREATE OR REPLACE TEMP VIEW raw AS SELECT {', '.join(columns)} FROM extract_files")


def _check_people(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Every number must be twelve digits: it is the answer that is given for a person."""
    ((people, wrong),) = con.sql(
        "SELECT count(*), count(*) FILTER (NOT coalesce(regexp_full_match(personal_id, '[0-9]{12}'), false)) FROM raw"
    ).fetchall()
    if not people:
        raise FolderProblem(
            folder, "holds no entries", "Give the folder of a registry extract with people in it."
        )
    if wrong:
        remedy = "Write them as text of twelve digits, with their zeros."
        raise FolderProblem(folder, f"{wrong} of {people} personal_id are not twelve digits", remedy)


def sql_text(path: Path) -> str:
    """A path as a literal of SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return "VARCHAR[]"
    return "DATE" if pa.types.is_date(kind) else "VARCHAR"


def _write_names(con: duckdb.DuckDBPyConnection, extract: Extract, progress: Progress) -> None:
    distinct = con.sql("SELECT full_name AS raw, count(*) AS people FROM raw GROUP BY ALL").to_arrow_table()
    schema = pa.schema([pa.field("raw", pa.string()), *NAME_FEATURES, pa.field("people", pa.int64())])
    with pq.ParquetWriter(extract.names, schema) as writer:
        for start in range(0, len(distinct), NAMES_AT_ONCE):
            writer.write_table(
                _features_of(distinct.slice(start, NAMES_AT_ONCE)).select(schema.names).cast(schema)
            )
            progress("names", min(start + NAMES_AT_ONCE, len(distinct)), len(distinct))
    extract.names.chmod(0o600)


def _features_of(distinct: pa.Table) -> pa.Table:
    """Names as written with the features of their canonical form; what is no name is left out."""
    canonical = entry_names(distinct["raw"])
    named = distinct.append_column("name", canonical).filter(pc.is_valid(canonical))
    unique = pc.unique(named["name"])
    features = name_features(unique.to_pylist())
    at = pa.array(pc.index_in(named["name"].combine_chunks(), value_set=unique))
    columns = {name: features[name].combine_chunks().take(at) for name in features.column_names}
    return pa.table({"raw": named["raw"], "people": named["people"], **columns})


def _write_entries(con: duckdb.DuckDBPyConnection, extract: Extract) -> None:
    regions = ", ".join(f"('{old.code}', {int(old.new_code)})" for old in id_provinces().values())
    con.execute(f"CREATE OR REPLACE TEMP TABLE names AS SELECT * FROM {sql_text(extract.names)}")
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE people AS
        SELECT CAST(personal_id AS BIGINT) AS entry, any_value(coalesce(name_key, 0)) AS name_key
        FROM raw LEFT JOIN names ON raw.full_name = names.raw GROUP BY ALL
        """
    )
    con.execute(
        f"""
        COPY (
            SELECT CAST(r.personal_id AS BIGINT) AS entry,
                   coalesce(n.name_key, 0) AS name_key, coalesce(n.folded, 0) AS folded, coalesce(n.sound, 0) AS sound,
                   coalesce(n.given, 0) AS given, coalesce(n.sorted, 0) AS sorted,
                   {_BIRTH},
                   CAST(CASE r.gender WHEN 'M' THEN 1 WHEN 'F' THEN 2 ELSE 0 END AS TINYINT) AS gender,
                   coalesce(TRY_CAST(r.birth_province AS SMALLINT), 0)::SMALLINT AS birth_province,
                   CAST(coalesce(p.region, 0) AS TINYINT) AS birth_region,
                   coalesce(TRY_CAST(r.residence_province AS TINYINT), 0)::TINYINT AS residence_province,
                   coalesce(TRY_CAST(r.residence_commune AS INT), 0) AS residence_commune,
                   coalesce(TRY_CAST(r.father_id AS BIGINT), 0) AS father,
                   coalesce(TRY_CAST(r.mother_id AS BIGINT), 0) AS mother,
                   coalesce(f.name_key, 0) AS father_name, coalesce(m.name_key, 0) AS mother_name,
                   coalesce(r.status = 'deceased', false) AS deceased
            FROM raw r
            LEFT JOIN names n ON r.full_name = n.raw
            LEFT JOIN (VALUES {regions}) p(code, region) ON r.birth_province = p.code
            LEFT JOIN people f ON TRY_CAST(r.father_id AS BIGINT) = f.entry
            LEFT JOIN people m ON TRY_CAST(r.mother_id AS BIGINT) = m.entry
            ORDER BY birth_day
        ) TO {sql_text(extract.entries)} (FORMAT parquet, COMPRESSION zstd)
        """
    )
    extract.entries.chmod(0o600)


_BIRTH = """
    CASE WHEN r.birth_date IS NOT NULL AND coalesce(r.birth_precision, 'day') = 'day'
         THEN CAST(r.birth_date - DATE '1970-01-01' AS INT) END AS birth_day,
    CAST(year(r.birth_date) AS SMALLINT) AS year,
    CAST(CASE WHEN coalesce(r.birth_precision, 'day') <> 'year' THEN month(r.birth_date) END AS TINYINT) AS month,
    CAST(CASE WHEN coalesce(r.birth_precision, 'day') = 'day' THEN day(r.birth_date) END AS TINYINT) AS day,
    CAST(CASE WHEN r.birth_date IS NULL THEN 0
              ELSE CASE r.birth_precision WHEN 'year' THEN 1 WHEN 'month' THEN 2 ELSE 3 END END AS TINYINT) AS precision
"""


def _write_numbers(con: duckdb.DuckDBPyConnection, extract: Extract) -> None:
    con.execute(
        f"""
        COPY (
            SELECT asked, found_by, entry FROM (
                SELECT unnest(superseded_ids) AS asked, 'superseded' AS found_by, CAST(personal_id AS BIGINT) AS entry FROM raw
                UNION ALL
                SELECT unnest(former_ids), 'former', CAST(personal_id AS BIGINT) FROM raw)
            WHERE asked IS NOT NULL ORDER BY asked
        ) TO {sql_text(extract.numbers)} (FORMAT parquet, COMPRESSION zstd)
        """
    )
    extract.numbers.chmod(0o600)
