"""How a text file is written: encoding, separator, header; told from its bytes, never from its name.

Excel in Vietnam saves CSV as UTF-8 with a mark, as UTF-16 with tabs ("Unicode text"), or in the Windows code page
1258, with `,` or `;` after the regional setting. TCVN3 and VNI fonts look like other code pages and are refused: a
wrong guess would turn every name into another one.
"""

import codecs
import csv
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from connectors.errors import EncodingProblem, FolderProblem

SEPARATORS = ",;\t"
_CHUNK = 1 << 22
_SAMPLE = 1 << 20
_HEADER_LINES = 50
_MARKS = frozenset("\u0300\u0301\u0303\u0309\u0323")
_VOWELS = frozenset("aăâeêioôơuưyAĂÂEÊIOÔƠUƯY")
_LETTERS = frozenset("àáâãèéêìíòóôõùúýăđơưÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝĂĐƠƯ") | frozenset("\u00a0‘’“”–—…°₫")
_REPLACED = "\ufffd"


@dataclass(frozen=True)
class TextForm:
    """How the bytes of one file are to be read."""

    encoding: str
    """utf-8-sig, utf-16 or cp1258."""
    damaged: bool
    """Whether some bytes are no letters in that encoding; they are read as U+FFFD."""
    quotes: bool
    """Whether a double quote stands anywhere, so that a cell may span lines."""

    def open(self, path: Path) -> TextIO:
        """The file as text, line ends kept as they are."""
        return path.open(encoding=self.encoding, errors="replace", newline="")


@dataclass(frozen=True)
class CsvLayout:
    """What the first lines of a CSV file say."""

    form: TextForm
    separator: str
    columns: dict[str, int]
    """Header name, trimmed and in lower case → position."""
    width: int
    """Fields in the header, named or not."""
    lines: int
    """Lines before the first row."""


def header_name(cell: str) -> str:
    """A header cell as columns are called: trimmed, lower case, without a byte order mark."""
    return unicodedata.normalize("NFC", cell).strip("\ufeff \t\r\n\u00a0").lower()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _telling_lines(path: Path) -> bytes:
    """Lines with letters beyond ASCII, a megabyte at most: what tells an encoding."""
    lines, size = [], 0
    with path.open("rb") as stream:
        while size < _SAMPLE and (line := stream.readline(_SAMPLE)):
            if not line.isascii():
                lines.append(line)
                size += len(line)
    return b"".join(lines)


def _mostly_utf8(sample: bytes) -> bool:
    """Whether damaged bytes are the exception among the letters beyond ASCII."""
    beyond = [letter for letter in sample.decode("utf-8", "replace") if ord(letter) > 127]
    return beyond.count(_REPLACED) * 10 <= len(beyond)


def _vietnamese_1258(sample: bytes) -> bool:
    """Whether nearly all letters beyond ASCII are Vietnamese once read as cp1258, every mark on a vowel."""
    text = sample.decode("cp1258", "replace")
    beyond = [(before, letter) for before, letter in zip(" " + text, text, strict=False) if ord(letter) > 127]
    good = sum(letter in _LETTERS or (letter in _MARKS and before in _VOWELS) for before, letter in beyond)
    return good * 20 >= len(beyond) * 19


def text_form(path: Path) -> TextForm:
    """Tell a file's encoding: byte order mark, else UTF-8 if valid, else cp1258 if that gives Vietnamese.

    Raises:
        EncodingProblem: It is none of these.
    """
    with path.open("rb") as stream:
        start = stream.read(4)
    quotes = any(b'"' in chunk for chunk in _chunks(path))
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return TextForm("utf-16", damaged=not _decodes(path, "utf-16"), quotes=quotes)
    if _decodes(path, "utf-8"):
        return TextForm("utf-8-sig", damaged=False, quotes=quotes)
    sample = _telling_lines(path)
    if start.startswith(codecs.BOM_UTF8) or _mostly_utf8(sample):
        return TextForm("utf-8-sig", damaged=True, quotes=quotes)
    if _vietnamese_1258(sample):
        return TextForm("cp1258", damaged=not _decodes(path, "cp1258"), quotes=quotes)
    raise EncodingProblem(path)


def _separator(line: str) -> str:
    """The separator that stands most often outside quotes; a comma when none does."""
    outside = "".join(line.split('"')[::2])
    return max(SEPARATORS, key=outside.count)


def csv_layout(path: Path) -> CsvLayout:
    """Read the header of a CSV file; blank lines and Excel's `sep=` line before it are skipped.

    Raises:
        FolderProblem: There is no header, or a column occurs twice in it.
        EncodingProblem: The encoding can't be told.
    """
    form = text_form(path)
    with form.open(path) as stream:
        # a limit, so that a file without line ends is not read whole to find that out
        lines = [stream.readline(_SAMPLE) for _ in range(_HEADER_LINES)]
    blank, told = 0, ""
    while blank < len(lines) and (not lines[blank].strip() or _is_sep_line(lines[blank])):
        told = lines[blank].strip()[4:5] if lines[blank].strip() else told
        blank += 1
    if blank == len(lines):
        raise FolderProblem(path, "there is no header", "The first row must name the columns.")
    separator = told or _separator(lines[blank])
    reader = csv.reader(lines[blank:], delimiter=separator)
    cells = [header_name(cell) for cell in next(reader)]
    return CsvLayout(form, separator, _positions(path, cells), len(cells), blank + reader.line_num)


def _is_sep_line(line: str) -> bool:
    stripped = line.strip("\r\n ").lower()
    return len(stripped) == 5 and stripped.startswith("sep=")


def _positions(path: Path, cells: list[str]) -> dict[str, int]:
    named = [cell for cell in cells if cell]
    twice = sum(named.count(cell) > 1 for cell in set(named))
    if twice:
        # the first row may be a person's where the header is missing, so its cells are not repeated here
        raise FolderProblem(
            path, f"{twice} column names occur twice", "Every column needs a name of its own."
        )
    return {cell: position for position, cell in enumerate(cells) if cell}
