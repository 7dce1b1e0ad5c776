"""How the fields of a pair compare: an ordered level per field, for one pair at a time, compiled.

Levels and their order stand in `matching.levels`; a level here is its position there. Records and entries are those of
`matching.columns`; 0 means unknown.
"""

import numpy as np

from matching import levels
from matching.columns import Entries, Records, day_of, is_first_of_january, month_of, year_of
from matching.compiled import compiled, either, inner
from matching.likeness import name_agrees
from matching.nametable import Array, Names

FIELDS = tuple(levels.COMPARISONS)
"""The comparisons in their order: a pair's levels are an array with one element per field."""

NAME, BIRTH_DATE, GENDER, BIRTH_PLACE, RESIDENCE, NUMBER, PARENTS = range(len(FIELDS))

_B = {level: code for code, level in enumerate(levels.BIRTH_DATE)}
SAME_DAY, DEFAULT_DAY, SWAPPED, YEAR_OFF, ONE_PART_OFF, COARSE, SAME_YEAR, ADJACENT_YEAR, OTHER_DATE, FAR, NO_DATE = (
    _B["same_day"], _B["default_day"], _B["day_month_swapped"], _B["year_off"], _B["one_part_off"], _B["coarse"],
    _B["same_year"], _B["adjacent_year"], _B["different"], _B["far"], _B["missing"],
)  # fmt: skip
_N = {level: code for code, level in enumerate(levels.NUMBER)}
N_SAME, N_FORMER, N_SUPERSEDED, N_ZERO, N_ONE_DIGIT, N_STRUCTURE, N_DIFFERENT, N_MISSING = (
    _N["same"], _N["former_same"], _N["superseded"], _N["zero_restored"], _N["one_digit"], _N["structure_agrees"],
    _N["different"], _N["missing"],
)  # fmt: skip
P_BOTH, P_ONE, P_MIXED, P_DIFFER, P_MISSING = map(levels.PARENTS.index, levels.PARENTS)

A_GENERATION = 12
"""Years beyond which two dates are hardly one person's: no usual slip, and already a parent's or child's."""


@either
def is_year_slip(a: int, b: int) -> bool:
    """Slips that keep day and month: a year miscounted, a digit of the decade or of both mistyped, the two last digits swapped."""
    apart = abs(a - b)
    if apart == 1 or apart == 2 or apart == 9 or apart == 10 or apart == 11:
        return True
    return a != b and a // 100 == b // 100 and a % 10 == b // 10 % 10 and b % 10 == a // 10 % 10


@either
def birth_level(a: int, b: int) -> int:
    """Two dates agree at the precision of the coarser one; a day that says 1 January may be a default."""
    year_a, year_b = year_of(a), year_of(b)
    if year_a == 0 or year_b == 0:
        return NO_DATE
    month_a, month_b, day_a, day_b = month_of(a), month_of(b), day_of(a), day_of(b)
    default_a, default_b = is_first_of_january(a), is_first_of_january(b)
    days = day_a != 0 and day_b != 0
    if year_a == year_b:
        if default_a and default_b:
            return DEFAULT_DAY
        if days and a == b:
            return SAME_DAY
        months_agree = month_a == 0 or month_b == 0 or month_a == month_b
        if (not days and months_agree) or (days and (default_a or default_b)):
            return COARSE
        if days and month_a == day_b and day_a == month_b:
            return SWAPPED
        if days and (month_a == month_b or day_a == day_b):
            return ONE_PART_OFF
        return SAME_YEAR
    if days and month_a == month_b and day_a == day_b and not default_a and is_year_slip(year_a, year_b):
        return YEAR_OFF
    if abs(year_a - year_b) == 1:
        return ADJACENT_YEAR
    return FAR if abs(year_a - year_b) > A_GENERATION else OTHER_DATE


