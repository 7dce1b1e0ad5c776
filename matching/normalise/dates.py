"""Birth dates as typed, read as what is known: a day, a month or a year.

Every form is one row of FORMS: a pattern and the parts it gives. Which of two numbers is the day is the school's habit, not the cell's: one day
above 12 in a school's column settles it for the whole column.
"""

import datetime
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from matching.normalise.columns import (
    NO_HABIT,
    Column,
    Distinct,
    Habit,
    by_source,
    known_or_told,
    spread,
)
from matching.normalise.letters import without_marks
from matching.normalise.rejects import Reject
from matching.normalise.vocabulary import NOTHING
from matching.people import PartialDate

EXCEL_DAY_ZERO = datetime.date(1899, 12, 30)
"""Excel counts from 1 January 1900 and has a 29 February 1900, so that this is its day 0 for every date that matters."""
LAST_EXCEL_DAY = 60_000
VIETNAM = datetime.timedelta(hours=7)

AGES = {"teacher": (15, 100), "student": (0, 100), "guardian": (12, 120)}
"""Youngest and oldest that a record of a kind can be (assumption); outside it the year is a slip of the keyboard."""
ANY_AGE = (0, 120)


@dataclass(frozen=True)
class ReadDate:
    """What a typed date says, and what was wrong with it; both where something is left of a wrong date."""

    date: PartialDate | None
    reject: Reject | None = None


_UNREADABLE = ReadDate(None, Reject.DATE_UNREADABLE)
_NOT_TYPED = ReadDate(None)


@dataclass(frozen=True)
class _Reader:
    """How to read what a form leaves open."""

    day_first: bool
    as_of: datetime.date
    ages: tuple[int, int]

    def year(self, digits: str) -> int:
        """Two digits as the latest year in which a person old enough for this kind of record was born."""
        if len(digits) == 4:
            return int(digits)
        latest = self.as_of.year - self.ages[0]
        return latest - (latest - int(digits)) % 100

    def day_and_month(self, first: str, second: str, year: str) -> ReadDate:
        day, month = (int(first), int(second)) if self.day_first else (int(second), int(first))
        if month > 12 >= day:
            day, month = month, day
        return _date(self.year(year), month, day)


def _date(year: int, month: int, day: int) -> ReadDate:
    """A date from its parts, 0 standing for an unknown one; of an impossible day only the year is left.

    The month is no safer than the day: 30 February may stand for a day of March (so the rules for re-registration have it),
    for a lunar date, or for a month mistyped.
    """
    if not datetime.MINYEAR <= year <= datetime.MAXYEAR:
        return _UNREADABLE
    if month == 0:
        return ReadDate(PartialDate(year))
    if month > 12 or day > 31:
        return ReadDate(PartialDate(year), Reject.IMPOSSIBLE_DAY)
    if day == 0:
        return ReadDate(PartialDate(year, month))
    try:
        return ReadDate(PartialDate(year, month, day))
    except ValueError:
        return ReadDate(PartialDate(year), Reject.IMPOSSIBLE_DAY)


def _day_month_year(reader: _Reader, first: str, second: str, year: str) -> ReadDate:
    return reader.day_and_month(first, second, year)


def _year_month_day(_: _Reader, year: str, month: str, day: str) -> ReadDate:
    if int(month) > 12 >= int(day):
        month, day = day, month
    return _date(int(year), int(month), int(day))


def _day_named_month_year(reader: _Reader, day: str, month: str, year: str) -> ReadDate:
    return _date(reader.year(year), _month(month), int(day))


def _named_month_day_year(reader: _Reader, month: str, day: str, year: str) -> ReadDate:
    return _date(reader.year(year), _month(month), int(day))


def _month_year(reader: _Reader, month: str, year: str) -> ReadDate:
    return _date(reader.year(year), int(month), 0)


def _year_month(_: _Reader, year: str, month: str) -> ReadDate:
    return _date(int(year), int(month), 0)


def _year_only(reader: _Reader, year: str) -> ReadDate:
    return _date(reader.year(year), 0, 0)


def _digits(reader: _Reader, digits: str) -> ReadDate:
    """Digits without a separator: 20110905, 05092011 or 5092011, 050911, 092011, or the day number of a spreadsheet."""
    if len(digits) in (7, 8):
        padded = digits.zfill(8)
        if padded[:2] in ("19", "20") and int(padded[4:6]) <= 12:
            return _date(int(padded[:4]), int(padded[4:6]), int(padded[6:]))
        return reader.day_and_month(padded[:2], padded[2:4], padded[4:])
    if len(digits) == 6:
        if digits[2:4] in ("19", "20") and 1 <= int(digits[:2]) <= 12:
            return _date(int(digits[2:]), int(digits[:2]), 0)
        return reader.day_and_month(digits[:2], digits[2:4], digits[4:])
    return _excel_day(reader, digits)


