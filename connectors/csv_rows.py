"""Rows of one CSV file as text columns, whatever state it is in.

Two readers with one result. The fast one is pyarrow's and takes every file whose cells stay on their line. The
careful one is the standard library's, fed line by line, so that a quote that nobody closed costs one row and not the
rest of the file; it takes what the fast one can't or must not judge.
"""

import csv
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from connectors.rejects import ROW_NUMBER, FileReject, rejects_at
from connectors.text_form import CsvLayout

LINE_LIMIT = 1 << 25
"""Characters in a line; what is longer is no row of a table."""
_RECORD_LINES = 100
_BATCH_ROWS = 50_000
_csv_limit = threading.RLock()

Faults = list[tuple[int, FileReject]]


def read_csv_rows(
    path: Path, layout: CsvLayout, wanted: Sequence[str], table: str
) -> tuple[pa.Table, pa.Table]:
    """Read the wanted columns of a CSV file, all as text.

    Args:
        path: The file.
        layout: What `csv_layout` said of it.
        wanted: Columns to read, by their names in the header; those that it lacks are left out.
        table: What to call the table in the rejects.

    Returns:
        The columns and `row` (from 1, the header not counted, blank rows counted and left out); the rejects.
    """
    names = [name for name in wanted if name in layout.columns]
    fast = None if layout.form.damaged else _read_fast(path, layout, names)
    data, faults = fast if fast is not None else _read_careful(path, layout, names)
    rejects = rejects_at(table, [row for row, _ in faults], [str(reason) for _, reason in faults])
    return _without_blank_rows(data), rejects


def _without_blank_rows(data: pa.Table) -> pa.Table:
    if data.num_columns == 1:
        return data
    filled = pc.is_valid(data[1])
    for name in data.column_names[2:]:
        filled = pc.or_(filled, pc.is_valid(data[name]))
    return data if pc.all(filled, min_count=0).as_py() else data.filter(filled)


