"""Files that leave the process: whole or not at all, readable by their owner only, harmless in a spreadsheet."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from connectors.parquet_rows import as_text

_PART = ".part"
"""How the names of files end that are being written."""
_BOM = "\ufeff".encode()
_FORMULA = r"^'*[=+\-@\t\r\n\x00＝＋－＠]"
_INSIDE = r"([;\t\r\n])('*[=+\-@＝＋－＠])"
"""Where a spreadsheet that parts cells by something else than the comma would begin another one."""
_guarded = re.compile(_FORMULA.replace("'*", "'+"))
_guarded_inside = re.compile(_INSIDE.replace("('*", "'('*"))


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write a file that appears under its name only once it is whole and on disk; mode 0600.

    Readers see the old file or the new one; an error or a crash leaves the old one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp gives mode 0600 from the first moment
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_PART)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    _sync_folder(path.parent)


def remove_unfinished(folder: Path) -> None:
    """Delete what processes that were killed left of files in a folder: it holds people, and nobody reads it again."""
    for path in folder.glob(f".*{_PART}"):
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """The new name itself must survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def guard(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text that no spreadsheet takes for a formula: a leading `= + - @`, tab, line end, NUL or full-width form is
    put behind an apostrophe, and so is what already looks that way, which makes `unguard` its exact inverse. The same
    inside, behind a semicolon, tab or line end: Excel parts cells there where the country's settings say so.
    """
    if pc.any(pc.match_substring_regex(column, _INSIDE)).as_py():
        column = pc.replace_substring_regex(column, _INSIDE, r"\1'\2")
    dangerous = pc.match_substring_regex(column, _FORMULA)
    if not pc.any(dangerous).as_py():
        return column
    return pc.if_else(dangerous, pc.binary_join_element_wise("'", column, ""), column)


def unguard(text: str) -> str:
    """The text as it was before `guard`."""
    return _guarded_inside.sub(r"\1\2", text[1:] if _guarded.match(text) else text)


def write_csv(table: pa.Table, path: Path) -> None:
    """Write a CSV that Excel opens without losing letters and that runs nothing.

    UTF-8 with a byte order mark, CRLF, every column text, formulas made harmless (`guard`), null and empty alike.

    Args:
        table: Columns of text, numbers, dates or booleans.
        path: Where to; its folder is made.
    """
    columns = [guard(as_text(column)) for column in table.columns]
    text = pa.table(columns, names=guard(pa.chunked_array([table.column_names], pa.string())).to_pylist())
    options = pa_csv.WriteOptions(eol="\r\n", quoting_style="needed", quoting_header="needed")
    with whole_file(path) as stream:
        stream.write(_BOM)
        pa_csv.write_csv(text, stream, options)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table as Parquet with its schema, compressed."""
    with whole_file(path) as stream:
        # nobody looks for the least and the most of a column, and finding them takes a quarter of the time
        pq.write_table(table, stream, compression="zstd", write_statistics=False)


def write_arrow(table: pa.Table, path: Path) -> None:
    """Write a table as an Arrow file, compressed: larger than Parquet, and made in a third of its time."""
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with whole_file(path) as stream, pa.ipc.new_file(stream, table.schema, options=options) as writer:
        writer.write_table(table)
