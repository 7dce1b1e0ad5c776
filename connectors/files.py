"""An education folder: CSV or Parquet as schools and departments hand it in, read into tables of text.

Nothing is guessed and nothing is lost without a word: what can't be used stands in the rejects with its row, and
what makes a whole table unusable is said at once, all of it, before anything is read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from connectors.csv_rows import read_csv_rows
from connectors.errors import ColumnsMissing, FolderProblem
from connectors.parquet_rows import parquet_columns, read_parquet_rows
from connectors.rejects import ROW_NUMBER, FileReject, no_rejects, rejects_where
from connectors.text_form import CsvLayout, csv_layout
from matching.repeated import first_of_each
from matching.same_order import places_in
from matching.schemas import EDUCATION_TABLES, REQUIRED_COLUMNS
from matching.text_bytes import text_bytes

CELL_LIMIT = 10_000
"""Characters in a cell; no name, place or number is longer."""

_KEY_COLUMNS = ("school_code", "student_id", "teacher_id", "guardian_id", "province_code", "commune_code")
_NEEDED_BY_KIND = {
    "teacher": ("schools", "teachers"),
    "student": ("schools", "students"),
    "guardian": ("schools", "students", "guardians", "student_guardians"),
}
_PEOPLE = ("students", "teachers")


@dataclass(frozen=True)
class EducationFolder:
    """The tables of an education folder, each with the columns of its schema in `matching.schemas`."""

    schools: pa.Table
    students: pa.Table
    teachers: pa.Table
    guardians: pa.Table
    student_guardians: pa.Table
    rejects: pa.Table
    """What could not be used (`matching.schemas.REJECTS`); `table` is the file's name where a table has several."""


@dataclass(frozen=True)
class _Part:
    """One file of a table, its header read."""

    path: Path
    label: str
    layout: CsvLayout | None
    spelled: dict[str, str]

    def read(self, wanted: Sequence[str]) -> tuple[pa.Table, pa.Table]:
        if self.layout is not None:
            return read_csv_rows(self.path, self.layout, wanted, self.label)
        return read_parquet_rows(self.path, self.spelled, wanted), no_rejects()


def check_education_folder(folder: Path, kinds: Iterable[str] = ()) -> None:
    """Complain of what `read_education_folder` would miss, by the heads of the files alone: before something long begins.

    Raises:
        ColumnsMissing: Required tables or columns are missing; all of them are named.
        FolderProblem: A file can't be read as a table.
    """
    _complete_parts(folder, kinds)


def read_education_folder(folder: Path, kinds: Iterable[str] = ()) -> EducationFolder:
    """Read an education folder.

    A table is one file (`students.csv`, `students.parquet`), parts (`students-*.csv`) or a folder of parts. Columns
    may be missing unless required, extra, and in any order.

    Args:
        folder: Where the tables are.
        kinds: Kinds of record that must be there; without, schools and any people will do.

    Returns:
        The tables, all text, empty where a table is absent, and the rejects.

    Raises:
        ColumnsMissing: Required tables or columns are missing; all of them are named.
        FolderProblem: A file can't be read as a table.
        EncodingProblem: A file's encoding can't be told.
    """
    parts = _complete_parts(folder, kinds)
    tables: dict[str, pa.Table] = {}
    rejects: list[pa.Table] = []
    for table in EDUCATION_TABLES:
        tables[table], found = _read_table(table, parts[table])
        rejects.extend(found)
    rejects.extend(_unknown_schools(tables))
    tables["student_guardians"], found = _known_links(tables)
    plain = {table: tables[table].drop_columns([ROW_NUMBER, "part"]) for table in EDUCATION_TABLES}
    return EducationFolder(
        **plain, rejects=pa.concat_tables([no_rejects(), *rejects, *found]).combine_chunks()
    )


def _complete_parts(folder: Path, kinds: Iterable[str]) -> dict[str, list[_Part]]:
    """The files of every table, with nothing missing that is needed."""
    if not folder.is_dir():
        raise FolderProblem(
            folder, "is not a folder", "Give the folder that holds schools.csv and the other tables."
        )
    parts = {table: _parts(folder, table) for table in EDUCATION_TABLES}
    _check_complete(folder, parts, kinds)
    return parts


