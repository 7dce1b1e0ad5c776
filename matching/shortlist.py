"""The best candidates of each record as they were weighed by the pass that decided on it: what an explanation is made from."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from matching.comparison import FIELDS
from matching.nametable import Array
from matching.parts import PARTS
from matching.posterior import Weighed

SHOWN = 3
"""Candidates of a record that people may want explained."""


@dataclass(frozen=True)
class Shortlist:
    """One line per record that has a candidate, in the order of records; best first within a line."""

    row: Array
    """int64, the record."""
    entry: Array
    """n × SHOWN, int64 personal IDs as numbers, 0 for none."""
    weight: Array
    """n × SHOWN, log2."""
    parts: Array
    """n × SHOWN × PARTS, float32: what the weight is the sum of."""
    levels: Array
    """n × SHOWN × comparisons, int8."""
    probability: Array
    """n × SHOWN."""
    nobody: Array
    """n, P(none of all candidates)."""
    decided_by: Array
    """n, int8: position in CASCADE of the pass that weighed them."""


NOBODY_LISTED = Shortlist(
    row=np.zeros(0, np.int64),
    entry=np.zeros((0, SHOWN), np.int64),
    weight=np.zeros((0, SHOWN)),
    parts=np.zeros((0, SHOWN, len(PARTS)), np.float32),
    levels=np.zeros((0, SHOWN, len(FIELDS)), np.int8),
    probability=np.zeros((0, SHOWN)),
    nobody=np.zeros(0),
    decided_by=np.zeros(0, np.int8),
)
"""Before any search."""


def shortlist(seen: Weighed, entry: Array, probability: Array, nobody: Array, decided_by: int) -> Shortlist:
    """The best of a pass.

    Args:
        seen: its candidates.
        entry: their personal IDs as numbers (n × KEPT), 0 for none.
        probability: theirs (n × KEPT).
        nobody: P(none of them), n.
        decided_by: the pass, by its position in CASCADE.
    """
    there = seen.at[:, 0] >= 0
    return Shortlist(
        row=seen.row[there],
        entry=entry[there, :SHOWN],
        weight=seen.weight[there, :SHOWN],
        parts=seen.parts[there, :SHOWN],
        levels=seen.levels[there, :SHOWN],
        probability=probability[there, :SHOWN],
        nobody=nobody[there],
        decided_by=np.full(int(there.sum()), decided_by, np.int8),
    )


def latest(parts: Sequence[Shortlist]) -> Shortlist:
    """Of each record the line of the last pass that weighed it, in the order of records; passes in their order."""
    rows = np.concatenate([part.row for part in (NOBODY_LISTED, *parts)])
    order = np.argsort(rows, kind="stable")
    last = np.append(rows[order][1:] != rows[order][:-1], True)[: len(rows)]
    chosen = order[last]
    return Shortlist(
        *(
            np.concatenate([getattr(part, of.name) for part in (NOBODY_LISTED, *parts)])[chosen]
            for of in fields(Shortlist)
        )
    )