def _read_fast(path: Path, layout: CsvLayout, names: list[str]) -> tuple[pa.Table, Faults] | None:
    """By pyarrow; None where cells span lines, and where it gave up."""
    faults: Faults = []
    quoted: list[int] = []

    def note(row: pa_csv.InvalidRow) -> str:
        if '"' in row.text:
            quoted.append(row.number)
        few = row.actual_columns < row.expected_columns
        faults.append((row.number, FileReject.TOO_FEW_FIELDS if few else FileReject.TOO_MANY_FIELDS))
        return "skip"

    positions = [str(position) for position in range(layout.width)]
    chosen = [str(layout.columns[name]) for name in names]
    try:
        data = pa_csv.read_csv(
            path,
            # one thread: only then are rows numbered
            read_options=pa_csv.ReadOptions(
                use_threads=False,
                encoding="utf8" if layout.form.encoding == "utf-8-sig" else layout.form.encoding,
                skip_rows=layout.lines,
                column_names=positions,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=layout.separator,
                newlines_in_values=layout.form.quotes,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(chosen, pa.string()),
                include_columns=chosen,
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except (pa.ArrowInvalid, UnicodeError):
        return None
    if quoted or (layout.form.quotes and _spans_lines(data)):
        return None
    return _numbered(data.rename_columns(names), layout, faults)


def _spans_lines(data: pa.Table) -> bool:
    return any(pc.any(pc.match_substring_regex(column, r"[\r\n]")).as_py() for column in data.columns)


def _numbered(data: pa.Table, layout: CsvLayout, faults: Faults) -> tuple[pa.Table, Faults]:
    faults = [(number - layout.lines, reason) for number, reason in faults]
    rows = np.delete(np.arange(1, data.num_rows + len(faults) + 1), [row - 1 for row, _ in faults])
    return data.add_column(0, ROW_NUMBER, pa.array(rows, pa.int64())), faults


class _RanAwayError(Exception):
    """A cell goes on for more lines than a cell has."""


class _LineTooLongError(Exception):
    """A line longer than the limit was skipped."""


class _Lines:
    """Physical lines; those of the present record are held, so that they can be given back."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._ahead: deque[str] = deque()
        self.held: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.held) >= _RECORD_LINES:
            raise _RanAwayError
        line = self._ahead.popleft() if self._ahead else self._read()
        self.held.append(line)
        return line

    def _read(self) -> str:
        line = self._stream.readline(LINE_LIMIT)
        if not line:
            raise StopIteration
        if len(line) < LINE_LIMIT or line.endswith(("\n", "\r")):
            return line
        while (line := self._stream.readline(LINE_LIMIT)) and not line.endswith(("\n", "\r")):
            pass
        raise _LineTooLongError

    def give_back(self) -> None:
        """All held lines but the first are to be read again."""
        self._ahead.extendleft(reversed(self.held[1:]))


@contextmanager
def long_cells() -> Iterator[None]:
    """The csv module refuses cells beyond a limit that it keeps for the whole process; lifted, then put back."""
    with _csv_limit:
        before = csv.field_size_limit(LINE_LIMIT)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _swallowed(held: list[str], separator: str, width: int) -> bool:
    """Whether a stray quote made one record of several: never closed properly, or whole rows lie inside."""
    try:
        list(csv.reader(held, delimiter=separator, strict=True))
    except csv.Error:
        return True
    return any(
        len(next(csv.reader([line], delimiter=separator))) == width for line in held[1:-1] if line.strip()
    )


def csv_records(stream: TextIO, separator: str, width: int) -> Iterator[list[str] | FileReject]:
    """Each row's cells, or why it has none; a blank row has no cells.

    Args:
        stream: The file, after whatever stands before its first row.
        separator: Between cells.
        width: How many cells a row should have: whole rows inside a cell give away a quote that nobody closed.
    """
    lines = _Lines(stream)
    reader = csv.reader(lines, delimiter=separator)
    while True:
        lines.held = []
        record: list[str] | FileReject
        try:
            record = next(reader)
        except StopIteration:
            return
        except _LineTooLongError:
            record = FileReject.ROW_TOO_LONG
        except (_RanAwayError, csv.Error):
            record = FileReject.QUOTE_NOT_CLOSED
        else:
            spans = len(lines.held) > 1 or (record and record[-1].endswith(("\n", "\r")))
            if spans and _swallowed(lines.held, separator, width):
                record = FileReject.QUOTE_NOT_CLOSED
        if isinstance(record, FileReject):
            lines.give_back()
            reader = csv.reader(lines, delimiter=separator)
        yield record


def _read_careful(path: Path, layout: CsvLayout, names: list[str]) -> tuple[pa.Table, Faults]:
    """By the csv module, a line at a time."""
    faults: Faults = []
    batches: list[pa.RecordBatch] = []
    rows: list[int] = []
    kept: list[tuple[str, ...]] = []
    pick = _picker([layout.columns[name] for name in names])
    with long_cells(), layout.form.open(path) as stream:
        for _ in range(layout.lines):
            stream.readline()
        for row, record in enumerate(csv_records(stream, layout.separator, layout.width), start=1):
            if isinstance(record, FileReject):
                faults.append((row, record))
            elif len(record) == layout.width:
                rows.append(row)
                kept.append(pick(record))
            elif record:
                few = len(record) < layout.width
                faults.append((row, FileReject.TOO_FEW_FIELDS if few else FileReject.TOO_MANY_FIELDS))
            if len(kept) == _BATCH_ROWS:
                batches.append(_batch(rows, kept, names))
                rows, kept = [], []
    batches.append(_batch(rows, kept, names))
    return pa.Table.from_batches(batches), faults


def _picker(positions: list[int]) -> Callable[[list[str]], tuple[str, ...]]:
    if len(positions) == 1:
        return lambda record: (record[positions[0]],)
    return itemgetter(*positions)


def _batch(rows: list[int], kept: list[tuple[str, ...]], names: list[str]) -> pa.RecordBatch:
    columns = [pa.array(column, pa.string()) for column in zip(*kept, strict=True)]
    columns = columns or [pa.array([], pa.string()) for _ in names]
    filled = [pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column) for column in columns]
    return pa.record_batch([pa.array(rows, pa.int64()), *filled], names=[ROW_NUMBER, *names])
