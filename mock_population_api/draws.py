"""Repeatable draws: weighted choices, and random numbers that hang on a key instead of an order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]


def mixed(values: npt.NDArray[np.integer], key: int) -> Words:
    """64 well-mixed bits for each value under a key (the finaliser of splitmix64)."""
    bits = values.astype(np.uint64) + np.uint64(key * 0x9E3779B97F4A7C15 % 2**64)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def keyed_uniform(values: npt.NDArray[np.integer], key: int) -> Floats:
    """A number in [0, 1) for each value: the same value under the same key gives the same number."""
    return (mixed(values, key) >> np.uint64(11)).astype(np.float64) / 2.0**53


@dataclass(frozen=True)
class Weighted:
    """Things to draw from, as integers, with their cumulative weights scaled to one."""

    values: Ints
    cumulative: Floats

    @classmethod
    def of(cls, values: Sequence[int] | Ints, weights: Sequence[float] | Floats) -> "Weighted":
        """Scale the weights."""
        total = np.cumsum(np.asarray(weights, dtype=np.float64))
        return cls(np.asarray(values, dtype=np.int64), total / total[-1])

    def at(self, points: Floats) -> Ints:
        """The value that lies at each point of [0, 1)."""
        return self.values[np.searchsorted(self.cumulative, points, side="right")]


def ranks_within(groups: npt.NDArray[np.integer]) -> Ints:
    """For each element, how many earlier elements belong to the same group."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if len(ordered) else np.zeros(0, dtype=bool)
    starts = np.flatnonzero(first)
    ranks = np.empty(len(groups), dtype=np.int64)
    ranks[order] = np.arange(len(groups)) - np.repeat(starts, np.diff(np.append(starts, len(groups))))
    return ranks
