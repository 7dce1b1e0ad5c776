"""What records that aren't looked at now hold: a few records can't be decided on as if they were alone."""

from dataclasses import dataclass, field

import numpy as np

from matching.nametable import Array


def _nothing() -> Array:
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class Beside:
    """Of the other records of the kind."""

    numbers: Array = field(default_factory=_nothing)
    """int64, sorted: the numbers that they claim, personal and former."""
    entries: Array = field(default_factory=_nothing)
    """int64, sorted: the personal IDs that they are linked to."""


ALONE = Beside()
"""All records of the kind are looked at."""


def among(ordered: Array, values: Array) -> Array:
    """Which values (any shape) are among the sorted ones; 0 stands for none and never is."""
    if not len(ordered):
        return np.zeros(values.shape, bool)
    at = np.searchsorted(ordered, values).clip(max=len(ordered) - 1)
    return np.asarray((ordered[at] == values) & (values != 0))
