"""Records compete for entries: whoever is more surely somebody else's is less likely anybody's, and who is nobody's yet is likelier.

An entry belongs to one record, hardly ever to two (somebody entered twice). So the odds of each pair depend on how surely other records claim the
entry, and these on theirs: messages pass between records and entries until they agree (belief propagation on an assignment; Bayati, Shah
and Sharma 2008; Mézard and Montanari 2009, ch. 16). With t the share of such people whom the run's records hold, and d that of people who are entered
twice, a claim weighs d/t and the lack of one (1 - d)/(1 - t).
"""

from dataclasses import dataclass

import numpy as np

from matching.nametable import Array
from matching.posterior import Weighed, probabilities

ROUNDS = 40
"""Of messages; chains of rivals are short."""

SUREST = 1e12
"""Odds beyond which a pair is certain."""


@dataclass(frozen=True)
class Claimed:
    """Entries that settled records hold."""

    entry: Array
    """int64, personal IDs as numbers."""
    probability: Array


def competing(
    found: Weighed, entries: Array, nobody: float, settled: Claimed, claimed: float, free: float
) -> Array:
    """What the claims of others add to each candidate's match weight, n × KEPT, log2.

    Args:
        found: candidates of the records that are still in question.
        entries: their personal IDs as numbers, n × KEPT.
        nobody: P(nobody found).
        settled: what the others hold.
        claimed: how much less likely an entry is that another record holds, d / t.
        free: how much likelier one that none holds, (1 - d) / (1 - t).
    """
    probability, none = probabilities(found, nobody)
    line, place = np.nonzero((found.at >= 0) & (probability > 1e-6))
    entry, at = np.unique(entries[line, place], return_inverse=True)
    # odds against everything that isn't a candidate kept: those not kept, and nobody
    rest = np.maximum(1 - probability.sum(axis=1), none)
    odds = np.minimum(probability[line, place] / np.maximum(rest[line], 1 / SUREST), SUREST)
    held = _held(entry, settled)
    size, message = (len(found.row), len(entry)), np.ones(len(line))
    for _ in range(ROUNDS):
        for_line = odds * message
        others = np.bincount(line, for_line, minlength=size[0])[line] - for_line
        claim = odds / (1 + np.maximum(others, 0))
        # P(another record has it): none of them must claim it for it to be free
        others = np.bincount(at, np.log1p(claim), minlength=size[1])[at] - np.log1p(claim)
        is_free = np.exp(-others) * (1 - held[at])
        message = is_free * free + (1 - is_free) * claimed
    added = np.zeros(found.at.shape)
    added[line, place] = np.log2(message)
    return added


def _held(entry: Array, settled: Claimed) -> Array:
    """P(a settled record holds it) of each entry."""
    held = np.zeros(len(entry))
    if len(entry) and len(settled.entry):
        at = np.searchsorted(entry, settled.entry).clip(max=len(entry) - 1)
        here = entry[at] == settled.entry
        np.maximum.at(held, at[here], settled.probability[here])
    return np.minimum(held, 1 - 1 / SUREST)
