"""A workbook of plain lists: text cells, one line of what the list is for, filters, and at most two columns to fill in.

For lists that nobody reads back: those come from `reporting.workbook`, sealed row by row. Everything but the columns to fill in is
locked, without a password, against slips.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from connectors.files_out import whole_file
from reporting.sheet_rows import cell_xml, pour, row_xml

FIRST_ROW = 2
"""Index of the first row of data: what the list is for and the headings stand above."""

ROWS_PER_SHEET = 1_000_000
_ROW_HEIGHT = 30
_FONT = {"font_name": "Arial", "font_size": 10}
_ALLOWED = {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True}


@dataclass(frozen=True)
class Heading:
    """A column: its name and its width in characters."""

    name: str
    width: float


@dataclass(frozen=True)
class Sheet:
    """One list."""

    name: str
    about: str
    """What it is for, in a sentence or two."""
    headings: tuple[Heading, ...]
    rows: Sequence[tuple[str, ...]]
    """Text for each heading; a list that is filled in has none for the last two."""
    answers: tuple[str, ...] = ()
    """Choices of the last column but one, if the list is to be filled in; the last one is for a note."""
    choose: str = ""
    """What is said to somebody who types something else."""


@dataclass(frozen=True)
class _Formats:
    text: Format
    open: Format
    about: Format
    header: Format


def write_lists(path: Path, sheets: Sequence[Sheet]) -> Path:
    """Write the lists into one workbook, readable by its owner only; a list without rows has its sheet all the same."""
    with whole_file(path) as stream:
        pour_lists(stream, sheets)
    return path


def pour_lists(stream: BinaryIO, sheets: Sequence[Sheet]) -> None:
    """Write the lists as one workbook into a stream."""
    parts = [
        (sheet, start, sheet.rows[start : start + ROWS_PER_SHEET])
        for sheet in sheets
        for start in range(0, max(1, len(sheet.rows)), ROWS_PER_SHEET)
    ]
    frame = BytesIO()
    with xlsxwriter.Workbook(frame, {"in_memory": True}) as book:
        formats = _formats(book)
        for sheet, start, rows in parts:
            name = sheet.name + (f" {start // ROWS_PER_SHEET + 1}" if start else "")
            _write_frame(book.add_worksheet(name), sheet, len(rows), formats)
    pour(frame, stream, [_rows_xml(sheet, rows, formats) for sheet, _, rows in parts])


def _formats(book: xlsxwriter.Workbook) -> _Formats:
    cell = {**_FONT, "num_format": "@", "text_wrap": True, "valign": "vcenter"}
    return _Formats(
        text=book.add_format(cell),
        open=book.add_format({**cell, "locked": False, "bg_color": "#FFF8E1"}),
        about=book.add_format({**_FONT, "text_wrap": True, "valign": "vcenter"}),
        header=book.add_format({**_FONT, "bold": True, "text_wrap": True, "valign": "vcenter", "bottom": 2,
                                "bg_color": "#F2F4F7"}),
    )  # fmt: skip


def _write_frame(page: Worksheet, sheet: Sheet, count: int, formats: _Formats) -> None:
    """Everything but the rows."""
    last, width = FIRST_ROW + max(count, 1) - 1, len(sheet.headings)
    for place, heading in enumerate(sheet.headings):
        filled_in = bool(sheet.answers) and place >= width - 2
        page.set_column(place, place, heading.width, formats.open if filled_in else formats.text)
        page.write_string(FIRST_ROW - 1, place, heading.name, formats.header)
    page.set_row(0, 48)
    page.merge_range(0, 0, 0, width - 1, sheet.about, formats.about)
    page.set_row(1, 32)
    page.freeze_panes(FIRST_ROW, 2)
    page.autofilter(FIRST_ROW - 1, 0, last, width - 1)
    if sheet.answers:
        told = {"error_title": sheet.headings[-2].name[:32], "error_message": sheet.choose}
        page.data_validation(
            FIRST_ROW, width - 2, last, width - 2, {"validate": "list", "source": list(sheet.answers), **told}
        )
    page.protect("", _ALLOWED)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(1, FIRST_ROW - 1)
    page.set_footer("&L&A&R&P / &N")


def _rows_xml(sheet: Sheet, rows: Sequence[tuple[str, ...]], formats: _Formats) -> Iterator[str]:
    letters = [xl_col_to_name(place) for place in range(len(sheet.headings))]
    style, open_style = formats.text.xf_index, formats.open.xf_index
    empty = letters[-2:] if sheet.answers else []
    for number, row in enumerate(rows, FIRST_ROW + 1):
        cells = [
            cell_xml(f"{letter}{number}", style, text)
            for letter, text in zip(letters, row, strict=False)
            if text
        ]
        cells += [f'<c r="{letter}{number}" s="{open_style}"/>' for letter in empty]
        yield row_xml(number, cells, _ROW_HEIGHT)