def _parts(folder: Path, table: str) -> list[_Part]:
    """The files of one table, by name; all CSV or all Parquet."""
    paths = _named(folder, table) + (_data_files(folder / table) if (folder / table).is_dir() else [])
    if len({path.suffix.lower() for path in paths}) > 1:
        raise FolderProblem(folder, f"table {table} is there as CSV and as Parquet", "Leave one of them.")
    return [_part(path, table if len(paths) == 1 else path.name) for path in paths]


def _data_files(folder: Path) -> list[Path]:
    files = (
        path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in {".csv", ".parquet"}
    )
    return sorted(path for path in files if not path.name.startswith(("~", ".")))


def _named(folder: Path, table: str) -> list[Path]:
    stems = ((path, path.stem.lower()) for path in _data_files(folder))
    return [path for path, stem in stems if stem == table or stem.startswith(f"{table}-")]


def _part(path: Path, label: str) -> _Part:
    if path.suffix.lower() == ".parquet":
        return _Part(path, label, None, parquet_columns(path))
    layout = csv_layout(path)
    return _Part(path, label, layout, {name: name for name in layout.columns})


def _check_complete(folder: Path, parts: dict[str, list[_Part]], kinds: Iterable[str]) -> None:
    """Name every table and column that is missing, in one error."""
    needed = {"schools"}.union(*(_NEEDED_BY_KIND[kind] for kind in kinds))
    tables = [table for table in EDUCATION_TABLES if table in needed and not parts[table]]
    if not any(parts[table] for table in _PEOPLE) and not set(_PEOPLE) & set(tables):
        tables.append("students or teachers")
    columns = {}
    for table, files in parts.items():
        for part in files:
            lacking = [name for name in REQUIRED_COLUMNS[table] if name not in part.spelled]
            if lacking:
                columns[part.label] = lacking
    if tables or columns:
        raise ColumnsMissing(folder, tables, columns)


def _read_table(table: str, parts: list[_Part]) -> tuple[pa.Table, list[pa.Table]]:
    """One table from all its parts: rows that can be used, in the order of its schema, and `row` and `part`."""
    schema = EDUCATION_TABLES[table]
    names = [*schema.names, ROW_NUMBER, "part"]
    pieces, rejects = [], []
    for part in parts:
        data, found = part.read(schema.names)
        data, cells = _clean(data, table, part.label)
        pieces.append(_shaped(data, names, part.label))
        rejects += [found, *cells]
    empty = pa.schema(
        [*schema, pa.field(ROW_NUMBER, pa.int64()), pa.field("part", pa.string())]
    ).empty_table()
    data, repeated = _unique(pa.concat_tables([empty, *pieces]), table)
    return data, rejects + repeated


def _shaped(data: pa.Table, names: list[str], label: str) -> pa.Table:
    data = data.append_column("part", pa.repeat(pa.scalar(label, pa.string()), data.num_rows))
    absent = pa.nulls(data.num_rows, pa.string())
    return pa.table([data[name] if name in data.column_names else absent for name in names], names=names)


def _keys(table: str) -> list[str]:
    return ["student_id", "guardian_id"] if table == "student_guardians" else [REQUIRED_COLUMNS[table][0]]


def _clean(data: pa.Table, table: str, label: str) -> tuple[pa.Table, list[pa.Table]]:
    """Cells that can't be used are nulled, rows that can't be used are left out."""
    key = _keys(table)[0]
    rejects = []
    for name in data.column_names:
        if name != ROW_NUMBER:
            data, found = _clean_column(data, name, key, label)
            rejects += found
    header = pc.equal(pc.utf8_lower(data[key]), key)
    data, found = _without(data, header, key, key, label, FileReject.HEADER_REPEATED)
    rejects += found
    for name in _keys(table):
        data, found = _without(data, pc.is_null(data[name]), key, name, label, FileReject.RECORD_ID_MISSING)
        rejects += found
    return data, rejects