def _excel_day(_: _Reader, digits: str) -> ReadDate:
    if len(digits) < 4 or digits.startswith("0") or int(digits) > LAST_EXCEL_DAY:
        return _UNREADABLE
    return ReadDate(PartialDate.on(EXCEL_DAY_ZERO + datetime.timedelta(days=int(digits))))


def _moment_in_utc(_: _Reader, date: str, time: str) -> ReadDate:
    """Midnight in Vietnam is 17:00 of the day before in UTC, and web pages export birth dates so."""
    try:
        moment = datetime.datetime.fromisoformat(f"{date} {time}") + VIETNAM
    except (ValueError, OverflowError):
        return _UNREADABLE
    return ReadDate(PartialDate.on(moment.date()))


_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _month(name: str) -> int:
    return int(name) if name.isdigit() else _MONTH_NAMES.index(name[:3]) + 1


_SEPARATOR = r"\s*[-/.,\\:\s]+\s*"
_NAMED = rf"({'|'.join(_MONTH_NAMES)})[a-z]*"
_YEAR = r"((?:1[89]|20|21)\d\d)"

FORMS: tuple[tuple[str, Callable[..., ReadDate]], ...] = (
    (rf"(\d\d?){_SEPARATOR}(\d\d?){_SEPARATOR}(\d{{4}}|\d\d)", _day_month_year),
    (rf"{_YEAR}{_SEPARATOR}(\d\d?){_SEPARATOR}(\d\d?)", _year_month_day),
    (_YEAR, _year_only),
    (rf"{_YEAR}[.,]0+", _year_only),
    (r"(\d{4,8})(?:[.,]\d+)?", _digits),
    (rf"(?:thang\s*)?(\d\d?){_SEPARATOR}{_YEAR}", _month_year),
    (rf"{_YEAR}{_SEPARATOR}(\d\d?)", _year_month),
    (rf"(?:ngay\s*)?(\d\d?)\s*thang\s*(\d\d?)[\s,]*(?:nam\s*)?{_YEAR}", _day_named_month_year),
    (rf"thang\s*(\d\d?)[\s,]*(?:nam\s*)?{_YEAR}", _month_year),
    (rf"(\d\d?)[-/.,\s]*{_NAMED}[-/.,\s]*(\d{{4}}|\d\d)", _day_named_month_year),
    (rf"{_NAMED}[-/.,\s]*(\d\d?)[-/.,\s]+(\d{{4}})", _named_month_day_year),
    (r"(?:nam(?:\s*sinh)?|sinh(?:\s*nam)?|sn|ns|s/n)[\s:.]*(\d{4}|\d\d)", _year_only),
    (r"(\d\d)", _year_only),
    (r"(\d{4}-\d\d-\d\d)[t\s]+(\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)?\s*(?:z|utc|[+]00:?00)", _moment_in_utc),
)
"""Pattern of the whole text → reader of its groups, the commonest first; texts are ASCII and in lower case by then."""

_FORMS = tuple((re.compile(pattern), read) for pattern, read in FORMS)
_UTC = _FORMS[-1]
_TIME = re.compile(r"(?<=\d)[t\s]+\d\d?:\d\d(?::\d\d)?(?:[.,]\d+)?\s*(?:[ap]m|sa|ch)?\s*(?:[+-]\d\d:?\d\d)?$")
_UNKNOWN_PART = re.compile(r"(?<![a-z\d])(?:[x?*_]{1,4}|-{2})(?=[-/.])")
_ONLY_DIGIT_LETTERS = re.compile(r"[\doil/.\s-]*\d[\doil/.\s-]*")
_DIGIT_LETTERS = str.maketrans("oil", "011")
_NOTE = re.compile(r"\s*\(.*\)?$")
_DECORATION = " '\"`=;,.\u200b\ufeff"
_MISSING = NOTHING | {"0", "0.0", "00/00/0000", "0000-00-00"}


def parse(text: str, *, as_of: datetime.date, day_first: bool = True, kind: str | None = None) -> ReadDate:
    """Read one birth date.

    Args:
        text: As typed.
        as_of: The day of the run; nobody is born after it.
        day_first: Whether 03/04 is the third of April; a number above 12 decides for itself.
        kind: Kind of record (student, teacher, guardian), for the ages that make sense and the century of two digits.

    Returns:
        The date and nothing wrong, a coarser date and why, no date and why, or neither when nothing was typed.
    """
    ages = AGES.get(kind or "", ANY_AGE)
    read = _read(_plain(text), _Reader(day_first, as_of, ages))
    return read if read.date is None else _plausible(read, read.date, as_of, ages)


