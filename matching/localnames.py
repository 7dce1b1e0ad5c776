"""How common a record's name is where and when it is found: counted among people of its age, province and commune.

Names have their time and their places, and clans live together; a name's share among all people says too little of its share
among those born about the same year in the same commune. The registry can count them. The person sought, who is one of them, is left out of
the count, and what is counted among few is drawn towards what the larger group shows (a gamma prior on the rate, Gelman 2013, ch. 2).
"""

import numpy as np

from matching.columns import year_of
from matching.compiled import compiled
from matching.nametable import Array
from matching.searching import Order
from matching.sorted_keys import first_at_least
from matching.subjects import Subjects
from matching.weighing import FIRST_YEAR, YEARS

WINDOW = 2
"""Years to both sides that count as the same age."""

STRENGTH = 2.0
"""People more than expected are believed once there are more than so many; the prior of the ratio has this shape and rate."""

WITHOUT_COUNT = (np.log2(3.0), 0.0, 0.0, 0.0)
"""Where nothing can be counted: how much commoner (log2) a name is in the commune of somebody who bears it (assumption), by residence level."""


def local_names(subjects: Subjects, rows: Array, low: Array, high: Array, order: Order) -> Array:
    """log2 of how much commoner each reading of a record's name is there: rows × readings × residence levels.

    Args:
        subjects: all records.
        rows: some of them.
        low: rows × readings, where the entries of that name without marks begin in `order`.
        high: where they end.
        order: entries by name.
    """
    if not len(order.at):
        return uncounted(len(rows))
    known, records = subjects.known, subjects.records
    home, commune = records.home[rows].astype(np.int64), records.commune[rows].astype(np.int64)
    at_home = known.places.sum(axis=0)[home]
    share = np.array([known.communes.get(code, 0.0) for code in commune.tolist()])
    in_commune = np.clip(share / np.maximum(at_home, 1e-9), 1e-4, 1.0)
    counts = _counts(records.birth[rows], home, commune, low, high, order.birth, order.home, order.commune)
    return _ratios(counts, _of_age(records.birth[rows], known.years), np.maximum(at_home, 1e-6), in_commune)


def uncounted(size: int) -> Array:
    """Where nothing can be counted."""
    return np.tile(np.array(WITHOUT_COUNT, np.float32), (size, 2, 1))


def _of_age(birth: Array, years: Array) -> Array:
    """Share of people born within WINDOW of each record; 1 for those without a year."""
    near = np.convolve(years, np.ones(2 * WINDOW + 1), "same")
    year = year_of(birth) - FIRST_YEAR
    inside = (year >= 0) & (year < YEARS)
    return np.where(inside, np.maximum(near[np.clip(year, 0, YEARS - 1)], 1e-4), 1.0)


@compiled
def _counts(
    birth: Array,
    home: Array,
    commune: Array,
    low: Array,
    high: Array,
    births: Array,
    homes: Array,
    communes: Array,
) -> Array:
    """People of each name: all, of the age, of the age and province, and commune: rows × readings × 4."""
    counts = np.zeros((len(birth), 2, 4), np.int64)
    for i in range(len(birth)):
        year = year_of(birth[i])
        for reading in range(2):
            first, last = low[i, reading], high[i, reading]
            counts[i, reading, 0] = last - first
            if year != 0:
                first = first_at_least(births, (year - WINDOW) << 9, first, last)
                last = first_at_least(births, (year + WINDOW + 1) << 9, first, last)
            for p in range(first, last):
                counts[i, reading, 1] += 1
                if home[i] != 0 and homes[p] == home[i]:
                    counts[i, reading, 2] += 1
                    if commune[i] != 0 and communes[p] == commune[i]:
                        counts[i, reading, 3] += 1
    return counts


def _ratios(counts: Array, of_age: Array, at_home: Array, in_commune: Array) -> Array:
    """How much more there are than expected, each against the next larger group."""
    everybody, aged, here, nearby = np.moveaxis(np.maximum(counts - 1, 0).astype(float), 2, 0)
    age = (aged + STRENGTH) / (everybody * of_age[:, None] + STRENGTH)
    province = (here + STRENGTH) / (aged * at_home[:, None] + STRENGTH)
    commune = (nearby + STRENGTH) / (here * in_commune[:, None] + STRENGTH)
    ratio = np.stack([age * province * commune, age * province, age, age], axis=2)
    return np.asarray(np.log2(ratio), dtype=np.float32)
