"""What a search reads, row by row: what is asked, the orders of entries, the facts that points are given for.

Rows, not columns: of whoever is looked at everything is on one page, and the compiler is given few arrays.
"""

from typing import NamedTuple

import numpy as np

from mock_population_api.mapped import Array

UNKNOWN = -1
"""Of a code: there is none. Of what was asked: nothing that the registry holds is like it, or nothing was asked."""
NO_DAY = -(2**31)
"""A birth date that isn't known."""
FIRST_DAY = -(365 * 250)
"""The first day that the order by date knows; who was born before it isn't in it."""
PRECISIONS = ("day", "month", "year")
"""Of a birth date, by code."""
BY_DAY, BY_YEAR = 0, 2

_PLACES = [("birth_province", np.int16), ("residence_province", np.int16), ("residence_commune", np.int16)]
_ENDS = [("first", np.int32), ("last", np.int32), ("initials", np.int32)]

ASKED = np.dtype(
    [
        ("spelled", np.uint64),
        ("signature", np.uint64),
        ("prefix", np.uint32),
        ("folded", np.int64),
        ("folded_end", np.int64),
        ("words", np.int32),
        ("sound", np.int32),
        ("edge", np.int32),
        *_ENDS,
        ("born", np.int32),
        ("swapped", np.int32),
        ("year", np.int16),
        ("month", np.int16),
        ("day_month", np.int16),
        ("gender", np.int16),
        *_PLACES,
        ("named", np.bool_),
        ("any_gender", np.bool_),
        ("placeless", np.bool_),
    ],
    align=True,
)
"""A question: places in the tables of hashes, UNKNOWN for a name of which the registry holds none; where its folded name stands among the
letters of all; days since 1970 or NO_DAY, `swapped` with day and month swapped; parts of dates, 0 for none; codes; whether there is a name, no
gender, neither province."""

FACTS = np.dtype(
    [("name", np.int32), ("born", np.int32), ("gender", np.int16), *_PLACES, ("precision", np.int8)],
    align=True,
)
"""An entry: place of its name, days since 1970, codes, place in PRECISIONS."""

INLINE = 40
"""Letters of a folded name that stand in its row; longer names are read where all letters are."""
NAME = np.dtype(
    [
        ("spelled", np.uint64),
        ("signature", np.uint64),
        ("words", np.int32),
        ("sound", np.int32),
        ("letters", np.uint8, (INLINE,)),
    ],
    align=True,
)
"""A name, as in ASKED; 64 bytes, so that one look into memory tells all of it."""
LETTERS_IN_NAME = 24
"""Where in a row of NAME its letters begin, in bytes."""

_LIKE = [("signature", np.uint64), ("at", np.int32), ("name", np.int32), ("prefix", np.uint32)]

ORDERS = {
    "by_name": np.dtype(
        [("at", np.int32), ("year", np.int16), ("day_month", np.int16), *_PLACES], align=True
    ),
    "by_sound": np.dtype([("at", np.int32), ("year", np.int16)], align=True),
    "by_edge": np.dtype(
        [("at", np.int32), ("year", np.int16), ("day_month", np.int16), *_PLACES[:2]], align=True
    ),
    "by_date": np.dtype(
        [
            *_LIKE,
            ("initials", np.int32),
            ("first", np.int16),
            ("last", np.int16),
            ("gender", np.int16),
            ("birth_province", np.int16),
        ],
        align=True,
    ),
    "by_commune": np.dtype([*_LIKE, ("last", np.int16), ("year", np.int16)], align=True),
    "by_birthplace": np.dtype([*_LIKE, ("year", np.int16), ("day_month", np.int16)], align=True),
}
"""The rows of each order: position of the entry (`at`) and what its rules look at; `prefix` is the first four letters of its name."""


class Order(NamedTuple):
    """Entries sorted by a key, then by year."""

    rows: Array
    start: Array
    """Where each key's run begins (int64), and the end of all."""


class Orders(NamedTuple):
    """All orders."""

    by_name: Order
    by_sound: Order
    by_edge: Order
    by_date: Order
    by_commune: Order
    by_birthplace: Order


class Held(NamedTuple):
    """Whom the registry holds."""

    entries: Array
    """FACTS, by position."""
    names: Array
    """NAME, by place."""
    rows: Array
    """The same bytes (uint8), for their letters."""
    letters: Array
    """Letters (uint8) of all folded names."""
    letters_at: Array
    """Where each begins (int64), and the end of all."""
    restricted: Array
    """Positions (int32) of entries that are withheld, sorted."""
    longest: int
    """Letters of the longest folded name."""
