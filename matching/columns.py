"""Records and entries as arrays of numbers, one element per person: what is compared and joined, without a string in it.

Codes: 0 stands for unknown in every code; names are positions in a table of names (`matching.nametable`), -1 for none. A birth date is one
number, year · 512 + month · 32 + day with 0 for what isn't known, so that its order is the order of dates and all of its parts are at hand.
"""

from typing import NamedTuple, TypeVar

import numpy as np

from matching.compiled import compiled
from matching.nametable import Array

Number = TypeVar("Number", int, np.ndarray)
"""One number, or many."""

NO_NAME = -1


class Records(NamedTuple):
    """The records of one kind, by row."""

    name: Array
    """int32, position in the records' names."""
    name_other: Array
    """int32, a second reading of the name."""
    birth: Array
    """int32."""
    gender: Array
    """int8, 1 male, 2 female."""
    birth_province: Array
    """int16, of 63."""
    birth_region: Array
    """int8, of 34."""
    home: Array
    """int8, province of residence, of 34."""
    commune: Array
    """int32."""
    number: Array
    """int64, claimed number."""
    number_other: Array
    """int64, a repair of it that is only suggested."""
    former: Array
    """int64, nine digits."""
    father_name: Array
    """int32."""
    mother_name: Array
    """int32."""
    reference: Array
    """int16, the year that ages are counted from: of a guardian, the child's birth year; 0 when there is none."""


class Entries(NamedTuple):
    """The entries of a registry that can be compared, by position."""

    entry: Array
    """int64, the personal ID as a number."""
    name: Array
    """int32, position in the registry's names."""
    birth: Array
    """int32."""
    gender: Array
    """int8."""
    birth_province: Array
    """int16."""
    home: Array
    """int8."""
    commune: Array
    """int32."""
    father_name: Array
    """int32."""
    mother_name: Array
    """int32."""
    deceased: Array
    """bool."""


def packed(year: Array, month: Array, day: Array) -> Array:
    """Years, months and days (0 where unknown) as birth numbers (int32)."""
    return (year.astype(np.int32) * 512 + month.astype(np.int32) * 32 + day.astype(np.int32)).astype(np.int32)


@compiled
def year_of(birth: Number) -> Number:
    """The year of a birth number, 0 when unknown; works for arrays too."""
    return birth >> 9


@compiled
def month_of(birth: Number) -> Number:
    """The month, 0 when unknown."""
    return (birth >> 5) & 15


@compiled
def day_of(birth: Number) -> Number:
    """The day of the month, 0 when unknown."""
    return birth & 31


@compiled
def is_first_of_january(birth: Number) -> Number:
    """1 January, which papers use for "only the year is known"."""
    return (birth & 511) == 33


@compiled
def is_coarse(birth: Number) -> Number:
    """No day is known, or it says 1 January."""
    return (birth & 31) == 0 or (birth & 511) == 33
