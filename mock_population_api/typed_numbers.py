"""Claimed numbers as typed: the right one, a former one, somebody else's, a slip, a placeholder; then the spreadsheet."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mock_population_api.assumptions import SlipAssumptions
from mock_population_api.draws import Floats, Ints
from mock_population_api.habits import Codes
from mock_population_api.persons import Objects, Persons, present
from mock_population_api.slip_log import SlipLog, chosen

Bools = npt.NDArray[np.bool_]

_PLACEHOLDERS = ("0", "123456789012", "chưa có", "000000000000", "-", "36", "không", "999999999")


@dataclass(frozen=True)
class Claims:
    """How likely records of a kind carry a number, and an old one instead."""

    held: Floats
    former: float


def _true_numbers(
    persons: Persons, claims: Claims, rates: SlipAssumptions, log: SlipLog, rng: np.random.Generator
) -> Objects:
    count = len(persons)
    held = rng.random(count) < claims.held
    numbers = np.where(present(persons.document), persons.document, persons.personal_id)
    numbers[~held] = None
    old = held & present(persons.superseded) & (rng.random(count) < rates.superseded_claimed)
    numbers = np.where(old, persons.superseded, numbers)
    log.note_where(old, "superseded_number")
    former = held & ~old & present(persons.former) & (rng.random(count) < claims.former)
    log.note_where(former, "former_number")
    return np.where(former, persons.former, numbers)


def one_digit(number: str, rng: np.random.Generator) -> str:
    """One digit another one."""
    at = int(rng.integers(0, len(number)))
    digit = str((int(number[at]) + int(rng.integers(1, 10))) % 10) if number[at].isdigit() else number[at]
    return number[:at] + digit + number[at + 1 :]


def two_digits_swapped(number: str, rng: np.random.Generator) -> str:
    """Two different neighbouring digits exchanged."""
    places = [at for at in range(len(number) - 1) if number[at] != number[at + 1]]
    if not places:
        return number
    at = places[int(rng.integers(0, len(places)))]
    return number[:at] + number[at + 1] + number[at] + number[at + 2 :]


def _cut(number: str, rng: np.random.Generator) -> str:
    return number[:-1] if rng.random() < 0.5 else number[1:]


def _invented(number: str, rng: np.random.Generator) -> str:
    return number[:6] + f"{int(rng.integers(0, 10**6)):06d}" if len(number) == 12 else number


_SLIPS = (
    ("one_digit", one_digit),
    ("two_digits_swapped", two_digits_swapped),
    ("number_cut", _cut),
    ("invented", _invented),
)


def _overwritten(log: SlipLog, rows: Ints, count: int) -> None:
    """What was wrong with the numbers of these rows no longer matters."""
    mask = np.zeros(count, dtype=bool)
    mask[rows] = True
    log.forget(
        mask,
        *(label for label, _ in _SLIPS),
        "former_number",
        "superseded_number",
        "somebody_elses",
        "rows_swapped",
    )


def _rows_swapped(
    numbers: Objects, schools: Ints, rate: float, log: SlipLog, rng: np.random.Generator
) -> None:
    """The numbers of two neighbouring rows of a school exchanged, in place."""
    rows = chosen(max(len(numbers) - 1, 0), rate, rng)
    rows = rows[np.concatenate([[True], np.diff(rows) > 1])] if len(rows) else rows
    rows = rows[(schools[rows] == schools[rows + 1]) & (numbers[rows] != numbers[rows + 1])]
    numbers[rows], numbers[rows + 1] = numbers[rows + 1], numbers[rows].copy()
    for side in (rows, rows + 1):
        log.note(side, "rows_swapped")


def slip_numbers(
    persons: Persons, others: Objects, schools: Ints, claims: Claims, rates: SlipAssumptions, log: SlipLog, rng: np.random.Generator
) -> Objects:  # fmt: skip
    """Numbers as they are claimed.

    Args:
        persons: the person of each record.
        others: a number of somebody near each: a parent or a classmate; None where there is none.
        schools: the school of each record; neighbouring rows stand one below the other in its file.
        claims: how likely a number is there at all.
        rates: the assumptions.
        log: where slips are noted.
        rng: where chance comes from.
    """
    numbers = _true_numbers(persons, claims, rates, log, rng)
    claimed = np.flatnonzero(present(numbers))
    for label, change in _SLIPS:
        rows = claimed[chosen(len(claimed), getattr(rates, label), rng)]
        numbers[rows] = [change(numbers[row], rng) for row in rows]
        log.note(rows, label)
    rows = claimed[chosen(len(claimed), rates.somebody_elses, rng)]
    rows = rows[present(others[rows]) & (others[rows] != numbers[rows])]
    numbers[rows] = others[rows]
    _overwritten(log, rows, len(numbers))
    log.note(rows, "somebody_elses")
    _rows_swapped(numbers, schools, rates.rows_swapped, log, rng)
    rows = chosen(len(numbers), rates.placeholder, rng)
    numbers[rows] = np.array(_PLACEHOLDERS, dtype=object)[rng.integers(0, len(_PLACEHOLDERS), len(rows))]
    _overwritten(log, rows, len(numbers))
    log.note(rows, "placeholder")
    return numbers


def _scientific(number: str) -> str:
    return f"{int(number):.2E}" if len(number) > 11 else number


def _grouped(number: str) -> str:
    return " ".join(number[at : at + 3] for at in range(0, len(number), 3))


_DAMAGE = {
    "lost_zeros": lambda number: number.lstrip("0") or "0",
    "float": lambda number: (number.lstrip("0") or "0") + ".0",
    "scientific": _scientific,
    "apostrophe": lambda number: f"'{number}",
    "grouped": _grouped,
}
_HARMLESS = ("apostrophe", "grouped")


def write_numbers(numbers: Objects, habit: Codes, log: SlipLog) -> Objects:
    """Numbers as the school's software or spreadsheet leaves them."""
    written = numbers.copy()
    digits = np.array([number is not None and number.isdigit() for number in numbers], dtype=bool)
    for name, damage in _DAMAGE.items():
        rows = np.flatnonzero((habit == name) & digits)
        written[rows] = [damage(number) for number in numbers[rows]]
        if name not in _HARMLESS:
            log.note(rows[written[rows] != numbers[rows]], f"number:{name}")
    return written
