"""How many people were born as far from a date as the last levels of a comparison say: their share, where it isn't taken for certain."""

import numpy as np

from matching.comparison import A_GENERATION
from matching.levels import BIRTH_DATE
from matching.nametable import Array
from matching.weighing import FIRST_YEAR, YEARS


def with_spans(table: Array, years: Array, people: Array) -> Array:
    """U of birth dates (`matching.frequency.birth_date_table`) with the shares of `different` and `far`, and of years that are any one digit off.

    Args:
        table: records × levels.
        years: birth years of the records, 0 when unknown.
        people: share of people per birth year, YEARS values from FIRST_YEAR.
    """
    reach = np.ones(2 * A_GENERATION + 1)
    near = np.convolve(people, reach, "same")
    reach[A_GENERATION - 1 : A_GENERATION + 2] = 0
    apart = np.convolve(people, reach, "same")
    known = (years >= FIRST_YEAR) & (years < FIRST_YEAR + YEARS)
    at = np.clip(years - FIRST_YEAR, 0, YEARS - 1)
    changed = table.copy()
    changed[:, BIRTH_DATE.index("year_off")] *= DIGITS
    changed[known, BIRTH_DATE.index("different")] = np.maximum(apart[at[known]], RAREST)
    changed[known, BIRTH_DATE.index("far")] = np.maximum(1 - near[at[known]], RAREST)
    return changed


DIGITS = 2.0
"""How many years are one digit off for each that `matching.comparison.is_year_slip` knows."""

RAREST = 0.02
"""No span of years holds fewer."""
