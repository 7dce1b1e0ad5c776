"""A registry extract made ready for search (`matching.index`), once per extract, used again as long as the extract hasn't changed.

DuckDB reads the extract in one stream; only distinct names pass through Python. Everything that grows with the registry is a file of
numbers, written column by column, so that memory stays at some twenty bytes an entry. A build that was killed goes on where it stood.
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.errors import FolderProblem
from connectors.registry_folder import registry_folder
from matching import index as form
from matching.frequency import WordShares, frequencies_of
from matching.frequency_file import dump_frequencies
from matching.indexing import givens_of, group_numbers, groups_of, near_names, search_order
from matching.nametable import Array, Names, name_table, taken
from matching.normalise.names import entry_names
from matching.orders import counting_order
from matching.profile import VIETNAM, Profile
from matching.schemas import ENTRY

FORMAT = 2
"""Raised when the files change their form."""

MANIFEST = "index.json"

BIRTHS = 2048 << 9
"""Birth numbers are below it."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, done, to do."""


@dataclass(frozen=True)
class BuiltIndex:
    """An index on disk."""

    folder: Path
    entries: int
    source: str
    """The extract's name."""
    profile: str


def is_index(folder: Path) -> bool:
    """Whether a folder holds a finished index."""
    return (folder / MANIFEST).is_file()


def built_index(folder: Path) -> BuiltIndex:
    """An index that was built before.

    Raises:
        FolderProblem: there is none, or of another form.
    """
    try:
        facts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if facts["format"] != FORMAT:
            raise FolderProblem(folder, "is an index of another version of this program", "Build it again: identity-sync index.")
        return BuiltIndex(folder, facts["entries"], facts["source"], facts["profile"])
    except (OSError, ValueError, KeyError) as error:
        raise FolderProblem(folder, "is no finished index", "Build it: identity-sync index.") from error


def build_index(
    folder: Path, work: Path, profile: Profile = VIETNAM, memory: str = "4GB", progress: Progress = lambda *_: None
) -> BuiltIndex:
    """Make an extract ready, or find that it is.

    Args:
        folder: registry folder of Parquet parts, columns of ENTRY; other columns are ignored.
        work: where the index goes (personal data: keep it as private as the extract).
        profile: whose names they are.
        memory: DuckDB's memory limit.
        progress: told what is being done.

    Raises:
        FolderProblem: the folder is no registry folder.
    """
    parts = tuple(registry_folder(folder))
    fingerprint = _fingerprint(parts, profile)
    if _is_built(work, fingerprint):
        return built_index(work)
    building = work / "building"
    _begin(building, work, fingerprint)
    stages = (
        ("names", lambda: _write_names(parts, building, profile, memory, folder)),
        ("columns", lambda: _write_columns(parts, building, memory, progress)),
        ("entries", lambda: _write_entries(building)),
        ("order", lambda: _write_order(building)),
        ("ids", lambda: _write_ids(building)),
        ("parents", lambda: _write_parents(building)),
        ("numbers", lambda: _write_numbers(parts, building, memory)),
        ("frequencies", lambda: _write_frequencies(building)),
    )
    for done, (name, stage) in enumerate(stages):
        progress(f"index: {name}", done, len(stages))
        if not (building / f"{name}.done").exists():
            stage()
            (building / f"{name}.done").touch()
    return _finish(building, work, fingerprint, folder, profile)


def _fingerprint(parts: tuple[Path, ...], profile: Profile) -> str:
    facts = [(part.name, part.stat().st_size, part.stat().st_mtime_ns) for part in parts]
    return hashlib.sha256(repr((FORMAT, profile.name, facts)).encode()).hexdigest()


def _is_built(work: Path, fingerprint: str) -> bool:
    mark = work / MANIFEST
    return mark.exists() and json.loads(mark.read_text(encoding="utf-8")).get("fingerprint") == fingerprint


