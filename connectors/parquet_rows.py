"""Columns of any type as text, and rows of one Parquet file that way.

Whoever wrote the file chose the types; text keeps what it holds, zeros included, and other types get the text that a
person would have typed: dates in ISO form, whole numbers without a decimal point.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.errors import FolderProblem
from connectors.rejects import ROW_NUMBER
from connectors.text_form import header_name

_UNREADABLE = "Write the table again as Parquet, or as CSV."


BROKEN_FILE = (pa.ArrowException, OSError, ValueError, MemoryError)
"""What a Parquet or Arrow file whose bytes are not as they should be makes its reader raise."""


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as text; empty text becomes null.

    Raises:
        pyarrow.ArrowInvalid: Bytes that are no UTF-8.
        pyarrow.ArrowNotImplementedError: Lists, structs and the like.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        column = _whole_numbers(column)
    elif pa.types.is_timestamp(column.type):
        column = _days(column)
    elif pa.types.is_date(column.type):
        column = column.cast(pa.date32())
    text = column.cast(pa.string())
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _whole_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Floats as integers where all are whole: pandas makes floats of integers as soon as one is missing."""
    column = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        return column


def _days(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Timestamps as dates where all are midnight, else as they are."""
    local = pc.local_timestamp(column) if column.type.tz else column
    at_midnight = pc.all(pc.equal(local, pc.floor_temporal(local, unit="day")), min_count=0).as_py()
    return local.cast(pa.date32(), safe=False) if at_midnight else local


def parquet_columns(path: Path) -> dict[str, str]:
    """Names of a Parquet file's columns: as columns are called → as the file spells them.

    Raises:
        FolderProblem: It is no Parquet, or two columns differ in upper case or spaces only.
    """
    try:
        spelled = pq.read_schema(path).names
    except BROKEN_FILE as error:
        raise FolderProblem(path, "is not a readable Parquet file", _UNREADABLE) from error
    names = {header_name(name): name for name in spelled}
    if len(names) < len(spelled):
        raise FolderProblem(path, "column names occur twice", "Every column needs a name of its own.")
    return names


def read_parquet_rows(path: Path, spelled: dict[str, str], wanted: Sequence[str]) -> pa.Table:
    """Read the wanted columns of a Parquet file, all as text, and `row` from 1; columns that it lacks are left out.

    Raises:
        FolderProblem: A column holds something that is no text, number or date, or the file is broken.
    """
    names = [name for name in wanted if name in spelled]
    try:
        # pq.ParquetFile: read_table would read folder names such as `year=2026` as columns
        with pq.ParquetFile(path) as file:
            data = file.read(columns=[spelled[name] for name in names])
        # else a text that is no UTF-8 breaks whoever looks at it first
        data.validate(full=True)
    except BROKEN_FILE as error:
        raise FolderProblem(path, "is not a readable Parquet file", _UNREADABLE) from error
    columns = [_column_as_text(path, name, data[spelled[name]]) for name in names]
    rows = pa.array(np.arange(1, data.num_rows + 1), pa.int64())
    return pa.table([rows, *columns], names=[ROW_NUMBER, *names])


def _column_as_text(path: Path, name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return as_text(column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        what = f"column {name} holds {column.type}"
    raise FolderProblem(path, what, "Write it as text.")
