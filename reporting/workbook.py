"""The workbook that people work through: text cells, frozen header, filters, a drop-down for the decision.

Everything is locked except the decision columns. There is no password: the lock is against slips, the seal of
each row against changes. The first row is hidden and names the columns as the CSV does, so that a sheet can be
read back whatever its language.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from connectors.files_out import whole_file
from connectors.worklist import COLUMNS, DECIDED, FOUND, KEYS, TYPED, Answer
from reporting.differences import Kind
from reporting.open_rows import ListRow
from reporting.sheet_rows import cell_xml, ink_xml, pour, rich_cell_xml, row_xml
from reporting.texts import Texts

FIRST_ROW = 3
"""Index of the first row of data: column names (hidden), bands and headers stand above."""

ROW_HEIGHT = 30
"""Two lines: what is longer is the exception."""

ROWS_PER_SHEET = 1_000_000
"""Excel takes 1,048,576; a longer list goes on in a second sheet."""

_WIDTHS = {
    "record_id": 15, "full_name": 25, "birth_date": 12, "gender": 8, "birth_place": 17, "claimed_id": 14,
    "grade": 8, "school_code": 12, "school_name": 26, "result": 13, "why": 27, "field": 38, "actor": 22,
    "advice": 44, "decision": 21, "note": 26, "number": 14, "name": 25, "birth_province": 15, "probability": 10,
}  # fmt: skip
_ALLOWED = {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True}
_COLOUR = {Kind.LETTER: "B3261E", Kind.MARK: "1F4E9E", Kind.SWAPPED: "1F4E9E"}
_INKS = {kind: ink_xml(colour, underlined=kind is not Kind.LETTER) for kind, colour in _COLOUR.items()}
_FONT = {"font_name": "Arial", "font_size": 10}


@dataclass(frozen=True)
class _Formats:
    """Cell formats; inks differ in weight and underline as well as in colour, for grey printers."""

    text: Format
    open: Format
    header: Format
    bands: tuple[Format, Format]
    title: Format
    strong: Format
    wrapped: Format
    inks: Mapping[Kind, Format]
    """As the marks inside cells look, to explain them."""


def write_workbook(
    path: Path, kinds: Mapping[str, Sequence[ListRow]], text: Texts, run: str, *, synthetic: bool
) -> Path:
    """Write one workbook: a sheet for each kind, and a sheet that says how to work with it.

    Args:
        path: Where; readable by its owner only.
        kinds: Kind → its rows, in the order they are to have.
        text: The language.
        run: The run the rows come from, shown on the guide.
        synthetic: Whether the guide says that nobody in it is real.
    """
    sheets = [
        (kind, start, rows[start : start + ROWS_PER_SHEET])
        for kind, rows in kinds.items()
        for start in range(0, len(rows), ROWS_PER_SHEET)
    ]
    frame = BytesIO()
    with xlsxwriter.Workbook(frame, {"in_memory": True}) as book:
        formats = _formats(book)
        for kind, start, rows in sheets:
            name = text(f"kinds.{kind}") + (f" {start // ROWS_PER_SHEET + 1}" if start else "")
            _write_frame(book.add_worksheet(name), len(rows), text, formats)
        _write_guide(book.add_worksheet(text("list.guide")), text, formats, run, synthetic=synthetic)
    with whole_file(path) as stream:
        pour(frame, stream, [_rows_xml(rows, formats) for _, _, rows in sheets])
    return path


def _write_frame(sheet: Worksheet, count: int, text: Texts, formats: _Formats) -> None:
    """Everything of a list but its rows."""
    last = FIRST_ROW + count - 1
    _set_columns(sheet, formats)
    _write_header(sheet, text, formats)
    sheet.freeze_panes(FIRST_ROW, 2)
    # over the hidden keys too: who sorts must not tear them from their rows
    sheet.autofilter(FIRST_ROW - 1, 0, last, len(COLUMNS) - 1)
    decision = COLUMNS.index("decision")
    sheet.data_validation(FIRST_ROW, decision, last, decision, _drop_down(text))
    sheet.protect("", _ALLOWED)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_print_scale(60)
    sheet.repeat_rows(1, FIRST_ROW - 1)
    sheet.repeat_columns(0, 1)
    sheet.set_footer("&L&A&R&P / &N")


def _rows_xml(rows: Sequence[ListRow], formats: _Formats) -> Iterator[str]:
    letters = [(column, xl_col_to_name(place)) for place, column in enumerate(COLUMNS)]
    style = formats.text.xf_index
    open_style = formats.open.xf_index
    for number, row in enumerate(rows, FIRST_ROW + 1):
        yield row_xml(number, _cells_xml(row, number, letters, style, open_style), ROW_HEIGHT)


def _cells_xml(
    row: ListRow, number: int, letters: Sequence[tuple[str, str]], style: int, open_style: int
) -> Iterator[str]:
    for column, letter in letters:
        text = row.cells.get(column)
        marks = row.marks.get(column)
        if column in DECIDED:
            yield f'<c r="{letter}{number}" s="{open_style}"/>'
        elif not text:
            continue
        elif marks is None or (len(marks) == 1 and marks[0][0] is Kind.SAME):
            yield cell_xml(f"{letter}{number}", style, text)
        else:
            yield rich_cell_xml(f"{letter}{number}", style, marks, _INKS)


def _drop_down(text: Texts) -> dict[str, object]:
    return {
        "validate": "list",
        "source": [text(f"answer.{answer}") for answer in Answer],
        "error_title": text("list.choose"),
        "error_message": text("list.choose_help"),
    }


def _set_columns(sheet: Worksheet, formats: _Formats) -> None:
    for place, column in enumerate(COLUMNS):
        name = _bare(column)
        cells = formats.open if column in DECIDED else formats.text
        sheet.set_column(
            place, place, _WIDTHS.get(name, 12), cells, {"hidden": column in KEYS or name == "probability"}
        )


def _write_header(sheet: Worksheet, text: Texts, formats: _Formats) -> None:
    sheet.set_row(0, None, None, {"hidden": True})
    for place, column in enumerate(COLUMNS):
        sheet.write_string(0, place, column, formats.text)
    sheet.set_row(1, 20)
    place = 0
    for order, (band, columns) in enumerate(groupby(COLUMNS, key=_band)):
        width = len(list(columns))
        sheet.merge_range(1, place, 1, place + width - 1, text(f"band.{band}"), formats.bands[order % 2])
        place += width
    sheet.set_row(2, 32)
    for place, column in enumerate(COLUMNS):
        sheet.write_string(2, place, text(f"column.{_bare(column)}"), formats.header)


def _band(column: str) -> str:
    if column in KEYS:
        return "keys"
    if column in TYPED:
        return "typed"
    if column in FOUND:
        return "found"
    return "decided" if column in DECIDED else column[: len("candidate_1")]


def _bare(column: str) -> str:
    """`candidate_2_name` → `name`; hidden keys keep their names."""
    return column if column in KEYS else column.removeprefix(_band(column) + "_")


def _formats(book: xlsxwriter.Workbook) -> _Formats:
    cell = {**_FONT, "num_format": "@", "text_wrap": True, "valign": "vcenter"}
    head = {**_FONT, "bold": True, "text_wrap": True, "valign": "vcenter"}
    band = {**_FONT, "bold": True, "font_color": "#FFFFFF"}
    inks = {
        kind: {**_FONT, "bold": True, "font_color": f"#{colour}", "underline": int(kind is not Kind.LETTER)}
        for kind, colour in _COLOUR.items()
    }
    return _Formats(
        text=book.add_format(cell),
        open=book.add_format({**cell, "locked": False, "bg_color": "#FFF8E1"}),
        header=book.add_format({**head, "bottom": 2, "bg_color": "#F2F4F7"}),
        bands=(
            book.add_format({**band, "bg_color": "#24405F"}),
            book.add_format({**band, "bg_color": "#4A6583"}),
        ),
        title=book.add_format({**_FONT, "bold": True, "font_size": 14}),
        strong=book.add_format({**head, "valign": "top"}),
        wrapped=book.add_format({**cell, "valign": "top"}),
        inks={kind: book.add_format(look) for kind, look in inks.items()},
    )


def _write_guide(sheet: Worksheet, text: Texts, formats: _Formats, run: str, *, synthetic: bool) -> None:
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 95)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, text("list.title"), formats.title)
    lines = [(text("list.run"), run)]
    lines += [(text("list.notice"), text("synthetic"))] if synthetic else []
    lines += [(text(f"list.{topic}"), text(f"list.{topic}_help")) for topic in ("fill", "masked", "return")]
    lines += [(text(f"answer.{answer}"), text(f"answer_help.{answer}")) for answer in Answer]
    for row, (topic, words) in enumerate(lines, 2):
        sheet.write_string(row, 0, topic, formats.strong)
        sheet.write_string(row, 1, words, formats.wrapped)
    for row, kind in enumerate((Kind.LETTER, Kind.MARK, Kind.SWAPPED), len(lines) + 3):
        sheet.write_string(row, 0, text(f"mark.{kind}"), formats.inks[kind])
        sheet.write_string(row, 1, text(f"mark_help.{kind}"), formats.wrapped)
    sheet.protect()
