"""Values of other countries: numbers, codes, genders and dates as they are given, looked up in no catalogue of Việt Nam."""

import datetime
import re
import unicodedata
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from matching.normalise.columns import NO_HABIT, Column, Distinct, Habit, combined, spread
from matching.normalise.dates import DateColumn, normalise_dates
from matching.normalise.identifiers import Form, is_placeholder
from matching.normalise.latin_names import canonical
from matching.normalise.rejects import Reject
from matching.normalise.vocabulary import NOTHING
from matching.people import Gender


@dataclass(frozen=True)
class PlainColumn:
    """A column read: Arrow arrays of text, one value per row."""

    value: pa.Array
    reject: pa.Array
    """Code of `Reject`, null where nothing was wrong."""


def read_names(column: Column) -> PlainColumn:
    """Canonical names of the profile `people`."""
    texts = Distinct(column)
    names = texts.map(canonical)
    return PlainColumn(
        spread(names, texts.codes, pa.string()),
        spread(
            [None if name else _why_nameless(text) for name, text in zip(names, texts.values, strict=True)],
            texts.codes,
            pa.string(),
        ),
    )


def _why_nameless(text: str) -> Reject:
    if not text.strip():
        return Reject.NAME_MISSING
    if not any(sign.isalpha() for sign in text):
        return Reject.NAME_WITHOUT_LETTERS
    return Reject.NAME_TOO_LONG if text.count(" ") > 3 else Reject.NAME_PLACEHOLDER


_DIGITS_OF = str.maketrans("oOQDiIlL|!zZsSbBgG", "000011111122558896")
_MOSTLY_DIGITS = re.compile(r"[\doOQDiIlL|!zZsSbBgG\s/.,-]+")
_TIME = re.compile(r"(?<=\d)[Tt\s]+\d\d?:\d\d.*$")
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)")


def read_dates(column: Column, sources: Column, as_of: datetime.date, known: Habit = NO_HABIT) -> DateColumn:
    """Birth dates: ISO, or day and month in the order that the source turns out to use; of any age.

    Letters that a scanner reads for digits are exchanged, a time of day is left out without moving the day.

    Args:
        column: Dates as typed; null where none was.
        sources: What tells apart the sources whose habits may differ, one value per row.
        as_of: The day of the run; nobody is born after it.
        known: Habits told before.
    """
    texts = Distinct(column)
    return normalise_dates(
        spread(texts.map(_tidy_date), texts.codes, pa.string()), sources, as_of, known=known
    )


def _tidy_date(text: str) -> str:
    bare = _TIME.sub("", text.strip())
    if sum(sign.isdigit() for sign in bare) >= 4 and _MOSTLY_DIGITS.fullmatch(bare):
        bare = bare.translate(_DIGITS_OF)
    return _COMPACT.sub(r"\1-\2-\3", bare) if _COMPACT.fullmatch(bare) else bare


_GENDER_OF = dict.fromkeys(("m", "male", "man", "boy", "1"), Gender.MALE) | dict.fromkeys(
    ("f", "female", "woman", "girl", "2"), Gender.FEMALE
)
"""1 and 2 as in ISO 5218."""


def read_genders(column: Column) -> PlainColumn:
    """M or F; any other word is no error of the source, but nothing to compare."""
    texts = Distinct(column)
    plain = [text.strip().strip(".").lower() for text in texts.values]
    unread = [word not in _GENDER_OF and word not in NOTHING for word in plain]
    return PlainColumn(
        spread([_GENDER_OF.get(word) for word in plain], texts.codes, pa.string()),
        spread([Reject.GENDER_UNREADABLE if wrong else None for wrong in unread], texts.codes, pa.string()),
    )


def read_codes(column: Column, width: int, reject: Reject) -> PlainColumn:
    """Codes of places as digits, zero-padded; a code of noughts says nothing.

    Args:
        column: As given.
        width: Digits of such a code at most.
        reject: What a text is that is no code.
    """
    typed = pc.utf8_trim_whitespace(pc.fill_null(combined(column).cast(pa.string()), ""))
    is_code = pc.match_substring_regex(typed, rf"^[0-9]{{1,{width}}}$")
    noughts = pc.match_substring_regex(typed, "^0+$")
    silent = pc.or_(noughts, pc.is_in(pc.utf8_lower(typed), value_set=pa.array(sorted(NOTHING))))
    nothing = pa.scalar(None, pa.string())
    return PlainColumn(
        pc.if_else(pc.and_not(is_code, noughts), pc.utf8_lpad(typed, width, "0"), nothing),
        pc.if_else(pc.or_(is_code, silent), nothing, reject.value),
    )


@dataclass(frozen=True)
class PlainNumbers:
    """Claimed numbers, read: Arrow arrays of text, one value per row."""

    form: pa.Array
    """Value of `matching.normalise.identifiers.Form`."""
    personal_id: pa.Array
    reject: pa.Array


_DECORATION = re.compile(r"[\s.\-–—'`’_/]+")
_FORM_REJECTS = {Form.WRONG_FORM: Reject.NUMBER_WRONG_FORM, Form.PLACEHOLDER: Reject.NUMBER_PLACEHOLDER}


def read_numbers(column: Column) -> PlainNumbers:
    """Numbers of up to twelve digits, zero-padded to twelve; nothing is read out of them."""
    texts = Distinct(column)
    digits = [_DECORATION.sub("", unicodedata.normalize("NFKC", text)) for text in texts.values]
    forms = [_form(text) for text in digits]
    known = [
        text.zfill(12) if form is Form.PERSONAL else None for text, form in zip(digits, forms, strict=True)
    ]
    return PlainNumbers(
        spread([form.value for form in forms], texts.codes, pa.string()),
        spread(known, texts.codes, pa.string()),
        spread([_FORM_REJECTS.get(form) for form in forms], texts.codes, pa.string()),
    )


def _form(digits: str) -> Form:
    if digits.lower() in NOTHING:
        return Form.MISSING
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        return Form.WRONG_FORM
    return Form.PLACEHOLDER if is_placeholder(digits) else Form.PERSONAL