def _clean_column(data: pa.Table, name: str, key: str, label: str) -> tuple[pa.Table, list[pa.Table]]:
    column = data[name]
    rejects = []
    for reason, mask in _cell_faults(column):
        if pc.any(mask).as_py():
            rejects.append(rejects_where(label, data, mask, key, name, reason))
            column = pc.if_else(pc.fill_null(mask, False), pa.scalar(None, pa.string()), column)
    if name in _KEY_COLUMNS:
        column = pc.utf8_trim_whitespace(column)
        column = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    if name in {"province_code", "commune_code"}:
        # a spreadsheet ate the zero
        column = pc.utf8_lpad(column, 2 if name == "province_code" else 5, "0")
    return data.set_column(data.column_names.index(name), name, column), rejects


def _cell_faults(column: pa.ChunkedArray) -> list[tuple[FileReject, pa.ChunkedArray]]:
    words = {FileReject.CELL_HAS_NUL: "\x00", FileReject.CELL_DAMAGED: "\ufffd"}
    faults = [
        (reason, pc.match_substring(column, word))
        for reason, word in words.items()
        if _may_hold(column, word)
    ]
    if (pc.max(pc.binary_length(column)).as_py() or 0) > CELL_LIMIT:
        # first, so that a cell has one fault
        faults.insert(0, (FileReject.CELL_TOO_LONG, pc.greater(pc.utf8_length(column), CELL_LIMIT)))
    return faults


def _may_hold(column: pa.ChunkedArray, word: str) -> bool:
    """Whether the first byte of a word is anywhere in a column of text, which tells most columns faster than a search for the word."""
    return any((text_bytes(chunk)[1] == word.encode()[0]).any() for chunk in column.chunks)


def _without(
    data: pa.Table, mask: pa.ChunkedArray, key: str, column: str, label: str, reason: FileReject
) -> tuple[pa.Table, list[pa.Table]]:
    """The rows where the mask isn't true, and the rejects of the others."""
    if not pc.any(mask).as_py():
        return data, []
    rejects = rejects_where(label, data, mask, key, column, reason)
    return data.filter(pc.invert(pc.fill_null(mask, False))), [rejects]


def _unique(data: pa.Table, table: str) -> tuple[pa.Table, list[pa.Table]]:
    """The first row of each key, and rejects that name the others."""
    keys = _keys(table)
    key = (
        data[keys[0]]
        if len(keys) == 1
        else pc.binary_join_element_wise(*[data[name] for name in keys], "\x1f")
    )
    repeated = pa.chunked_array([pa.array(~first_of_each(key))])
    if not pc.any(repeated).as_py():
        return data, []
    rejects = _by_part(data, repeated, keys[0], keys[-1], FileReject.RECORD_ID_REPEATED)
    return data.filter(pc.invert(repeated)), rejects


def _unknown_schools(tables: dict[str, pa.Table]) -> list[pa.Table]:
    """Rejects of records whose school is not in the schools table; the records stay."""
    schools = tables["schools"]["school_code"]
    rejects = []
    for table in _PEOPLE:
        data = tables[table]
        unknown = pc.invert(pc.is_in(data["school_code"], value_set=schools))
        rejects += _by_part(data, unknown, _keys(table)[0], "school_code", FileReject.SCHOOL_UNKNOWN)
    return rejects


def _by_part(
    data: pa.Table, mask: pa.ChunkedArray, key: str, column: str, reason: FileReject
) -> list[pa.Table]:
    found = data.filter(mask)
    return [
        rejects_where(label, found, pc.equal(found["part"], label), key, column, reason)
        for label in pc.unique(found["part"]).to_pylist()
    ]


def _known_links(tables: dict[str, pa.Table]) -> tuple[pa.Table, list[pa.Table]]:
    """Links of a known student with a known guardian, and the rejects of the others."""
    links = tables["student_guardians"]
    rejects: list[pa.Table] = []
    for column, table, reason in (
        ("student_id", "students", FileReject.STUDENT_UNKNOWN),
        ("guardian_id", "guardians", FileReject.GUARDIAN_UNKNOWN),
    ):
        unknown = pa.chunked_array([pa.array(places_in(tables[table][column], links[column]) < 0)])
        rejects += _by_part(links, unknown, "student_id", column, reason)
        links = links.filter(pc.invert(unknown))
    return links, rejects
