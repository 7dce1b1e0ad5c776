"""From match weights to a probability over all candidates of a record, and none of them.

A record belongs to at most one entry, so its candidates compete, with each other and with the case that none is right:

    P(c) = w_c / (Σ w + w_none)
    w_c = P(in registry) / entries · Π m/u                      (a candidate found by family: its own prior)
    w_none = P(nobody found) · (1 + Σ_c relatives / entries · Π relative/u)
    P(nobody found) = P(not in registry) + P(in registry) · P(missed by the pass)

The sum in w_none says how well "the person isn't there, but a brother, sister or parent is" explains what was seen. Judging each
pair alone, as most libraries do, pays with false links exactly where names are common.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np

from matching.nametable import Array
from matching.parts import PRIOR
from matching.searching import Kept

Bin = tuple[float, float, int, float, float]
"""Of a reliability table: from, to, pairs, mean stated probability, share right."""


@dataclass(frozen=True)
class Weighed:
    """The best candidates of some records, best first: one line per record."""

    row: Array
    """int64, the record; in order."""
    at: Array
    """n × KEPT, int32 positions of entries, -1 for none."""
    weight: Array
    """log2 w_c."""
    relative: Array
    """log2 of the pair's term in w_none."""
    levels: Array
    """n × KEPT × comparisons, int8."""
    rules: Array
    """Blocking rules (bits) that found it; 0 when found otherwise."""
    reading: Array
    rest: Array
    """n × 2: summed mass and relative mass of pairs not kept."""
    target_rules: Array
    """n, rules (bits) that found the target asked for."""
    parts: Array
    """n × KEPT × PARTS (`matching.parts`): what the weights are the sum of."""

    def of(self, chosen: Array) -> "Weighed":
        """Some lines, chosen by position or mask."""
        return Weighed(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def under(self, shift: float | Array) -> "Weighed":
        """The same under a prior that is `shift` times as great, for all records or for each."""
        of_each = np.broadcast_to(shift, len(self.row))
        more = self.more(PRIOR, np.where(self.at >= 0, np.log2(of_each)[:, None], 0.0))
        return replace(more, rest=self.rest * np.stack([of_each, np.ones(len(of_each))], axis=1))

    def more(self, part: int, weight: Array) -> "Weighed":
        """The same with something added (n × KEPT, log2) to a part of the weights."""
        parts = self.parts.copy()
        parts[..., part] += weight
        return replace(self, weight=self.weight + weight, parts=parts)


def weighed(row: Array, kept: Kept, parts: Array) -> Weighed:
    """The results of a search."""
    return Weighed(
        row,
        kept.at,
        kept.weight,
        kept.relative,
        kept.levels,
        kept.rules,
        kept.reading,
        kept.rest,
        kept.target_rules,
        parts,
    )


def put_together(parts: list[Weighed]) -> Weighed:
    """Lines of different records as one, in the order of records."""
    order = np.argsort(np.concatenate([part.row for part in parts]), kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    ends = np.cumsum([len(part.row) for part in parts])
    places = np.split(place, ends[:-1])
    # each value is moved once: at two million records they are gigabytes
    return Weighed(*(_placed([getattr(part, f.name) for part in parts], places) for f in fields(Weighed)))


def _placed(parts: Sequence[Array], places: Sequence[Array]) -> Array:
    whole = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    for part, place in zip(parts, places, strict=True):
        whole[place] = part
    return whole


def probabilities(found: Weighed, nobody: float | Array) -> tuple[Array, Array]:
    """P of each candidate (n × KEPT) and of nobody (n).

    Args:
        found: the candidates.
        nobody: P(nobody found), of all records or of each.
    """
    mass = np.exp2(found.weight)
    none = nobody * (1 + np.exp2(found.relative).sum(axis=1) + found.rest[:, 1])
    total = mass.sum(axis=1) + found.rest[:, 0] + none
    return mass / total[:, None], none / total


def threshold(probability: Array, target: float, floor: float) -> float:
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


def reliability(probability: Array, right: Array) -> list[Bin]:
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
