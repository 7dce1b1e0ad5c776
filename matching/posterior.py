"""From match weights to a probability over all candidates of a record, and none of them.

A record belongs to at most one entry, so its candidates compete, with each other and with the case that none is right:

    P(c) = w_c / (Σ w + w_none)
    w_c = P(in registry) / entries · Π m/u                      (a candidate found by family: its own prior)
    w_none = P(nobody found) · (1 + Σ_c relatives / entries · Π relative/u)
    P(nobody found) = P(not in registry) + P(in registry) · P(missed by the pass)

The sum in w_none says how well "the person isn't there, but a brother, sister or parent is" explains what was seen. Judging each
pair alone, as most libraries do, pays with false links exactly where names are common.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from matching.levels import COMPARISONS

KEPT = 6
"""Best candidates of a record that a unit hands on; the rest only counts as mass."""

Bin = tuple[float, float, int, float, float]
"""Of a reliability table: from, to, pairs, mean stated probability, share right."""


@dataclass(frozen=True)
class Scored:
    """Pairs with their weights: one element per pair."""

    row: np.ndarray
    entry: np.ndarray
    weight: np.ndarray
    """log2 w_c."""
    relative: np.ndarray
    """log2 of the pair's term in w_none."""
    levels: np.ndarray
    """pairs × comparisons, int8, in the order of matching.levels.COMPARISONS."""
    deceased: np.ndarray


EMPTY = Scored(
    row=np.zeros(0, np.int32),
    entry=np.zeros(0, np.int64),
    weight=np.zeros(0),
    relative=np.zeros(0),
    levels=np.zeros((0, len(COMPARISONS)), np.int8),
    deceased=np.zeros(0, bool),
)
"""No pair at all."""


@dataclass(frozen=True)
class Ranked:
    """Each record's candidates in order: one element per kept candidate, best first within a row."""

    scored: Scored
    rank: np.ndarray
    """From 0."""
    probability: np.ndarray
    nobody: np.ndarray
    """Per record, the probability that the entry sought is none of its candidates; 1 without any."""

    def of_rank(self, rank: int) -> np.ndarray:
        """Positions of the candidates of one rank."""
        return np.flatnonzero(self.rank == rank)

    def of_rows(self, rows: np.ndarray) -> "Ranked":
        """The candidates of some records, chosen by a mask over all."""
        chosen = rows[self.scored.row]
        return Ranked(take(self.scored, chosen), self.rank[chosen], self.probability[chosen], self.nobody)


def take(scored: Scored, chosen: np.ndarray) -> Scored:
    """The pairs chosen by position or mask."""
    return Scored(*(getattr(scored, name)[chosen] for name in Scored.__dataclass_fields__))


def concat(parts: list[Scored]) -> Scored:
    """All pairs of the parts."""
    return Scored(
        *(np.concatenate([getattr(p, name) for p in parts]) for name in Scored.__dataclass_fields__)
    )


def put_together(rankings: list[Ranked]) -> Ranked:
    """Rankings of different records as one; `nobody` is the last one's."""
    return Ranked(
        concat([ranking.scored for ranking in rankings]),
        np.concatenate([ranking.rank for ranking in rankings]),
        np.concatenate([ranking.probability for ranking in rankings]),
        rankings[-1].nobody,
    )


def best(scored: Scored) -> tuple[Scored, np.ndarray, np.ndarray]:
    """The KEPT best of each row, and of the others their summed masses by row: rows, (mass, relative mass)."""
    scored = distinct(scored)
    order = np.lexsort((-scored.weight, scored.row))
    ordered = take(scored, order)
    rank = _rank_in_row(ordered.row)
    rest = take(ordered, rank >= KEPT)
    rows, where = np.unique(rest.row, return_inverse=True)
    masses = np.stack([_sums(values, where, len(rows)) for values in (rest.weight, rest.relative)], axis=1)
    return take(ordered, rank < KEPT), rows, masses


def _sums(log2: np.ndarray, where: np.ndarray, size: int) -> np.ndarray:
    return np.bincount(where, weights=np.exp2(log2), minlength=size)


def _rank_in_row(rows: np.ndarray) -> np.ndarray:
    """Position within each run of equal rows, from 0."""
    if not len(rows):
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
    return np.arange(len(rows)) - np.repeat(starts, np.diff(np.r_[starts, len(rows)]))


def distinct(scored: Scored) -> Scored:
    """One of each (row, entry): a pair found twice, by two readings of a name or by number and name, counts once."""
    order = np.lexsort((-scored.weight, scored.entry, scored.row))
    ordered = take(scored, order)
    first = np.ones(len(order), dtype=bool)
    first[1:] = (ordered.row[1:] != ordered.row[:-1]) | (ordered.entry[1:] != ordered.entry[:-1])
    return take(ordered, first)


def probabilities(kept: Scored, rest: np.ndarray, nobody: float) -> Ranked:
    """Rank each row's candidates and give them their probability.

    Args:
        kept: the best pairs of all units, repetitions allowed.
        rest: records × 2, summed mass and relative mass of pairs not kept.
        nobody: P(nobody found).
    """
    pairs = distinct(kept)
    pairs = take(pairs, np.lexsort((-pairs.weight, pairs.row)))
    rows = len(rest)
    mass = _sums(pairs.weight, pairs.row, rows) + rest[:, 0]
    relative = _sums(pairs.relative, pairs.row, rows) + rest[:, 1]
    none = nobody * (1 + relative)
    total = mass + none
    probability = np.exp2(pairs.weight) / total[pairs.row]
    return Ranked(pairs, _rank_in_row(pairs.row), probability, none / total)


def threshold(probability: np.ndarray, target: float, floor: float) -> float:
    """The lowest probability at which to link so that the expected false-link rate stays at or below the target.

    Args:
        probability: of each record's best candidate.
        target: expected false links per link, e.g. 1e-4.
        floor: never below this, whatever the rest would carry.
    """
    ordered = np.sort(probability[probability >= floor])[::-1]
    if not len(ordered):
        return floor
    expected = np.cumsum(1 - ordered) / np.arange(1, len(ordered) + 1)
    within = np.flatnonzero(expected <= target)
    return float(ordered[within[-1]]) if len(within) else float(np.nextafter(1.0, 2.0))


def reliability(probability: np.ndarray, right: np.ndarray) -> list[Bin]:
    """Stated against observed, by bins of probability: low, high, pairs, mean stated, share right."""
    edges = np.array([0, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0 + 1e-12])
    table = []
    for low, high in pairwise(edges):
        inside = (probability >= low) & (probability < high)
        if inside.any():
            stated, observed = probability[inside].mean(), right[inside].mean()
            table.append(
                (float(low), float(min(high, 1.0)), int(inside.sum()), float(stated), float(observed))
            )
    return table
