"""Whom the rules of `search` find: one function for each order, reading the runs in which a rule's entries stand."""

from typing import Any

import numpy as np

from mock_population_api.columns import (
    FIRST_DAY,
    INLINE,
    LETTERS_IN_NAME,
    NAME,
    NO_DAY,
    UNKNOWN,
    Held,
    Order,
    Orders,
)
from mock_population_api.compiled import leaf
from mock_population_api.likeness import NOTHING, hopeless, likeness
from mock_population_api.mapped import Array

SIMILAR, VERY_SIMILAR = 0.8, 0.88
"""Jaro-Winkler similarity of folded names from which the registry calls them similar, or very similar."""

_NAME_BYTES = NAME.itemsize

Question = Any
"""A row of ASKED; compiled code knows its type, numpy's stubs don't."""


@leaf
def _add(fits: Array, count: int, entry: int) -> int:
    """One more that fits; what finds no room is counted all the same."""
    if count < len(fits):
        fits[count] = entry
    return count + 1


@leaf
def _from_year(rows: Array, low: int, high: int, year: int) -> int:
    """The first row from `low` to `high` whose year isn't before `year`; `high` if there is none."""
    while low < high:
        middle = (low + high) // 2
        if rows[middle].year < year:
            low = middle + 1
        else:
            high = middle
    return low


@leaf
def _from_day(rows: Array, low: int, high: int, day_month: int) -> int:
    """The first row from `low` to `high` whose day of the year isn't before `day_month`; `high` if there is none."""
    while low < high:
        middle = (low + high) // 2
        if rows[middle].day_month < day_month:
            low = middle + 1
        else:
            high = middle
    return low


@leaf
def _near_year(asked: int, held: int) -> bool:
    """Years that are mistaken for one another: a slip of one or two, or of a digit of the decade."""
    apart = abs(asked - held)
    return asked != 0 and held != 0 and (apart == 1 or apart == 2 or 9 <= apart <= 11)


@leaf
def _by_name(asked: Question, order: Order, fits: Array, count: int) -> int:
    """name_year, name_day_month, name_commune, name_province, name_alone, name_near_year."""
    words, year, day_month, placeless = asked.words, asked.year, asked.day_month, asked.placeless
    birth, home, commune = asked.birth_province, asked.residence_province, asked.residence_commune
    if words == UNKNOWN:
        return count
    for place in range(order.start[words], order.start[words + 1]):
        row = order.rows[place]
        near = _near_year(year, row.year)
        there = (birth != UNKNOWN and row.birth_province == birth) or (
            home != UNKNOWN and row.residence_province == home
        )
        fitting = (year != 0 and year == row.year) or (
            commune != UNKNOWN and row.residence_commune == commune
        )
        if day_month != 0:
            fitting = fitting or (near and row.day_month == day_month)
        else:
            about = year == 0 or (row.year != 0 and abs(year - row.year) <= 2)
            fitting = fitting or (about and there) or (placeless and (year == 0 or near))
        if fitting:
            count = _add(fits, count, row.at)
    return count


@leaf
def _by_sound(asked: Question, order: Order, fits: Array, count: int) -> int:
    """sound_year."""
    sound, year = asked.sound, asked.year
    if sound == UNKNOWN or year == 0:
        return count
    end = order.start[sound + 1]
    place = _from_year(order.rows, order.start[sound], end, year)
    while place < end and order.rows[place].year == year:
        count = _add(fits, count, order.rows[place].at)
        place += 1
    return count


