"""How the fields of a pair compare: an ordered level per field, whole columns at once.

Levels and their order stand in `matching.levels`; a level here is its position there, as int8. Records and entries
come as columns of equal length, one element per pair. 0 means unknown.
"""

from collections.abc import Mapping

import numpy as np

from matching import levels
from matching.blocking import YEARS_OFF
from matching.namebook import NameBook

Columns = Mapping[str, np.ndarray]
"""Column name → values, one per pair."""

Levels = dict[str, np.ndarray]
"""Comparison → level codes, one per pair."""


def compare(records: Columns, entries: Columns, book: NameBook) -> Levels:
    """The level of every comparison for every pair.

    Args:
        records: columns of RECORD_KEYS, aligned with the pairs; `name_key` is the reading that found the pair.
        entries: columns `matching.keys.COMPARED`, aligned, and `found_by` (position in `matching.keys.FOUND_BY`).
        book: all names that occur.
    """
    return {
        "name": book.levels(records["name_key"], entries["name_key"]),
        "birth_date": birth_date(records, entries),
        "gender": _select("GENDER", _equality(records["gender"], entries["gender"])),
        "birth_place": birth_place(records, entries),
        "residence": residence(records, entries),
        "number": number(records, entries),
        "parents": parents(records, entries, book),
    }


def _select(field: str, conditions: list[tuple[str, np.ndarray]], otherwise: str = "different") -> np.ndarray:
    """The first condition that holds gives the level."""
    order = getattr(levels, field)
    codes = [np.int8(order.index(name)) for name, _ in conditions]
    return np.select([holds for _, holds in conditions], codes, np.int8(order.index(otherwise))).astype(
        np.int8
    )


def _equality(a: np.ndarray, b: np.ndarray) -> list[tuple[str, np.ndarray]]:
    return [("missing", (a == 0) | (b == 0)), ("same", a == b)]


def birth_date(records: Columns, entries: Columns) -> np.ndarray:
    """Two dates agree at the precision of the coarser one; a day that says 1 January may be a default."""
    y1, m1, d1, p1 = (records[part].astype(np.int32) for part in ("year", "month", "day", "precision"))
    y2, m2, d2, p2 = (entries[part].astype(np.int32) for part in ("year", "month", "day", "precision"))
    days = (p1 == 3) & (p2 == 3)
    default1, default2 = ((p == 3) & (m == 1) & (d == 1) for p, m, d in ((p1, m1, d1), (p2, m2, d2)))
    year, month, day = y1 == y2, m1 == m2, d1 == d2
    months_agree = (p1 < 2) | (p2 < 2) | month
    years_apart = np.abs(y1 - y2)
    slip = np.isin(years_apart, YEARS_OFF) | _digits_swapped(y1, y2)
    return _select(
        "BIRTH_DATE",
        [
            ("missing", (p1 == 0) | (p2 == 0)),
            ("default_day", year & default1 & default2),
            ("same_day", days & year & month & day),
            ("coarse", year & ((~days & months_agree) | (days & (default1 | default2)))),
            ("day_month_swapped", days & year & (m1 == d2) & (d1 == m2)),
            ("year_off", days & month & day & slip & ~default1),
            ("one_part_off", days & year & (month | day)),
            ("same_year", year),
            ("adjacent_year", years_apart == 1),
            ("far", years_apart > A_GENERATION),
        ],
    )


A_GENERATION = 12
"""Years beyond which two dates are hardly one person's: no usual slip, and already a parent's or child's."""


def _digits_swapped(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The last two digits of one year are those of the other, the other way round."""
    return np.asarray((a != b) & (a // 100 == b // 100) & (a % 10 == b // 10 % 10) & (b % 10 == a // 10 % 10))


def birth_place(records: Columns, entries: Columns) -> np.ndarray:
    """By the table of 63, or by the 34 they merged into where one side knows no more."""
    province1, province2 = records["birth_province"], entries["birth_province"]
    region1, region2 = records["birth_region"], entries["birth_region"]
    return _select(
        "BIRTH_PLACE",
        [
            ("same", (province1 != 0) & (province1 == province2)),
            ("missing", (region1 == 0) | (region2 == 0)),
            ("same_region", region1 == region2),
        ],
    )


def residence(records: Columns, entries: Columns) -> np.ndarray:
    """Commune, province, different, missing; catalogue of 2025."""
    commune1, commune2 = records["residence_commune"], entries["residence_commune"]
    province1, province2 = records["residence_province"], entries["residence_province"]
    return _select(
        "RESIDENCE",
        [
            ("missing", (province1 == 0) | (province2 == 0)),
            ("same_commune", (commune1 != 0) & (commune1 == commune2)),
            ("same_province", province1 == province2),
        ],
    )


def number(records: Columns, entries: Columns) -> np.ndarray:
    """The claimed number against the entry's; how a lookup found the entry says what can't be seen in the digits."""
    claimed, restored, entry = records["number"], records["number_other"], entries["entry"]
    found_by, read = entries["found_by"], np.where(claimed != 0, claimed, restored)
    return _select(
        "NUMBER",
        [
            ("same", (claimed != 0) & (claimed == entry)),
            ("superseded", found_by == 2),
            ("former_same", found_by == 3),
            ("zero_restored", (restored != 0) & (restored == entry)),
            ("missing", (claimed == 0) & (restored == 0)),
            ("one_digit", _one_digit_apart(read, entry)),
            ("structure_agrees", read // 1_000_000 == entry // 1_000_000),
        ],
    )


def _one_digit_apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """One digit differs, or two neighbouring digits have changed places."""
    difference = np.abs(a - b)
    power = 10 ** np.floor(np.log10(np.maximum(difference, 1) + 0.5)).astype(np.int64)
    one = (difference > 0) & (difference % power == 0) & _only_one_digit(a, b, power)
    return np.asarray(one | _neighbours_swapped(a, b, power))


def _only_one_digit(a: np.ndarray, b: np.ndarray, power: np.ndarray) -> np.ndarray:
    """Above and below the place `power` the digits are the same."""
    return np.asarray((a // (power * 10) == b // (power * 10)) & (a % power == b % power))


def _neighbours_swapped(a: np.ndarray, b: np.ndarray, power: np.ndarray) -> np.ndarray:
    """Swapping x and y changes a number by (x - y) · 9 · 10^i, so its leading power is 10^i or 10^(i+1)."""
    found = np.zeros(len(a), dtype=bool)
    for place in (np.maximum(power // 10, 1), power):
        low_a, low_b = a // place % 10, b // place % 10
        high_a, high_b = a // (place * 10) % 10, b // (place * 10) % 10
        rest = (a // (place * 100) == b // (place * 100)) & (a % place == b % place)
        found |= rest & (a != b) & (low_a == high_b) & (high_a == low_b)
    return found


def parents(records: Columns, entries: Columns, book: NameBook) -> np.ndarray:
    """Father's and mother's name on record against those behind the entry's parent numbers."""
    close = levels.NAME.index("word_missing")
    missing = levels.NAME.index("missing")
    father = book.levels(records["father_name"], entries["father_name"])
    mother = book.levels(records["mother_name"], entries["mother_name"])
    agree = (father <= close).astype(np.int8) + (mother <= close)
    compared = (father != missing).astype(np.int8) + (mother != missing)
    return _select(
        "PARENTS",
        [
            ("missing", compared == 0),
            ("both_agree", agree == 2),
            ("one_agrees", (agree == 1) & (compared == 1)),
            ("mixed", agree == 1),
        ],
        "differ",
    )
