"""Columns that are looked at together, side by side in memory: one row per person, so that whoever looks at one value has the others at hand.

A search meets people in no order; each value in a column of its own is a page and a line of the cache of its own, and at a hundred million
people waiting for those was two thirds of its time. A column of such rows is an ordinary array with a wider step.
"""

from pathlib import Path
from typing import TypeVar

import numpy as np

from matching.columns import Entries
from matching.nametable import Array
from matching.searching import Order

Columns = TypeVar("Columns", bound=Entries | Order)

TOGETHER: dict[type, tuple[tuple[str, ...], ...]] = {
    Entries: (
        ("entry", "name", "birth", "commune", "birth_province", "home", "gender", "deceased"),
        ("father_name", "mother_name"),
    ),
    Order: (("at", "birth", "commune", "birth_province", "home"),),
}
"""Columns per row; the first of each kind make rows of 32 and 16 bytes, which no line of the cache divides."""


def side_by_side(columns: Columns) -> Columns:
    """The same columns, as views of rows."""
    rows = [rows_of(columns, part) for part in TOGETHER[type(columns)]]
    return from_rows(type(columns), rows)


def rows_of(columns: Columns, part: tuple[str, ...], low: int = 0, high: int | None = None) -> Array:
    """Rows (a structured array) of some columns, from and to."""
    values = {name: getattr(columns, name)[low:high] for name in part}
    # zeros, so that what lies between the columns is the same in every file
    rows = np.zeros(
        len(values[part[0]]),
        np.dtype([(name, column.dtype) for name, column in values.items()], align=True),
    )
    for name, column in values.items():
        rows[name] = column
    return rows


def rows_path(folder: Path, name: str, part: int) -> Path:
    """The file of one part's rows."""
    return folder / f"{name}.rows{part}.npy"


def from_rows(kind: type[Columns], rows: list[Array]) -> Columns:
    """Columns of rows, one array per part of TOGETHER."""
    found = {name: array[name] for part, array in zip(TOGETHER[kind], rows, strict=True) for name in part}
    return kind(**found)