def _plain(text: str) -> str:
    """ASCII, lower case, without decoration; letters typed for digits exchanged."""
    if text.isascii():
        plain = text.lower().strip(_DECORATION)
    else:
        plain = without_marks(unicodedata.normalize("NFKC", text)).lower().strip(_DECORATION)
    return plain.translate(_DIGIT_LETTERS) if _ONLY_DIGIT_LETTERS.fullmatch(plain) else plain


def _read(text: str, reader: _Reader) -> ReadDate:
    if text in _MISSING:
        return _NOT_TYPED
    in_utc = _UTC[0].fullmatch(text)
    if in_utc:
        return _moment_in_utc(reader, in_utc[1], in_utc[2])
    bare = _UNKNOWN_PART.sub("00", _TIME.sub("", _NOTE.sub("", text))).strip(_DECORATION)
    for pattern, read in _FORMS:
        found = pattern.fullmatch(bare)
        if found:
            return read(reader, *found.groups())
    return _UNREADABLE


def _plausible(read: ReadDate, date: PartialDate, as_of: datetime.date, ages: tuple[int, int]) -> ReadDate:
    if date.first > as_of:
        return ReadDate(None, Reject.FUTURE_DATE)
    youngest, oldest = ages
    return read if youngest <= as_of.year - date.year <= oldest else ReadDate(None, Reject.ABSURD_AGE)


_AMBIGUOUS = re.compile(
    rf"\s*['\"]?(\d\d?){_SEPARATOR}(\d\d?){_SEPARATOR}(?:\d{{4}}|\d\d)(?:[t\s].*)?", re.IGNORECASE
)


def _day_sign(text: str) -> int:
    """1 where the first number must be the day, -1 where the second must, 0 where either may."""
    found = _AMBIGUOUS.fullmatch(text)
    if not found:
        return 0
    first, second = int(found[1]), int(found[2])
    return (12 < first <= 31) - (12 < second <= 31)


@dataclass(frozen=True)
class DateColumn:
    """Birth dates, read: Arrow arrays, one value per row."""

    first: pa.Array
    """date32, the first possible day."""
    last: pa.Array
    precision: pa.Array
    """day, month or year; null when nothing is known."""
    reject: pa.Array
    """Code of `Reject`, null where nothing was wrong."""
    habit: Habit
    """1 for schools that write the month first."""


def normalise_dates(
    column: Column,
    schools: Column,
    as_of: datetime.date,
    kinds: Column | None = None,
    known: Habit = NO_HABIT,
) -> DateColumn:
    """Read a column of birth dates, each distinct one once per habit and kind of record.

    Args:
        column: Dates as typed; null where none was.
        schools: Whose habit (day or month first) it is, one value per row.
        as_of: The day of the run.
        kinds: Kind of record per row; without it any age up to 120 will do.
        known: Habits told before.
    """
    texts, groups = Distinct(column), Distinct(schools)
    of_kind = Distinct(kinds if kinds is not None else pa.nulls(len(texts.codes), pa.string()))
    month_first = known_or_told(groups, _month_first(texts, groups), known)
    cases = 2 * len(of_kind)
    keys, rows = np.unique(
        texts.codes * cases + of_kind.codes * 2 + month_first[groups.codes], return_inverse=True
    )
    read = [
        parse(
            texts.values[key // cases],
            as_of=as_of,
            day_first=key % 2 == 0,
            kind=of_kind.values[key % cases // 2],
        )
        for key in keys.tolist()
    ]
    dates = [reading.date for reading in read]
    return DateColumn(
        first=spread([date and date.first for date in dates], rows, pa.date32()),
        last=spread([date and date.last for date in dates], rows, pa.date32()),
        precision=spread([date and date.precision for date in dates], rows, pa.string()),
        reject=spread([reading.reject for reading in read], rows, pa.string()),
        habit=by_source(groups, month_first),
    )


def _month_first(texts: Distinct, groups: Distinct) -> np.ndarray:
    """Per group, whether its dates put the month first: more of them must than must not."""
    signs = np.fromiter(map(_day_sign, texts.values), dtype=np.int64, count=len(texts))
    votes = np.bincount(groups.codes, weights=signs[texts.codes], minlength=len(groups))
    return (votes < 0).astype(np.int64)
