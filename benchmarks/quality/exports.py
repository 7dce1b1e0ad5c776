"""A world as the peer gets it: the same normalised records and registry names that our own linkage compares, as two Parquet files.

Both sides have the columns of PERSON. Everything is read by the project's public normalisation; only distinct names pass through
Python, people stay in DuckDB, so that the registry's size costs no memory here.
"""

import datetime
import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.quality.worlds import World
from connectors.education_records import families, raw_records
from connectors.files import read_education_folder
from matching.normalise.names import entry_names, fold, sound
from matching.normalise.places import region_of_birth_province
from matching.normalise.records import normalise_records
from matching.schemas import KINDS

MEMORY = "6GB"

PERSON = (
    "unique_id", "name", "folded", "heard", "given", "sorted_words", "ends",
    "birth_day", "birth_year", "birth_month", "day_of_month", "date_parts", "gender",
    "birth_province", "birth_region", "residence_province", "residence_commune",
    "number", "number_other", "followed", "father_name", "father_folded", "mother_name", "mother_folded", "children",
)  # fmt: skip
"""`heard` whole name by ear, without spaces; `given` the last word by ear; `birth_day` only where the day is known; `date_parts`
3 day, 2 month, 1 year, 0 nothing; `number` on the registry's side is the personal ID; `followed` the current number of the one entry
whose former or superseded number was claimed; `children` a hash of folded name and birth date of each child, where the day is known: the
pupils of a guardian, the children of an entry born since CHILDREN_BORN_SINCE."""

CHILDREN_BORN_SINCE = 1990
"""Nobody older is at school with a guardian."""

_NAMES_AT_ONCE = 200_000

_NAME_COLUMNS = pa.schema(
    [(name, pa.string()) for name in ("raw", "name", "folded", "heard", "given", "sorted_words", "ends")]
)


def exported(world: World, folder: Path, as_of: datetime.date) -> None:
    """Write FOLDER/{teacher,student,guardian}.parquet and FOLDER/registry.parquet, unless they are there.

    Args:
        world: the world.
        folder: where to; the same folder for the same world.
        as_of: the day ages are reckoned to.
    """
    mark = folder / "exported.json"
    if mark.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(
        config={
            "memory_limit": MEMORY, "temp_directory": str(folder / "spill"), "preserve_insertion_order": "false",
        }
    ) as con:  # fmt: skip
        con.execute(f"CREATE TEMP VIEW people AS FROM read_parquet('{world.registry}/*.parquet')")
        _write_records(con, world, folder, as_of)
        entries = _write_registry(con, folder)
    mark.write_text(json.dumps({"entries": entries, "as_of": as_of.isoformat()}))


def entries_in(folder: Path) -> int:
    """People in an exported registry."""
    return json.loads((folder / "exported.json").read_text())["entries"]


def _write_records(con: duckdb.DuckDBPyConnection, world: World, folder: Path, as_of: datetime.date) -> None:
    tables = read_education_folder(world.education, KINDS)
    records, _ = normalise_records(raw_records(tables), as_of)
    con.register("records", records)
    con.register("families", families(tables))
    con.register("words", _features([*records["name"].chunks, *records["name_other"].chunks]))
    con.execute(_READINGS)
    for kind in KINDS:
        con.execute(_RECORDS.format(columns=", ".join(PERSON), kind=kind, out=folder / f"{kind}.parquet"))