@either
def digit_slip(a: int, b: int, level: int) -> int:
    """The level of two dates where any one digit of the year may be mistyped, not only those that `is_year_slip` knows.

    Args:
        a: a date.
        b: another one.
        level: their `birth_level`.
    """
    if level < OTHER_DATE or level > FAR or day_of(a) == 0 or a & 511 != b & 511 or is_first_of_january(a):
        return level
    x, y, differing = year_of(a), year_of(b), 0
    while x > 0 or y > 0:
        differing += x % 10 != y % 10
        x, y = x // 10, y // 10
    return YEAR_OFF if differing == 1 else level


@either
def gender_level(a: int, b: int) -> int:
    """Same, different, missing."""
    if a == 0 or b == 0:
        return 2
    return 0 if a == b else 1


@either
def birth_place_level(province: int, region: int, entry_province: int, regions: Array) -> int:
    """By the table of 63, or by the 34 they merged into where one side knows no more."""
    if province != 0 and province == entry_province:
        return 0
    entry_region = regions[entry_province]
    if region == 0 or entry_region == 0:
        return 3 if province == 0 or entry_province == 0 or region != entry_region else 2
    return 1 if region == entry_region else 2


@either
def residence_level(home: int, commune: int, entry_home: int, entry_commune: int) -> int:
    """Commune, province, different, missing; catalogue of 2025."""
    if home == 0 or entry_home == 0:
        return 3
    if commune != 0 and commune == entry_commune:
        return 0
    return 1 if home == entry_home else 2


@either
def number_level(number: int, restored: int, entry: int, found_by: int) -> int:
    """The claimed number against the entry's; how a lookup found the entry says what can't be seen in the digits."""
    if number != 0 and number == entry:
        return N_SAME
    if found_by == 2:
        return N_SUPERSEDED
    if found_by == 3:
        return N_FORMER
    if restored != 0 and restored == entry:
        return N_ZERO
    if number == 0 and restored == 0:
        return N_MISSING
    read = number if number != 0 else restored
    if one_digit_apart(read, entry):
        return N_ONE_DIGIT
    return N_STRUCTURE if read // 1_000_000 == entry // 1_000_000 else N_DIFFERENT


@either
def one_digit_apart(a: int, b: int) -> bool:
    """One digit differs, or two neighbouring digits have changed places."""
    differing, first, second = 0, -1, -1
    x, y = a, b
    for place in range(12):
        if x % 10 != y % 10:
            differing += 1
            if differing > 2:
                return False
            first, second = second, place
        x, y = x // 10, y // 10
    if differing == 1:
        return True
    if differing != 2 or second - first != 1:
        return False
    low, high = 10**first, 10**second
    return a // low % 10 == b // high % 10 and a // high % 10 == b // low % 10


@either
def parents_level(compared: int, agree: int) -> int:
    """Both parents together: of how many both sides know the name, and of how many of those it agrees."""
    if compared == 0:
        return P_MISSING
    if agree == 2:
        return P_BOTH
    if agree == 1:
        return P_ONE if compared == 1 else P_MIXED
    return P_DIFFER


@inner
def parents_of_pair(
    records: Records,
    row: int,
    names: Names,
    entries: Entries,
    at: int,
    entry_names: Names,
    established: Array,
) -> int:
    """Father's and mother's name on record against those behind the entry's parent numbers."""
    father, mother, compared, agree = records.father_name[row], records.mother_name[row], 0, 0
    if father >= 0 and entries.father_name[at] >= 0:
        compared += 1
        agree += name_agrees(names, father, entry_names, entries.father_name[at], established)
    if mother >= 0 and entries.mother_name[at] >= 0:
        compared += 1
        agree += name_agrees(names, mother, entry_names, entries.mother_name[at], established)
    return parents_level(compared, agree)


@compiled
def birth_levels(a: Array, b: Array) -> Array:
    """`birth_level` of pairs of birth numbers (int8)."""
    result = np.empty(len(a), np.int8)
    for i in range(len(a)):
        result[i] = birth_level(a[i], b[i])
    return result
