"""Rows poured into a workbook that XlsxWriter has made: a province's list is a million cells and more.

XlsxWriter makes the frame (styles, header, validation, protection), which is the intricate part, and takes some
8 µs for every cell; the cells themselves are all text, and written as text they cost a tenth of that. Memory stays
flat: rows go from an iterator straight into the compressed file.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from reporting.differences import Kind, Stretch

COMPRESSION = 4
"""Of zlib: rows are so alike that more takes time and saves little."""

_LOOKS_ESCAPED = re.compile(r"_x(?=[0-9A-Fa-f]{4}_)")
_DIMENSION = re.compile(rb'<dimension ref="[A-Z0-9:]+"/>')
_END_OF_ROWS = b"</sheetData>"


def pour(frame: BinaryIO, whole: BinaryIO, rows_of_sheets: Sequence[Iterable[str]]) -> None:
    """Copy the workbook `frame` to `whole`, rows added below those that its first sheets have.

    Args:
        frame: A workbook of XlsxWriter.
        whole: Where the whole workbook goes.
        rows_of_sheets: For sheet 1, 2, … its rows as XML.
    """
    sheets = {f"xl/worksheets/sheet{place}.xml": rows for place, rows in enumerate(rows_of_sheets, 1)}
    with ZipFile(frame) as source, ZipFile(whole, "w", ZIP_DEFLATED, compresslevel=COMPRESSION) as target:
        for item in source.infolist():
            content = source.read(item)
            rows = sheets.get(item.filename)
            if rows is None:
                target.writestr(item, content)
            else:
                _pour_sheet(target, item.filename, content, rows)


def _pour_sheet(target: ZipFile, name: str, content: bytes, rows: Iterable[str]) -> None:
    # the stated size of the sheet would be that of the frame, and readers believe it; it may be left out
    before, after = _DIMENSION.sub(b"", content, count=1).split(_END_OF_ROWS)
    with target.open(name, "w") as sheet:
        sheet.write(before)
        for row in rows:
            sheet.write(row.encode())
        sheet.write(_END_OF_ROWS + after)


def row_xml(row: int, cells: Iterable[str], height: int) -> str:
    """A row, numbered from 1, of cells made by `cell_xml` or `rich_cell_xml`."""
    return f'<row r="{row}" ht="{height}" customHeight="1">{"".join(cells)}</row>'


def cell_xml(where: str, style: int, text: str) -> str:
    """A text cell, for example at `B4`."""
    return f'<c r="{where}" s="{style}" t="inlineStr"><is><t>{_escaped(text)}</t></is></c>'


def rich_cell_xml(where: str, style: int, marks: Iterable[Stretch], inks: Mapping[Kind, str]) -> str:
    """A text cell of stretches, each in the ink (run properties as XML) of its kind."""
    runs = "".join(
        f'<r>{inks.get(kind, "")}<t xml:space="preserve">{_escaped(text)}</t></r>' for kind, text in marks
    )
    return f'<c r="{where}" s="{style}" t="inlineStr"><is>{runs}</is></c>'


def ink_xml(colour: str, *, underlined: bool) -> str:
    """Bold Arial 10 in a colour (RRGGBB), as the properties of a run."""
    underline = "<u/>" if underlined else ""
    return f'<rPr><b/>{underline}<sz val="10"/><color rgb="FF{colour}"/><rFont val="Arial"/></rPr>'


def _escaped(text: str) -> str:
    if "_x" in text:  # Excel reads _x0041_ as the letter A
        text = _LOOKS_ESCAPED.sub("_x005F_x", text)
    if "&" in text or "<" in text or ">" in text:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text
