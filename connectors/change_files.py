"""Files of a registry's changes, Parquet or CSV: columns of ENTRY, `change`, and `superseded_by` where a number was replaced.

`change` is new, changed (both: the whole entry as it is now), removed, or superseded (the number is cancelled; it leads to another from now
on, and so does all that led to it). In CSV, several former or superseded numbers of one entry stand in one cell, with anything between them.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.csv_rows import read_csv_rows
from connectors.errors import ColumnsMissing, FolderProblem
from connectors.parquet_rows import BROKEN_FILE
from connectors.registry_folder import REGISTRY_REQUIRED, registry_folder
from connectors.text_form import csv_layout
from matching.schemas import ENTRY

CHANGES = pa.schema([*ENTRY, pa.field("change", pa.string()), pa.field("superseded_by", pa.string())])
"""One change; the later row counts."""

KINDS_OF_CHANGE = ("new", "changed", "removed", "superseded")

_REMEDY = "Write the file of changes again; docs/operations.md says what stands in it."


def read_changes(files: Sequence[Path]) -> pa.Table:
    """All changes, in the order of the files and their rows.

    Raises:
        FolderProblem: a file can't be used; nothing of it is taken.
    """
    return pa.concat_tables([CHANGES.empty_table(), *map(_read, files)])


def _read(file: Path) -> pa.Table:
    changes = _read_csv(file) if file.suffix.lower() == ".csv" else _read_parquet(file)
    _refuse(file, changes, "personal_id", _is_id(changes["personal_id"]), "not twelve digits")
    known = pc.is_in(changes["change"], value_set=pa.array(KINDS_OF_CHANGE))
    _refuse(file, changes, "change", known, f"none of {', '.join(KINDS_OF_CHANGE)}")
    leads_on = pc.and_(
        _is_id(changes["superseded_by"]),
        pc.fill_null(pc.not_equal(changes["superseded_by"], changes["personal_id"]), False),
    )
    _refuse(
        file,
        changes,
        "superseded_by",
        pc.or_(leads_on, pc.not_equal(changes["change"], "superseded")),
        "no other number of twelve digits",
    )
    return changes


def _is_id(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.match_substring_regex(column, r"^[0-9]{12}\z"), False)


def _refuse(file: Path, changes: pa.Table, column: str, fits: pa.ChunkedArray, what: str) -> None:
    wrong = len(changes) - (pc.sum(fits).as_py() or 0)
    if wrong:
        raise FolderProblem(file, f"{wrong} of {len(changes)} rows: {column} is {what}", _REMEDY)


def _read_parquet(file: Path) -> pa.Table:
    registry_folder(file)
    try:
        found = pq.read_table(file, partitioning=None)
        found.validate(full=True)
        if "change" not in found.column_names:
            raise ColumnsMissing(file, [], {file.name: ["change"]})
        columns = [
            found[field.name].cast(field.type)
            if field.name in found.column_names
            else pa.nulls(len(found), field.type)
            for field in CHANGES
        ]
    except BROKEN_FILE as error:
        raise FolderProblem(file, "is not a readable Parquet file", _REMEDY) from error
    return pa.table(columns, schema=CHANGES)


def _read_csv(file: Path) -> pa.Table:
    layout = csv_layout(file)
    lacking = [name for name in (*REGISTRY_REQUIRED, "change") if name not in layout.columns]
    if lacking:
        raise ColumnsMissing(file, [], {file.name: lacking})
    rows, rejects = read_csv_rows(file, layout, CHANGES.names, file.name)
    if len(rejects):
        raise FolderProblem(file, f"{len(rejects)} rows can't be read", _REMEDY)
    columns = [
        _typed(file, rows[field.name], field)
        if field.name in rows.column_names
        else pa.nulls(len(rows), field.type)
        for field in CHANGES
    ]
    return pa.table(columns, schema=CHANGES)


def _typed(file: Path, column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    if pa.types.is_list(field.type):
        return pc.split_pattern_regex(
            pc.replace_substring_regex(pc.fill_null(column, ""), "^[^0-9]+|[^0-9]+$", ""), "[^0-9]+"
        )
    try:
        return column.cast(field.type)
    except pa.ArrowInvalid:
        # the error's own text repeats the value
        raise FolderProblem(
            file, f"{field.name} holds what is no date of the form 2011-09-05", _REMEDY
        ) from None
