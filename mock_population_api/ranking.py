"""The best of those whom the rules find, for one question after another: points, and the most of them first."""

from typing import Any

import numpy as np

from mock_population_api.columns import BY_DAY, BY_YEAR, NO_DAY, UNKNOWN, Held, Orders
from mock_population_api.compiled import compiled, leaf
from mock_population_api.finding import Question, fitting_entries, name_likeness
from mock_population_api.likeness import NOTHING, most_alike, place_letters
from mock_population_api.mapped import Array
from mock_population_api.prefetch import fetch

_MOST_FOR_NAME = 5.0 + 1e-6
_ENTRIES_AHEAD, _NAMES_AHEAD = 16, 8
"""How many of those who fit are asked for before their turn; a name is known once its entry is there."""


@leaf
def _name_points(
    asked: Question, letters: Array, held: Held, name: int, places: Array, notes: Array
) -> float:
    if name == UNKNOWN or not asked.named:
        return 0.0
    other, alike = held.names[name], 0.0
    if asked.words != UNKNOWN and asked.words == other.words:
        alike = 1.0
    elif asked.sound != UNKNOWN and asked.sound == other.sound:
        alike = 0.95
    elif asked.signature != NOTHING and other.signature != NOTHING:
        alike = name_likeness(asked, letters, places, held, name, notes)
    return 4.0 * alike + (asked.spelled == other.spelled)


@leaf
def _most_name_points(asked: Question, held: Held, name: int) -> float:
    """What `_name_points` can be at most, for who has another name."""
    if name == UNKNOWN or not asked.named:
        return 0.0
    other = held.names[name]
    if asked.words == other.words or asked.sound == other.sound:
        return 5.0
    most = most_alike(asked.signature, other.signature)
    return 4.0 * (most + 0.4 * (1.0 - most) if most > 0.7 else most)


@leaf
def _civil(days: int) -> tuple[int, int, int]:
    """Year, month and day of a day since 1970, in the calendar of today continued backwards."""
    shifted = days + 719_468
    era = shifted // 146_097
    of_era = shifted - era * 146_097
    year_of_era = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    since_march = (5 * of_year + 2) // 153
    month = since_march + 3 if since_march < 10 else since_march - 9
    return year_of_era + era * 400 + (month <= 2), month, of_year - (153 * since_march + 2) // 5 + 1


@leaf
def _date_points(points: float, asked: Question, born: int, precision: int) -> float:
    if born == NO_DAY:
        return points
    year, month, day = _civil(born)
    points += asked.year == year
    points += precision != BY_YEAR and asked.month == month
    points += precision == BY_DAY and asked.day_month % 100 == day
    points += precision == BY_DAY and asked.born == born
    return points + (1.5 if asked.swapped == born else 0.0)


@leaf
def _place_points(points: float, asked: Question, entry: Any) -> float:  # noqa: ANN401 (a row of FACTS)
    home, commune = asked.residence_province, asked.residence_commune
    points += asked.gender != UNKNOWN and asked.gender == entry.gender
    points += asked.birth_province != UNKNOWN and asked.birth_province == entry.birth_province
    points += 0.5 if home != UNKNOWN and home == entry.residence_province else 0.0
    points += commune != UNKNOWN and commune == entry.residence_commune
    return points


@leaf
def _distinct(fits: Array, count: int, restricted: Array) -> int:
    """Everybody once and nobody restricted, of sorted `fits`; how many are left."""
    kept = hidden = 0
    for place in range(count):
        entry = fits[place]
        while hidden < len(restricted) and restricted[hidden] < entry:
            hidden += 1
        if (kept and fits[kept - 1] == entry) or (hidden < len(restricted) and restricted[hidden] == entry):
            continue
        fits[kept] = entry
        kept += 1
    return kept


@leaf
def _ask_ahead(held: Held, fits: Array, place: int, count: int) -> None:
    if place + _ENTRIES_AHEAD < count:
        fetch(held.entries, fits[place + _ENTRIES_AHEAD])
    if place + _NAMES_AHEAD < count:
        name = held.entries[fits[place + _NAMES_AHEAD]].name
        if name != UNKNOWN:
            fetch(held.names, name)


@leaf
def _best(
    asked: Question,
    letters: Array,
    held: Held,
    places: Array,
    fits: Array,
    count: int,
    notes: Array,
    best: Array,
    points: Array,
) -> int:
    """Those of `fits` with most points, first, into `best`, which they fill at most; how many."""
    kept = 0
    for place in range(min(_ENTRIES_AHEAD, count)):
        fetch(held.entries, fits[place])
    for place in range(count):
        _ask_ahead(held, fits, place, count)
        entry = held.entries[fits[place]]
        if kept == len(best):
            # most of those who fit can't come among the best, and a name is costly to compare
            others = _place_points(_date_points(0.0, asked, entry.born, entry.precision), asked, entry)
            needed = points[kept - 1] - others
            if needed > _MOST_FOR_NAME or _most_name_points(asked, held, entry.name) < needed - 1e-6:
                continue
        earned = _name_points(asked, letters, held, entry.name, places, notes)
        earned = _date_points(earned, asked, entry.born, entry.precision)
        earned = _place_points(earned, asked, entry)
        if kept == len(best):
            if earned <= points[kept - 1]:
                continue
            kept -= 1
        # entries come by number, so that of equals the earlier stays before
        at = kept
        while at and points[at - 1] < earned:
            best[at], points[at] = best[at - 1], points[at - 1]
            at -= 1
        best[at], points[at] = fits[place], earned
        kept += 1
    return kept


@compiled
def search(
    asked: Array, letters: Array, orders: Orders, held: Held, first: int, last: int, most: int
) -> tuple[Array, Array, Array]:
    """The best of those whom a rule finds, for the questions `first` to `last`.

    Args:
        asked: all questions (ASKED).
        letters: of their folded names (uint8).
        orders: in which entries are found.
        held: the entries.
        first: question.
        last: question, not answered any more.
        most: entries for one question.

    Returns:
        Positions of entries (int32), question after question, best first; where each question's begin (int64), and the end of all; and
            how many fitted each (int64).
    """
    fits, best = np.empty(4_096, np.int32), np.empty((last - first) * most, np.int32)
    starts, fitting = np.zeros(last - first + 1, np.int64), np.zeros(last - first, np.int64)
    places, notes, points = np.zeros(128, np.uint64), np.empty((2, held.longest), np.uint8), np.empty(most)
    filled = 0
    for q in range(first, last):
        question = asked[q]
        place_letters(letters, question.folded, question.folded_end, places)
        count = fitting_entries(question, letters, orders, held, places, fits, notes)
        while count > len(fits):
            fits = np.empty(2 * count, np.int32)
            count = fitting_entries(question, letters, orders, held, places, fits, notes)
        fits[:count].sort()
        count = _distinct(fits, count, held.restricted)
        mine = best[filled : filled + most]
        filled += _best(question, letters, held, places, fits, count, notes, mine, points)
        starts[q - first + 1], fitting[q - first] = filled, count
    return best[:filled], starts, fitting
