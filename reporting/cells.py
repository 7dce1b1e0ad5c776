"""What goes into one cell: one readable line, and never a whole personal ID."""

import re
import unicodedata

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]+"
)
_BLANK = re.compile(r"\s+")
_LONG_NUMBER = re.compile(r"\d(?:[ .\-]?\d){8,}")
_SHORTEST = 9
_ALNUM = re.compile(r"\w", re.ASCII)

LONGEST = 300
"""Characters shown of one value; a name of more is a mistake, and one cell must not hide the others."""

DOT = "•"
SHOWN = 4
"""How many of the last digits of a number people see."""


def plain(text: str | None, longest: int = LONGEST) -> str:
    """`text` on one line, composed, without control or direction characters, cut at `longest`."""
    if not text:
        return ""
    if len(text) <= longest and _is_plain(text):
        return text
    clean = _BLANK.sub(" ", _CONTROL.sub(" ", unicodedata.normalize("NFC", text[: longest * 4]))).strip()
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def _is_plain(text: str) -> bool:
    """Whether there is nothing to do: nearly all texts, at a tenth of the cost."""
    return (
        text.isprintable()
        and "  " not in text
        and text[0] != " " != text[-1]
        and unicodedata.is_normalized("NFC", text)
    )


def masked(number: str | None) -> str:
    """A number as typed with only its last four characters shown; the length stays visible.

    That a digit is missing, or that a spreadsheet made 1.2E+11 of it, is what a school must be able to see.
    """
    if number and number.isdecimal() and number.isascii() and SHOWN < len(number) <= 40:
        return DOT * (len(number) - SHOWN) + number[-SHOWN:]
    text = plain(number, 40)
    hidden = len(_ALNUM.findall(text)) - SHOWN
    return _ALNUM.sub(lambda _: DOT, text, count=hidden) if hidden > 0 else text


def free_text(text: str | None) -> str:
    """`text` as `plain` has it, any number of nine digits or more inside it masked."""
    shown = plain(text)
    return shown if len(shown) < _SHORTEST else _LONG_NUMBER.sub(lambda found: masked(found.group()), shown)
