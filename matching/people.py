"""Single values about a person: numbers, partial dates, gender, provinces.

Columns of a million people never hold these; they are for one person at a time (a command line, a test, an officer's
question) and for the distinct values behind a column.
"""

import calendar
import datetime
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Self

from matching.reference import read_table


class Gender(StrEnum):
    """As papers have it; unknown is None."""

    MALE = "M"
    FEMALE = "F"


class Precision(StrEnum):
    """How much of a date is known."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, order=True)
class PartialDate:
    """A date of which the day, or the day and the month, may be unknown: an interval, never a date with zeros in it.

    Raises:
        ValueError: The calendar has no such date, or a day is given without a month.
    """

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.day is not None and self.month is None:
            raise ValueError("a day without its month is no date")
        datetime.date(self.year, self.month or 1, self.day or 1)

    @classmethod
    def on(cls, date: datetime.date) -> Self:
        """A date known to the day."""
        return cls(date.year, date.month, date.day)

    @classmethod
    def from_iso(cls, text: str) -> Self | None:
        """Read YYYY, YYYY-MM or YYYY-MM-DD; None for anything else."""
        found = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", text)
        if found is None:
            return None
        try:
            return cls(*(int(part) for part in found.groups() if part is not None))
        except ValueError:
            return None

    @property
    def precision(self) -> Precision:
        """How much is known."""
        if self.day is not None:
            return Precision.DAY
        return Precision.YEAR if self.month is None else Precision.MONTH

    @property
    def first(self) -> datetime.date:
        """The first day that it can be."""
        return datetime.date(self.year, self.month or 1, self.day or 1)

    @property
    def last(self) -> datetime.date:
        """The last day that it can be."""
        month = self.month or 12
        return datetime.date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    @property
    def is_default_day(self) -> bool:
        """1 January, which papers use for "only the year is known"."""
        return (self.month, self.day) == (1, 1)

    def coarsened(self, precision: Precision) -> Self:
        """The same date with nothing finer than `precision`."""
        if precision is Precision.YEAR:
            return type(self)(self.year)
        return type(self)(self.year, self.month) if precision is Precision.MONTH else self

    def agrees(self, other: "PartialDate") -> bool:
        """Whether both can be the same day: they are equal at the precision of the coarser one."""
        return self.first <= other.last and other.first <= self.last

    def swapped(self) -> Self | None:
        """Day and month exchanged; None where that is no date, or the same one."""
        if self.day is None or self.day > 12 or self.day == self.month:
            return None
        return type(self)(self.year, self.day, self.month)

    def iso(self) -> str:
        """YYYY, YYYY-MM or YYYY-MM-DD."""
        parts = [f"{self.year:04d}", *(f"{part:02d}" for part in (self.month, self.day) if part is not None)]
        return "-".join(parts)

    def __str__(self) -> str:
        return self.iso()


@dataclass(frozen=True)
class PersonalId:
    """A 12-digit personal ID of a form that can have been issued; its repr shows the last four digits only.

    Raises:
        ValueError: Not 12 digits, or no province, country or century has such a number.
    """

    number: str

    def __post_init__(self) -> None:
        if not is_plausible_id(self.number):
            raise ValueError("not a plausible personal ID")

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The ID in a text of exactly 12 digits, else None; `normalise.identifiers` reads what people type."""
        return cls(text) if is_plausible_id(text) else None

    @property
    def birth_province(self) -> str | None:
        """Where the birth was registered: 3 digits of the table of 63, None when abroad."""
        return self.number[:3] if self.number[:3] in id_provinces() else None

    @property
    def gender(self) -> Gender:
        """From the fourth digit, even for men."""
        return Gender.FEMALE if int(self.number[3]) % 2 else Gender.MALE

    @property
    def birth_year(self) -> int:
        """From the fourth digit, which names the century, and the two that follow."""
        return 1900 + 100 * (int(self.number[3]) // 2) + int(self.number[4:6])

    def masked(self) -> str:
        """With all but the last four digits hidden."""
        return "*" * 8 + self.number[-4:]

    def __str__(self) -> str:
        return self.number

    def __repr__(self) -> str:
        return f"PersonalId({self.masked()})"


FIRST_COUNTRY_CODE = 101
"""Births registered abroad have a country in the first three digits; the province table ends below."""

_ID = re.compile(r"[0-9]{3}[0-3][0-9]{8}")


def is_plausible_id(text: str) -> bool:
    """12 digits, a province of the 63 or a country, born in this century or the last.

    The number has no check digit: nothing more can be said without asking.
    """
    if not _ID.fullmatch(text):
        return False
    return text[:3] in id_provinces() or int(text[:3]) >= FIRST_COUNTRY_CODE


@dataclass(frozen=True)
class FormerId:
    """A 9-digit number of the identity cards before; its repr shows the last three digits only.

    Raises:
        ValueError: Not 9 digits.
    """

    number: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]{9}", self.number):
            raise ValueError("not nine digits")

    @property
    def issued_by(self) -> tuple[str, ...]:
        """Provinces (3 digits, of 63) whose police gave out such numbers, by the longest known prefix; may be empty."""
        prefixes = former_prefixes()
        return next((prefixes[self.number[:size]] for size in (3, 2) if self.number[:size] in prefixes), ())

    def masked(self) -> str:
        """With all but the last three digits hidden."""
        return "*" * 6 + self.number[-3:]

    def __str__(self) -> str:
        return self.number

    def __repr__(self) -> str:
        return f"FormerId({self.masked()})"


@cache
def former_prefixes() -> dict[str, tuple[str, ...]]:
    """Prefix of a 9-digit number → the provinces (of 63) that used it; Hà Tây's count as Hà Nội's."""
    issued: dict[str, tuple[str, ...]] = {}
    for row in read_table("cmnd_prefixes", ("prefix", "cccd_province_code")):
        issued[row["prefix"]] = (*issued.get(row["prefix"], ()), row["cccd_province_code"] or "001")
    return issued


@dataclass(frozen=True)
class OldProvince:
    """One of the 63 provinces until 2025-07-01; IDs use this table for ever."""

    code: str
    """3 digits, as in IDs; the catalogue of places used the last two."""
    name: str
    new_code: str
    """The province of 2025 that it went into."""


@dataclass(frozen=True)
class Province:
    """One of the 34 provinces since 2025-07-01."""

    code: str
    """2 digits."""
    name: str
    """Without "Tỉnh" or "Thành phố"."""
    full_name: str
    old: tuple[OldProvince, ...]
    """The provinces that it was made of; one when it was left as it was."""

    @property
    def merged(self) -> bool:
        """Whether it was made of several."""
        return len(self.old) > 1


@cache
def provinces() -> dict[str, Province]:
    """The 34 provinces by code, in the order of their codes."""
    parts: dict[str, list[OldProvince]] = {}
    full_names = {}
    for row in read_table("id_province_codes", ("code", "name_vi", "new_code_2025", "new_name_2025")):
        new = row["new_code_2025"]
        parts.setdefault(new, []).append(OldProvince(row["code"], row["name_vi"], new))
        full_names[new] = row["new_name_2025"]
    return {
        code: Province(
            code,
            full_names[code].removeprefix("Tỉnh ").removeprefix("Thành phố "),
            full_names[code],
            tuple(parts[code]),
        )
        for code in sorted(parts)
    }


@cache
def id_provinces() -> dict[str, OldProvince]:
    """The 63 provinces by the three digits that open a personal ID."""
    return {old.code: old for province in provinces().values() for old in province.old}
