"""Workbooks and CSV files that come back from people, as rows of text.

Nothing in them is run or believed: a workbook's size is measured before it is read, cells are text whatever Excel made of them, and rows
keep the number under which a person finds them.
"""

import hashlib
import unicodedata
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import openpyxl

from connectors.csv_rows import csv_records, long_cells
from connectors.errors import ListUnreadable
from connectors.rejects import FileReject
from connectors.text_form import SEPARATORS, text_form

LARGEST_FILE = 200 * 2**20
LARGEST_UNPACKED = 2 * 2**30
"""Bytes; a province's list of a million rows unpacks to less."""
LONGEST_CELL = 10_000
"""Characters; what is longer is cut, no cell that counts is."""
_BLOCK = 2**20
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_HEAD_LINES = 20

_MOST_ROWS = 2**20
_MOST_COLUMNS = 200
_DAMAGED = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError,
    TypeError, ValueError, BadZipFile, zlib.error,
)  # fmt: skip
"""What a workbook whose parts are not as they should be makes its reader raise."""

Cell = str | int | float | bool | date | datetime | time | timedelta | None


@dataclass(frozen=True)
class ListRow:
    """A row as it stands in its file."""

    number: int
    """From 1, as Excel counts."""
    cells: tuple[str, ...]
    """One line each, composed letters; empty where nothing stands."""
    damaged: bool = False
    """Whether it could not be read; it has no cells then."""


@dataclass(frozen=True)
class ListSheet:
    """A sheet of a workbook, or a CSV file."""

    name: str
    """Empty for a CSV file."""
    rows: tuple[ListRow, ...]


@dataclass(frozen=True)
class ListFile:
    """A file that came back."""

    name: str
    """Without its folder."""
    digest: str
    """SHA-256 of its bytes."""
    sheets: tuple[ListSheet, ...]


def read_list(path: Path) -> ListFile:
    """Read a workbook (.xlsx) or a CSV file in whatever form Excel saved it.

    Raises:
        ListUnreadable: It is too large, protected by a password, damaged, or of another kind.
        EncodingProblem: Its encoding can't be told.
    """
    if not path.is_file():
        raise ListUnreadable(path, "absent", "there is no such file", "Give the path of a list.")
    if path.stat().st_size > LARGEST_FILE:
        raise ListUnreadable(path, "too_large", "is too large for a list", "Give the list itself.")
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        sheets = tuple(_workbook(path))
    elif suffix in {".csv", ".txt"}:
        sheets = (ListSheet("", tuple(_csv(path))),)
    else:
        raise ListUnreadable(path, "kind", "is neither .xlsx nor .csv", "Save it as one of these.")
    return ListFile(path.name, _digest(path), sheets)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _workbook(path: Path) -> Iterator[ListSheet]:
    with path.open("rb") as stream:
        start = stream.read(4)
    if start == _OLD_OFFICE:
        raise ListUnreadable(
            path,
            "protected",
            "is an old .xls or protected by a password",
            "Save it as .xlsx without password.",
        )
    _measure(path)
    try:
        with warnings.catch_warnings():
            # of what a list has no need of, and the reader leaves out
            warnings.simplefilter("ignore")
            yield from _sheets(path)
    except _DAMAGED:
        raise _damaged(path) from None


def _sheets(path: Path) -> Iterator[ListSheet]:
    """By the row, which holds no room for cells that are not there, however far out one stands."""
    # of a damaged workbook the reader leaves open what it opened itself
    with (
        path.open("rb") as stream,
        closing(openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)) as book,
    ):
        for sheet in book.worksheets:
            # what a sheet says of its own size need not be true
            sheet.reset_dimensions()
            rows = sheet.iter_rows(max_row=_MOST_ROWS, max_col=_MOST_COLUMNS, values_only=True)
            filled = (_row(number, cells) for number, cells in enumerate(rows, 1) if any(cells))
            yield ListSheet(sheet.title, tuple(filled))


def _measure(path: Path) -> None:
    """Unpack once and keep nothing: what a file says of its own size need not be true."""
    left = LARGEST_UNPACKED
    try:
        with ZipFile(path) as packed:
            for member in packed.infolist():
                with packed.open(member) as stream:
                    while block := stream.read(_BLOCK):
                        left -= len(block)
                        if b"<!DOCTYPE" in block or b"<!ENTITY" in block:
                            raise _damaged(path)
                        if left < 0:
                            raise ListUnreadable(
                                path, "too_large", "unpacks to more than any list", "Give the list itself."
                            )
    except _DAMAGED:
        raise _damaged(path) from None


def _damaged(path: Path) -> ListUnreadable:
    return ListUnreadable(
        path, "damaged", "can't be read as a workbook", "Open it in Excel and save it as .xlsx again."
    )


def _row(number: int, cells: Sequence[Cell]) -> ListRow:
    return ListRow(number, tuple(_text(cell) for cell in cells))


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell_text(cell)
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def cell_text(text: str) -> str:
    """A cell on one line, letters composed, blanks at its ends and doubled ones taken away."""
    return " ".join(unicodedata.normalize("NFC", text[:LONGEST_CELL]).replace("\ufeff", "").split())


def _csv(path: Path) -> Iterator[ListRow]:
    form = text_form(path)
    with form.open(path) as stream:
        head = [stream.readline(_BLOCK) for _ in range(_HEAD_LINES)]
    separator = _separator(head)
    width = max(line.count(separator) for line in head) + 1
    with long_cells(), form.open(path) as stream:
        for number, record in enumerate(csv_records(stream, separator, width), 1):
            if isinstance(record, FileReject):
                yield ListRow(number, (), damaged=True)
            else:
                yield _row(number, record)


def _separator(head: Sequence[str]) -> str:
    """The separator that stands most often in any one of the first lines; Excel's `sep=` line tells it outright."""
    first = head[0].lstrip("\ufeff").strip().lower()
    if first.startswith("sep=") and len(first) == 5:
        return first[4]
    return max(SEPARATORS, key=lambda one: max(line.count(one) for line in head))