_READINGS = """
    CREATE TEMP TABLE parents AS
    SELECT f.student_id AS record_id, f.relationship, arg_min(w.name, f.guardian_id) AS name, arg_min(w.folded, f.guardian_id) AS folded
    FROM families f JOIN records r ON r.kind = 'guardian' AND r.record_id = f.guardian_id JOIN words w ON w.raw = r.name
    WHERE f.relationship IN ('father', 'mother') GROUP BY ALL;
    CREATE TEMP TABLE homes AS
    SELECT f.guardian_id AS record_id, arg_min(r.residence_province, f.student_id) AS province,
           arg_min(coalesce(r.residence_commune, ''), f.student_id) AS commune
    FROM families f JOIN records r ON r.kind = 'student' AND r.record_id = f.student_id
    WHERE r.residence_province IS NOT NULL GROUP BY ALL;
    CREATE TEMP TABLE pupils AS
    SELECT f.guardian_id AS record_id, list(hash(w.folded || CAST(r.birth_from AS VARCHAR))) AS children
    FROM families f JOIN records r ON r.kind = 'student' AND r.record_id = f.student_id AND r.birth_precision = 'day'
    JOIN words w ON w.raw = r.name GROUP BY ALL;
    CREATE TEMP TABLE followed AS
    SELECT asked, any_value(personal_id) AS current FROM (
        SELECT unnest(superseded_ids || former_ids) AS asked, personal_id FROM people)
    WHERE asked IN (SELECT claimed_id FROM records UNION ALL SELECT claimed_former FROM records)
    GROUP BY asked HAVING count(DISTINCT personal_id) = 1;
    CREATE TEMP TABLE readings AS
    SELECT kind, record_id, name AS reading, 1 AS nth FROM records
    UNION ALL SELECT kind, record_id, name_other, 2 FROM records WHERE name_other IS NOT NULL
"""
"""Parents' names for students and the child's home for guardians without one, as our own linkage takes them; a second reading of
a name is a second row."""

_RECORDS = """
    COPY (
        SELECT {columns} FROM (
            SELECT r.record_id || '#' || d.nth AS unique_id, w.name, w.folded, w.heard, w.given, w.sorted_words, w.ends,
                   CASE r.birth_precision WHEN 'day' THEN 3 WHEN 'month' THEN 2 WHEN 'year' THEN 1 ELSE 0 END AS date_parts,
                   CASE WHEN date_parts = 3 THEN r.birth_from - DATE '1970-01-01' END AS birth_day,
                   CASE WHEN date_parts >= 1 THEN year(r.birth_from) END AS birth_year,
                   CASE WHEN date_parts >= 2 THEN month(r.birth_from) END AS birth_month,
                   CASE WHEN date_parts = 3 THEN day(r.birth_from) END AS day_of_month,
                   r.gender, r.birth_province, r.birth_region,
                   coalesce(r.residence_province, h.province) AS residence_province,
                   CASE WHEN r.residence_province IS NULL THEN nullif(h.commune, '') ELSE r.residence_commune END AS residence_commune,
                   r.claimed_id AS number, r.claimed_other AS number_other, o.current AS followed,
                   f.name AS father_name, f.folded AS father_folded, m.name AS mother_name, m.folded AS mother_folded, c.children
            FROM records r JOIN readings d USING (kind, record_id) LEFT JOIN words w ON w.raw = d.reading
            LEFT JOIN homes h ON r.kind = 'guardian' AND h.record_id = r.record_id
            LEFT JOIN pupils c ON r.kind = 'guardian' AND c.record_id = r.record_id
            LEFT JOIN followed o ON o.asked = coalesce(r.claimed_former, r.claimed_id)
            LEFT JOIN parents f ON r.kind = 'student' AND f.record_id = r.record_id AND f.relationship = 'father'
            LEFT JOIN parents m ON r.kind = 'student' AND m.record_id = r.record_id AND m.relationship = 'mother'
            WHERE r.kind = '{kind}' AND r.left_out IS NULL)
    ) TO '{out}' (FORMAT parquet)
"""


