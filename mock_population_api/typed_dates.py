"""Dates of birth as typed: wrong days, default days, impossible days, and the forms and spreadsheets of schools."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mock_population_api.assumptions import SlipAssumptions
from mock_population_api.draws import Ints
from mock_population_api.habits import Codes
from mock_population_api.persons import Days, Objects
from mock_population_api.slip_log import SlipLog, chosen

Bools = npt.NDArray[np.bool_]

_SERIAL_ZERO = np.datetime64("1899-12-30")
_IMPOSSIBLE = ((30, 2), (31, 4), (31, 6), (31, 9), (31, 11))


@dataclass
class Calendar:
    """Days as three columns, so that a day may be one that doesn't exist."""

    year: Ints
    month: Ints
    day: Ints

    def existing(self) -> Bools:
        """Whether each is a day of the calendar."""
        existing: Bools = self.as_days().astype("datetime64[M]") == self._first()
        return existing

    def as_days(self) -> Days:
        """As days; one that doesn't exist runs over into the next month."""
        days: Days = self._first().astype("datetime64[D]") + (self.day - 1).astype("timedelta64[D]")
        return days

    def _first(self) -> Days:
        months = (self.year - 1970) * 12 + self.month - 1
        return months.astype("datetime64[M]")


def calendar(days: Days) -> Calendar:
    """Year, month and day of each."""
    months = days.astype("datetime64[M]")
    year = days.astype("datetime64[Y]").astype(np.int64) + 1970
    month = months.astype(np.int64) % 12 + 1
    return Calendar(year, month, (days - months.astype("datetime64[D]")).astype(np.int64) + 1)


def slip_dates(dates: Calendar, rates: SlipAssumptions, log: SlipLog, rng: np.random.Generator) -> None:
    """Slips of single dates, in place."""
    count = len(dates.year)
    rows = chosen(count, rates.wrong_day, rng)
    dates.day[rows] = (dates.day[rows] - 1 + rng.choice([1, 2, 9, 10, 20], len(rows))) % 28 + 1
    log.note(rows, "wrong_day")
    rows = chosen(count, rates.day_month_swapped, rng)
    rows = rows[(dates.day[rows] <= 12) & (dates.day[rows] != dates.month[rows])]
    dates.day[rows], dates.month[rows] = dates.month[rows], dates.day[rows].copy()
    log.note(rows, "day_month_swapped")
    rows = chosen(count, rates.year_off, rng)
    dates.year[rows] += rng.choice([-10, -1, -1, 1, 1, 10], len(rows))
    log.note(rows, "year_off")
    rows = chosen(count, rates.default_day, rng)
    dates.day[rows], dates.month[rows] = 1, 1
    log.note(rows, "default_day")
    rows = chosen(count, rates.impossible_date, rng)
    dates.day[rows], dates.month[rows] = np.array(_IMPOSSIBLE)[rng.integers(0, len(_IMPOSSIBLE), len(rows))].T
    log.note(rows, "impossible_date")


DAY_SLIPS = (
    "wrong_day", "day_month_swapped", "default_day", "impossible_date", "date_form:mm/dd/yyyy", "date_form:excel_serial",
    "date_form:d/m/yy",
)  # fmt: skip
"""Labels that mean nothing where only a year is written."""
DATE_SLIPS = (*DAY_SLIPS, "year_off", "year_alone", "date_missing")
"""Labels that mean nothing where no date is written."""

_FORMS = {
    "dd/mm/yyyy": "{d:02d}/{m:02d}/{y}",
    "yyyy-mm-dd": "{y}-{m:02d}-{d:02d}",
    "d/m/yyyy": "{d}/{m}/{y}",
    "d/m/yy": "{d}/{m}/{yy:02d}",
    "dd-mm-yyyy": "{d:02d}-{m:02d}-{y}",
    "dd.mm.yyyy": "{d:02d}.{m:02d}.{y}",
    "mm/dd/yyyy": "{m:02d}/{d:02d}/{y}",
    "iso_time": "{y}-{m:02d}-{d:02d}T00:00:00",
}
_NOTED_FORMS = ("mm/dd/yyyy", "excel_serial", "d/m/yy")


def _written(dates: Calendar, rows: Ints, form: str) -> list[str]:
    parts = (dates.year[rows].tolist(), dates.month[rows].tolist(), dates.day[rows].tolist())
    if form == "excel_serial":
        return [str(serial) for serial in (dates.as_days()[rows] - _SERIAL_ZERO).astype(np.int64)]
    pattern = _FORMS[form]
    return [pattern.format(y=y, m=m, d=d, yy=y % 100) for y, m, d in zip(*parts, strict=True)]


def write_dates(dates: Calendar, forms: Codes, log: SlipLog) -> Objects:
    """Dates in the form of each record's school; a day that doesn't exist can't be a serial number and stays text."""
    forms = np.where((forms == "excel_serial") & ~dates.existing(), "dd/mm/yyyy", forms)
    written = np.empty(len(forms), dtype=object)
    for form in [*_FORMS, "excel_serial"]:
        rows = np.flatnonzero(forms == form)
        written[rows] = _written(dates, rows, form)
    for form in _NOTED_FORMS:
        log.note_where(forms == form, f"date_form:{form}")
    return written


def years_alone(written: Objects, dates: Calendar, rows: Ints) -> None:
    """Only the year at these rows, in place."""
    written[rows] = [str(year) for year in dates.year[rows]]
