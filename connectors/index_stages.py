"""From columns in any order to an index: the stages that a build from an extract and a merge of changes have in common.

What a stage reads lies in `building`: written.parquet (texts of names → names), raw.COLUMN.npy (COLUMNS), and what stages before it wrote.
The columns kept.* are not searched: they are what a later merge needs of the extract.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.array_file import ArrayFile, load, mapped, mapped_texts, save_parts
from connectors.index_names import SPELLING, write_counts, write_near
from matching import index as form
from matching.columns import Entries
from matching.frequency import WordShares, frequencies_of
from matching.frequency_file import dump_frequencies
from matching.indexing import groups_of
from matching.nametable import Array, Names
from matching.orders import counting_order
from matching.rows import TOGETHER, rows_of, rows_path
from matching.schemas import ENTRY
from matching.searching import Order

Progress = Callable[[str, int, int], None]
"""Called with what is being done, done, to do."""

Stage = tuple[str, Callable[[], None]]

BIRTHS = 2048 << 9
"""Birth numbers are below it."""

COLUMNS = {
    "entry": np.int64, "written": np.int32, "birth": np.int32, "gender": np.int8, "birth_province": np.int16,
    "home": np.int8, "commune": np.int32, "deceased": np.bool_, "father": np.int64, "mother": np.int64,
}  # fmt: skip
"""What is taken of an entry; `written` is the position of its name as written, -1 for none."""

KEPT = {"written", "father", "mother"}
"""Columns that the search has in another form."""

SELECT = """
    SELECT CAST(r.personal_id AS BIGINT) AS entry, coalesce(n.at, -1)::INT AS written,
           coalesce(CASE WHEN year(r.birth_date) BETWEEN 1 AND 2047 THEN year(r.birth_date) * 512
                + CASE WHEN coalesce(r.birth_precision, 'day') <> 'year' THEN month(r.birth_date) * 32 ELSE 0 END
                + CASE WHEN coalesce(r.birth_precision, 'day') = 'day' THEN day(r.birth_date) ELSE 0 END END, 0)::INT AS birth,
           (CASE r.gender WHEN 'M' THEN 1 WHEN 'F' THEN 2 ELSE 0 END)::TINYINT AS gender,
           coalesce(TRY_CAST(r.birth_province AS SMALLINT), 0)::SMALLINT AS birth_province,
           coalesce(TRY_CAST(r.residence_province AS TINYINT), 0)::TINYINT AS home,
           coalesce(TRY_CAST(r.residence_commune AS INT), 0)::INT AS commune,
           coalesce(r.status = 'deceased', false) AS deceased,
           coalesce(TRY_CAST(r.father_id AS BIGINT), 0) AS father, coalesce(TRY_CAST(r.mother_id AS BIGINT), 0) AS mother
    FROM raw r LEFT JOIN written n ON r.full_name = n.raw
"""
"""The columns of the view `raw`, names looked up in the table `written`."""

SUPERSEDED, FORMER = 2, 3
"""Positions in matching.keys.FOUND_BY."""

NUMBERS = f"""
    SELECT CAST(asked AS BIGINT) AS number, entry, found_by FROM (
        SELECT unnest(superseded_ids) AS asked, {SUPERSEDED}::TINYINT AS found_by, CAST(personal_id AS BIGINT) AS entry FROM raw
        UNION ALL SELECT unnest(former_ids), {FORMER}::TINYINT, CAST(personal_id AS BIGINT) FROM raw)
    WHERE regexp_full_match(asked, '[0-9]{{9}}|[0-9]{{12}}') GROUP BY ALL ORDER BY ALL
"""
"""Other numbers of the view `raw`."""


def run(stages: Sequence[Stage], building: Path, progress: Progress) -> None:
    """Run what isn't done."""
    for place, (name, stage) in enumerate(stages):
        progress(f"index.{name}", place, len(stages))
        if not is_done(building, name):
            stage()
            mark_done(building, name)
    progress("index.ready", len(stages), len(stages))


def is_done(building: Path, stage: str) -> bool:
    """Whether a stage ended before."""
    return (building / f"{stage}.done").exists()


def mark_done(building: Path, stage: str) -> None:
    """Remember that a stage ended."""
    (building / f"{stage}.done").touch()