@leaf
def _same_part(asked: int, held: int) -> bool:
    """Whether month or day agree, of two days within a year (month * 100 + day), 0 for none."""
    return asked != 0 and held != 0 and (asked // 100 == held // 100 or asked % 100 == held % 100)


@leaf
def _by_edge(asked: Question, order: Order, fits: Array, count: int) -> int:
    """edge_year, edge_year_alone, edge_day_month."""
    edge, year, day_month = asked.edge, asked.year, asked.day_month
    birth, home = asked.birth_province, asked.residence_province
    if edge == UNKNOWN or year == 0:
        return count
    begin, end = order.start[edge], order.start[edge + 1]
    for apart in range(-11, 12):
        if apart != 0 and (day_month == 0 or not _near_year(year, year + apart)):
            continue
        place = _from_year(order.rows, begin, end, year + apart)
        while place < end and order.rows[place].year == year + apart:
            row = order.rows[place]
            if apart != 0:
                fitting = row.day_month == day_month
            else:
                there = (home != UNKNOWN and row.residence_province == home) or (
                    birth != UNKNOWN and row.birth_province == birth
                )
                fitting = (
                    there or _same_part(day_month, row.day_month) or (day_month == 0 and asked.placeless)
                )
            if fitting:
                count = _add(fits, count, row.at)
            place += 1
    return count


@leaf
def name_likeness(
    asked: Question, letters: Array, places: Array, held: Held, name: int, notes: Array
) -> float:
    """How alike the name asked is to one held, both of which have letters."""
    size = np.int64(held.names[name].signature & np.uint64(63))
    low, top = asked.folded, asked.folded_end
    if size <= INLINE:
        begin = name * np.int64(_NAME_BYTES) + LETTERS_IN_NAME
        return likeness(letters, low, top, places, held.rows, begin, begin + size, notes)
    begin, end = held.letters_at[name], held.letters_at[name + 1]
    return likeness(letters, low, top, places, held.letters, begin, end, notes)


@leaf
def _alike(
    asked: Question, letters: Array, places: Array, held: Held, row: Question, least: float, notes: Array
) -> bool:
    """Whether the name asked and that of a row are at least so similar."""
    if asked.signature == NOTHING or row.signature == NOTHING:
        return False
    if hopeless(asked.signature, asked.prefix, row.signature, row.prefix, least):
        return False
    return name_likeness(asked, letters, places, held, row.name, notes) >= least


@leaf
def _by_date(
    asked: Question,
    letters: Array,
    order: Order,
    held: Held,
    places: Array,
    fits: Array,
    count: int,
    notes: Array,
) -> int:
    """date_name, date_place."""
    first, last, initials = asked.first, asked.last, asked.initials
    birth, gender, any_gender = asked.birth_province, asked.gender, asked.any_gender
    day = asked.born - FIRST_DAY
    if asked.born == NO_DAY or not 0 <= day < len(order.start) - 1:
        return count
    for place in range(order.start[day], order.start[day + 1]):
        row = order.rows[place]
        fitting = birth != UNKNOWN and row.birth_province == birth
        fitting = fitting and (any_gender or (gender != UNKNOWN and row.gender == gender))
        if not fitting and last != UNKNOWN:
            fitting = row.last == last or row.first == last
        if not fitting:
            kin = first != UNKNOWN and (row.first == first or row.last == first)
            if kin or (initials != UNKNOWN and row.initials == initials):
                fitting = _alike(asked, letters, places, held, row, SIMILAR, notes)
        if fitting:
            count = _add(fits, count, row.at)
    return count


@leaf
def _by_swapped(
    asked: Question,
    letters: Array,
    order: Order,
    held: Held,
    places: Array,
    fits: Array,
    count: int,
    notes: Array,
) -> int:
    """swapped_date."""
    day, last = asked.swapped - FIRST_DAY, asked.last
    if asked.swapped == NO_DAY or not 0 <= day < len(order.start) - 1:
        return count
    for place in range(order.start[day], order.start[day + 1]):
        row = order.rows[place]
        if (last != UNKNOWN and row.last == last) or _alike(
            asked, letters, places, held, row, SIMILAR, notes
        ):
            count = _add(fits, count, row.at)
    return count


@leaf
def _by_commune(
    asked: Question,
    letters: Array,
    order: Order,
    held: Held,
    places: Array,
    fits: Array,
    count: int,
    notes: Array,
) -> int:
    """commune_year, commune_name."""
    commune, year, last = asked.residence_commune, asked.year, asked.last
    if commune == UNKNOWN:
        return count
    place, end, least = order.start[commune], order.start[commune + 1], VERY_SIMILAR
    if year != 0:
        place, least = _from_year(order.rows, place, end, year), SIMILAR
    while place < end and (year == 0 or order.rows[place].year == year):
        row = order.rows[place]
        if (year != 0 and last != UNKNOWN and row.last == last) or _alike(
            asked, letters, places, held, row, least, notes
        ):
            count = _add(fits, count, row.at)
        place += 1
    return count


@leaf
def _by_birthplace(
    asked: Question,
    letters: Array,
    order: Order,
    held: Held,
    places: Array,
    fits: Array,
    count: int,
    notes: Array,
) -> int:
    """birthplace_year."""
    province, year, day_month = asked.birth_province, asked.year, asked.day_month
    if province == UNKNOWN or day_month == 0:
        return count
    begin, end = order.start[province], order.start[province + 1]
    begin = _from_year(order.rows, begin, end, year)
    end = _from_year(order.rows, begin, end, year + 1)
    for month in range(1, 13):
        # of the month asked all days, of the others the day asked
        whole = month == day_month // 100
        lowest = month * 100 + (0 if whole else day_month % 100)
        highest = month * 100 + (99 if whole else day_month % 100)
        place = _from_day(order.rows, begin, end, lowest)
        while place < end and order.rows[place].day_month <= highest:
            row = order.rows[place]
            if _alike(asked, letters, places, held, row, VERY_SIMILAR, notes):
                count = _add(fits, count, row.at)
            place += 1
        begin = place
    return count


@leaf
def fitting_entries(
    asked: Question, letters: Array, orders: Orders, held: Held, places: Array, fits: Array, notes: Array
) -> int:
    """Everybody whom a rule finds, some more than once, into `fits`; how many.

    Args:
        asked: the question.
        letters: of all questions' folded names.
        orders: in which entries are found.
        held: the entries.
        places: where the letters of the question's name stand.
        fits: positions (int32); what finds no room is only counted.
        notes: two rows (uint8) as long as the longest name.
    """
    count = _by_name(asked, orders.by_name, fits, 0)
    count = _by_sound(asked, orders.by_sound, fits, count)
    count = _by_edge(asked, orders.by_edge, fits, count)
    count = _by_date(asked, letters, orders.by_date, held, places, fits, count, notes)
    count = _by_swapped(asked, letters, orders.by_date, held, places, fits, count, notes)
    count = _by_commune(asked, letters, orders.by_commune, held, places, fits, count, notes)
    return _by_birthplace(asked, letters, orders.by_birthplace, held, places, fits, count, notes)