def _write_registry(con: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """The registry's export; returns how many people it has."""
    distinct = con.sql("SELECT DISTINCT full_name FROM people").to_arrow_table()["full_name"]
    names = folder / "names.parquet"
    with pq.ParquetWriter(names, _NAME_COLUMNS) as writer:
        for start in range(0, len(distinct), _NAMES_AT_ONCE):
            writer.write_table(_features(distinct.slice(start, _NAMES_AT_ONCE).chunks, entry_names))
    con.execute(f"CREATE TEMP TABLE entry_words AS SELECT row_number() OVER () AS code, * FROM '{names}'")
    con.register("regions", _regions(con.sql("SELECT DISTINCT birth_province FROM people").to_arrow_table()))
    con.execute(
        "CREATE TEMP TABLE named AS SELECT CAST(personal_id AS BIGINT) AS entry, CAST(code AS INT) AS code "
        "FROM people JOIN entry_words w ON w.raw = full_name"
    )
    con.execute(_PARENTS_OF.format(year=CHILDREN_BORN_SINCE))
    con.execute(_REGISTRY.format(columns=", ".join(PERSON), out=folder / "registry.parquet"))
    return pq.read_metadata(folder / "registry.parquet").num_rows


_PARENTS_OF = """
    CREATE TEMP TABLE parents_of AS
    WITH young AS (
        SELECT father_id, mother_id, hash(folded || CAST(birth_date AS VARCHAR)) AS child
        FROM people JOIN entry_words ON raw = full_name WHERE birth_precision = 'day' AND year(birth_date) >= {year})
    SELECT CAST(parent AS BIGINT) AS parent, list(child) AS children FROM (
        SELECT father_id AS parent, child FROM young UNION ALL SELECT mother_id, child FROM young)
    WHERE parent IS NOT NULL GROUP BY ALL
"""

_REGISTRY = """
    COPY (
        SELECT {columns} FROM (
            SELECT p.personal_id AS unique_id, w.name, w.folded, w.heard, w.given, w.sorted_words, w.ends,
                   CASE WHEN p.birth_date IS NULL THEN 0 ELSE CASE p.birth_precision WHEN 'year' THEN 1 WHEN 'month' THEN 2 ELSE 3 END END AS date_parts,
                   CASE WHEN date_parts = 3 THEN p.birth_date - DATE '1970-01-01' END AS birth_day,
                   year(p.birth_date) AS birth_year,
                   CASE WHEN date_parts >= 2 THEN month(p.birth_date) END AS birth_month,
                   CASE WHEN date_parts = 3 THEN day(p.birth_date) END AS day_of_month,
                   p.gender, p.birth_province, g.region AS birth_region, p.residence_province, p.residence_commune,
                   p.personal_id AS number, CAST(NULL AS VARCHAR) AS number_other, CAST(NULL AS VARCHAR) AS followed,
                   fw.name AS father_name, fw.folded AS father_folded, mw.name AS mother_name, mw.folded AS mother_folded, c.children
            FROM people p LEFT JOIN entry_words w ON w.raw = p.full_name
            LEFT JOIN regions g ON g.birth_province = p.birth_province
            LEFT JOIN named f ON f.entry = CAST(p.father_id AS BIGINT) LEFT JOIN entry_words fw ON fw.code = f.code
            LEFT JOIN named m ON m.entry = CAST(p.mother_id AS BIGINT) LEFT JOIN entry_words mw ON mw.code = m.code
            LEFT JOIN parents_of c ON c.parent = CAST(p.personal_id AS BIGINT))
    ) TO '{out}' (FORMAT parquet)
"""


def _regions(provinces: pa.Table) -> pa.Table:
    """Province of 2025 of each birth province."""
    codes = provinces["birth_province"].drop_null()
    return pa.table({"birth_province": codes, "region": region_of_birth_province(codes)})


def _features(chunks: list[pa.Array], read=None) -> pa.Table:
    """Distinct names with what blocking and comparison use of them; without `read` they are canonical already."""
    raw = pc.unique(pa.chunked_array(chunks, pa.string())).drop_null()
    canonical = (read(raw) if read else raw).to_pylist()
    rows = [(None,) * 6 if name is None else _feature_row(name) for name in canonical]
    columns = zip(*rows, strict=True) if rows else [[]] * 6
    return pa.table([raw, *map(pa.array, columns)], schema=_NAME_COLUMNS)


def _feature_row(name: str) -> tuple[str, ...]:
    folded = fold(name)
    words, heard = folded.split(" "), sound(folded)
    return (
        name,
        folded,
        heard.replace(" ", ""),
        heard.rsplit(" ", 1)[-1],
        " ".join(sorted(words)),
        f"{words[0]} {words[-1]}",
    )