def connect(memory: str, work: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection that spills into a folder; no extension is ever loaded."""
    return duckdb.connect(config={
        "memory_limit": memory, "temp_directory": str(work / "spill"),
        "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
        "preserve_insertion_order": "false",
    })  # fmt: skip


def view(con: duckdb.DuckDBPyConnection, parts: Sequence[Path]) -> None:
    """Parquet files as `raw`, with every column of ENTRY: an absent one is null."""
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


def name_positions(con: duckdb.DuckDBPyConnection, building: Path) -> None:
    """The table `written`: texts of names and their positions."""
    source = str(building / "written.parquet").replace("'", "''")
    con.execute(
        f"CREATE TEMP TABLE written AS SELECT raw, file_row_number::INT AS at FROM read_parquet('{source}', file_row_number = true)"
    )


def later_stages(building: Path) -> list[Stage]:
    """What follows once there are names and columns; between parents and frequencies come the numbers, which each way has of its own."""
    return [
        ("near", lambda: write_near(building)),
        ("counts", lambda: write_counts(building)),
        ("entries", lambda: _write_entries(building)),
        ("order", lambda: _write_order(building)),
        ("ids", lambda: _write_ids(building)),
        ("parents", lambda: _write_parents(building)),
        ("rows", lambda: _write_rows(building)),
        ("frequencies", lambda: _write_frequencies(building)),
    ]


def _write_entries(building: Path) -> None:
    """Columns sorted by birth, then by number so that equal extracts give equal files."""
    by_id = id_order(load(building, "raw.entry"))
    order = by_id[counting_order(load(building, "raw.birth")[by_id], BIRTHS)[0]]
    del by_id
    for name in COLUMNS:
        place = "kept" if name in KEPT else "entries"
        form.write_array(building / f"{place}.{name}.npy", load(building, f"raw.{name}")[order])
    code = np.append(
        pq.read_table(building / "written.parquet", columns=["code"])["code"].to_numpy(), np.int32(-1)
    )
    form.write_array(building / "entries.name.npy", code[load(building, "kept.written")])
    _write_births(building)


def _write_births(building: Path) -> None:
    people = np.bincount(mapped(building, "entries.birth"), minlength=BIRTHS)
    key = np.flatnonzero(people).astype(np.int32)
    form.write_array(building / "births.key.npy", key)
    form.write_array(building / "births.start.npy", np.r_[0, np.cumsum(people[key])].astype(np.int64))


AT_ONCE = 1 << 24
"""Entries that are sorted, or looked up, at once."""


def id_order(ids: Array) -> Array:
    """Positions (int32) in the order of twelve-digit numbers, equal ones in their own order: two passes of six digits (radix sort)."""
    order = counting_order(_six_digits(ids, 1), SIX_DIGITS)[0]
    upper = _six_digits(ids, SIX_DIGITS)[order]
    return np.asarray(order[counting_order(upper, SIX_DIGITS)[0]])


SIX_DIGITS = 10**6


def _six_digits(ids: Array, unit: int) -> Array:
    digits = np.empty(len(ids), np.int32)
    for low in range(0, len(ids), AT_ONCE):
        digits[low : low + AT_ONCE] = ids[low : low + AT_ONCE] // unit % SIX_DIGITS
    return digits


def _write_order(building: Path) -> None:
    """Entries by name without marks."""
    name, group = load(building, "entries.name"), load(building, "raw.group")
    of_entry = np.append(group, np.int32(-1))[name]
    order, start = counting_order(of_entry, int(group[-1]) + 1 if len(group) else 0)
    form.write_array(building / "raw.order.at.npy", order)
    for column in Order._fields[1:]:
        form.write_array(building / f"raw.order.{column}.npy", load(building, f"entries.{column}")[order])
    save_parts(building, "groups", groups_of(form.opened(Names, building, "names"), group, start))


def _write_ids(building: Path) -> None:
    form.write_array(building / "by_id.npy", id_order(load(building, "entries.entry")))


def positions(building: Path, ids: Array) -> Array:
    """Positions (int32) of entries by their numbers, -1 for 0 and whom the registry doesn't hold."""
    entry, by_id = load(building, "entries.entry"), load(building, "by_id")
    found = np.full(len(ids), -1, np.int32)
    for low in range(0, len(ids), AT_ONCE):
        piece = ids[low : low + AT_ONCE]
        given = np.flatnonzero(piece > 0)
        found[low + given] = form.positions_by(entry, by_id, piece[given])
    return found


def _write_parents(building: Path) -> None:
    """Parents by position, their names beside the child, and children in the order of their parents."""
    name = np.append(load(building, "entries.name"), np.int32(-1))
    children: list[tuple[Array, Array]] = []
    for parent in ("father", "mother"):
        at = positions(building, mapped(building, f"kept.{parent}"))
        form.write_array(building / f"parents.{parent}.npy", at)
        form.write_array(building / f"entries.{parent}_name.npy", name[at])
        child = np.flatnonzero(at >= 0).astype(np.int32)
        children.append((at[child], child))
    parent_of, child_of = (np.concatenate(side) for side in zip(*children, strict=True))
    order = counting_order(parent_of, len(name))[0]
    form.write_array(building / "parents.parent.npy", parent_of[order])
    form.write_array(building / "parents.child.npy", child_of[order])


def _write_rows(building: Path) -> None:
    """What a search looks at together, as rows; the entries' columns stay for whoever goes through all of them."""
    entries = Entries(*(mapped(building, f"entries.{name}") for name in Entries._fields))
    order = Order(*(mapped(building, f"raw.order.{name}") for name in Order._fields))
    write_rows(building, "entries", entries)
    write_rows(building, "order", order)


def write_rows(building: Path, name: str, columns: Entries | Order) -> None:
    """Rows of columns, piece by piece."""
    for at, part in enumerate(TOGETHER[type(columns)]):
        with ArrayFile(rows_path(building, name, at), rows_of(columns, part, 0, 0)) as file:
            for low in range(0, len(getattr(columns, part[0])), AT_ONCE):
                file.append(rows_of(columns, part, low, low + AT_ONCE))


def write_numbers(building: Path, number: Array, entry: Array, found_by: Array) -> None:
    """Other numbers of entries, in the order of NUMBERS; those that lead to nobody are left out."""
    at = positions(building, entry)
    held = at >= 0
    form.write_array(building / "numbers.number.npy", number[held])
    form.write_array(building / "numbers.at.npy", at[held])
    form.write_array(building / "numbers.found_by.npy", found_by[held].astype(np.int8))


def _write_frequencies(building: Path) -> None:
    columns = {
        name: mapped(building, f"entries.{name}") for name in ("birth", "birth_province", "home", "commune")
    }
    names = mapped_texts(building / SPELLING, "name").texts
    path = building / "frequencies.json"
    path.touch(mode=0o600)
    dump_frequencies(frequencies_of(WordShares.of(names, load(building, "people")), **columns), path)