def _begin(building: Path, work: Path, fingerprint: str) -> None:
    """Go on with what was begun for the same extract, else begin anew."""
    work.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark = building / "of"
    if not (mark.exists() and mark.read_text() == fingerprint):
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(mode=0o700)
        mark.write_text(fingerprint)


def _finish(building: Path, work: Path, fingerprint: str, folder: Path, profile: Profile) -> BuiltIndex:
    """Put the finished files in their place, the manifest last."""
    (work / MANIFEST).unlink(missing_ok=True)
    for path in building.iterdir():
        if path.suffix in {".npy", ".parquet", ".json"} and not path.name.startswith("raw."):
            path.replace(work / path.name)
    entries = len(np.load(work / "entries.entry.npy", mmap_mode="r"))
    facts = {
        "format": FORMAT, "fingerprint": fingerprint, "entries": entries, "source": folder.name, "profile": profile.name,
    }  # fmt: skip
    partial = work / f"{MANIFEST}.part"
    partial.write_text(json.dumps(facts), encoding="utf-8")
    partial.replace(work / MANIFEST)
    shutil.rmtree(building)
    return built_index(work)


def connect(memory: str, work: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection that spills into a folder; no extension is ever loaded."""
    work.mkdir(parents=True, exist_ok=True, mode=0o700)
    return duckdb.connect(config={
        "memory_limit": memory, "temp_directory": str(work / "spill"),
        "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
        "preserve_insertion_order": "false",
    })  # fmt: skip


def _view(con: duckdb.DuckDBPyConnection, parts: tuple[Path, ...]) -> None:
    """The extract as `raw`, with every column of ENTRY: an absent one is null."""
    source = con.read_parquet([str(part) for part in parts], union_by_name=True)
    columns = [
        f"CAST({field.name if field.name in source.columns else 'NULL'} AS {_sql_type(field.type)}) AS {field.name}"
        for field in ENTRY
    ]
    con.register("extract_files", source)
    con.execute(f"CREATE OR REPLACE TEMP VIEW raw AS SELECT {', '.join(columns)} FROM extract_files")


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return "VARCHAR[]"
    return "DATE" if pa.types.is_date(kind) else "VARCHAR"


def _check_people(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Every number must be twelve digits: it is the answer that is given for a person."""
    ((people, wrong),) = con.sql(
        "SELECT count(*), count(*) FILTER (NOT coalesce(regexp_full_match(personal_id, '[0-9]{12}'), false)) FROM raw"
    ).fetchall()
    if not people:
        raise FolderProblem(folder, "holds no entries", "Give the folder of a registry extract with people in it.")
    if wrong:
        remedy = "Write them as text of twelve digits, with their zeros."
        raise FolderProblem(folder, f"{wrong} of {people} personal_id are not twelve digits", remedy)


def _write_names(parts: tuple[Path, ...], building: Path, profile: Profile, memory: str, folder: Path) -> None:
    """All distinct names as written, each with its position among the canonical ones; and those, in search order."""
    with connect(memory, building) as con:
        _view(con, parts)
        _check_people(con, folder)
        raw = con.sql("SELECT full_name AS raw, count(*) AS people FROM raw WHERE full_name IS NOT NULL GROUP BY ALL ORDER BY ALL").to_arrow_table()
    read = entry_names(raw["raw"], profile.canonical)
    canonical = pc.unique(read.drop_null())
    names = name_table(canonical, profile)
    order = search_order(names)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    code = pc.fill_null(pc.index_in(read, value_set=canonical), -1).to_numpy()
    code = np.where(code >= 0, place[code] if len(place) else code, -1).astype(np.int32)
    pq.write_table(pa.table({"raw": raw["raw"], "code": pa.array(code)}), building / "raw.names.parquet")
    people = np.bincount(code[code >= 0], raw["people"].to_numpy()[code >= 0], minlength=len(order)).astype(np.int64)
    text = pa.table({"name": canonical.take(pa.array(order)), "spelling": _spellings(raw, code, len(order))})
    pq.write_table(text, building / "spelling.parquet")
    _write_name_files(building, taken(names, order), people)


def _spellings(raw: pa.Table, code: Array, size: int) -> pa.Array:
    """How most write each name: what people are shown."""
    order = np.lexsort((-raw["people"].to_numpy(), code))
    order = order[code[order] >= 0]
    first = order[np.flatnonzero(np.diff(code[order], prepend=-1))]
    return raw["raw"].combine_chunks().take(pa.array(first)) if size else pa.nulls(0, pa.string())


def _write_name_files(building: Path, names: Names, people: Array) -> None:
    group = group_numbers(names)
    _save(building, "names", names)
    _save(building, "people", people)
    _save(building, "givens", givens_of(names))
    _save(building, "near", near_names(names, group))
    form.write_array(building / "raw.group.npy", group)


def _save(folder: Path, name: str, value: object) -> None:
    for path, array in form.arrays_of(value, name):
        form.write_array(folder / f"{path}.npy", array)


_COLUMNS = {
    "entry": np.int64, "name": np.int32, "birth": np.int32, "gender": np.int8, "birth_province": np.int16,
    "home": np.int8, "commune": np.int32, "deceased": np.bool_, "father": np.int64, "mother": np.int64,
}  # fmt: skip

_SELECT = """
    SELECT CAST(r.personal_id AS BIGINT) AS entry, coalesce(n.code, -1)::INT AS name,
           coalesce(CASE WHEN year(r.birth_date) BETWEEN 1 AND 2047 THEN year(r.birth_date) * 512
                + CASE WHEN coalesce(r.birth_precision, 'day') <> 'year' THEN month(r.birth_date) * 32 ELSE 0 END
                + CASE WHEN coalesce(r.birth_precision, 'day') = 'day' THEN day(r.birth_date) ELSE 0 END END, 0)::INT AS birth,
           (CASE r.gender WHEN 'M' THEN 1 WHEN 'F' THEN 2 ELSE 0 END)::TINYINT AS gender,
           coalesce(TRY_CAST(r.birth_province AS SMALLINT), 0)::SMALLINT AS birth_province,
           coalesce(TRY_CAST(r.residence_province AS TINYINT), 0)::TINYINT AS home,
           coalesce(TRY_CAST(r.residence_commune AS INT), 0)::INT AS commune,
           coalesce(r.status = 'deceased', false) AS deceased,
           coalesce(TRY_CAST(r.father_id AS BIGINT), 0) AS father, coalesce(TRY_CAST(r.mother_id AS BIGINT), 0) AS mother
    FROM raw r LEFT JOIN names n ON r.full_name = n.raw
"""


def _write_columns(parts: tuple[Path, ...], building: Path, memory: str, progress: Progress) -> None:
    """The extract as columns of numbers, in the order in which DuckDB reads it."""
    with connect(memory, building) as con:
        _view(con, parts)
        con.execute(f"CREATE TEMP TABLE names AS SELECT * FROM {sql_text(building / 'raw.names.parquet')}")
        ((entries,),) = con.sql("SELECT count(*) FROM raw").fetchall()
        columns = {
            name: np.lib.format.open_memmap(building / f"raw.{name}.npy", "w+", kind, (entries,))
            for name, kind in _COLUMNS.items()
        }
        at = 0
        for batch in con.sql(_SELECT).to_arrow_reader(1 << 20):
            for name, column in columns.items():
                column[at : at + len(batch)] = batch[name].to_numpy(zero_copy_only=False)
            at += len(batch)
            progress("index: columns", at, entries)


def sql_text(path: Path) -> str:
    """A path as a literal of SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def _load(building: Path, name: str) -> Array:
    return np.load(building / f"{name}.npy")


def _write_entries(building: Path) -> None:
    """Columns sorted by birth, then by name so that equal extracts give equal files."""
    order = _sorted_by_birth(building)
    for name in _COLUMNS:
        target = f"raw.sorted.{name}" if name in {"father", "mother"} else f"entries.{name}"
        form.write_array(building / f"{target}.npy", _load(building, f"raw.{name}")[order])
    births, start = counting_order(_load(building, "entries.birth"), BIRTHS)
    del births
    key = np.flatnonzero(np.diff(start)).astype(np.int32)
    form.write_array(building / "births.key.npy", key)
    form.write_array(building / "births.start.npy", np.append(start[key], start[-1]))


def _sorted_by_birth(building: Path) -> Array:
    by_id = np.argsort(_load(building, "raw.entry"), kind="stable").astype(np.int32)
    order, _ = counting_order(_load(building, "raw.birth")[by_id], BIRTHS)
    return np.asarray(by_id[order])


def _write_order(building: Path) -> None:
    """Entries by name without marks."""
    name, group = _load(building, "entries.name"), _load(building, "raw.group")
    of_entry = np.where(name >= 0, group[name] if len(group) else -1, -1).astype(np.int32)
    order, start = counting_order(of_entry, int(group[-1]) + 1 if len(group) else 0)
    form.write_array(building / "order.at.npy", order)
    for column in ("birth", "commune", "home"):
        form.write_array(building / f"order.{column}.npy", _load(building, f"entries.{column}")[order])
    names = form.opened(Names, building, "names")
    _save(building, "groups", groups_of(names, group, start))


def _write_ids(building: Path) -> None:
    form.write_array(building / "by_id.npy", np.argsort(_load(building, "entries.entry"), kind="stable").astype(np.int32))


def _write_parents(building: Path) -> None:
    """Parents by position, their names beside the child, and children in the order of their parents."""
    entry, by_id, name = (_load(building, part) for part in ("entries.entry", "by_id", "entries.name"))
    children: list[tuple[Array, Array]] = []
    for parent in ("father", "mother"):
        at = form.positions_by(entry, by_id, _load(building, f"raw.sorted.{parent}"))
        form.write_array(building / f"parents.{parent}.npy", at)
        form.write_array(building / f"entries.{parent}_name.npy", np.where(at >= 0, name[at], -1).astype(np.int32))
        child = np.flatnonzero(at >= 0).astype(np.int32)
        children.append((at[child], child))
    parent_of, child_of = (np.concatenate(side) for side in zip(*children, strict=True))
    order, _ = counting_order(parent_of, len(entry))
    form.write_array(building / "parents.parent.npy", parent_of[order])
    form.write_array(building / "parents.child.npy", child_of[order])


_NUMBERS = """
    SELECT CAST(asked AS BIGINT) AS number, entry, found_by FROM (
        SELECT unnest(superseded_ids) AS asked, 2::TINYINT AS found_by, CAST(personal_id AS BIGINT) AS entry FROM raw
        UNION ALL SELECT unnest(former_ids), 3::TINYINT, CAST(personal_id AS BIGINT) FROM raw)
    WHERE regexp_full_match(asked, '[0-9]{9}|[0-9]{12}') ORDER BY number, entry
"""


def _write_numbers(parts: tuple[Path, ...], building: Path, memory: str) -> None:
    """Superseded and former numbers."""
    with connect(memory, building) as con:
        _view(con, parts)
        found = con.sql(_NUMBERS).to_arrow_table()
    entry, by_id = _load(building, "entries.entry"), _load(building, "by_id")
    form.write_array(building / "numbers.number.npy", found["number"].to_numpy())
    form.write_array(building / "numbers.at.npy", form.positions_by(entry, by_id, found["entry"].to_numpy()))
    form.write_array(building / "numbers.found_by.npy", found["found_by"].to_numpy().astype(np.int8))


def _write_frequencies(building: Path) -> None:
    columns = {name: np.load(building / f"entries.{name}.npy", mmap_mode="r") for name in ("birth", "birth_province", "home", "commune")}
    names = pq.read_table(building / "spelling.parquet")["name"].combine_chunks()
    words = WordShares.of(names, _load(building, "people"))
    dump_frequencies(frequencies_of(words, **columns), building / "frequencies.json")
