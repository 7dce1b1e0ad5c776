"""A run checks its own probabilities: what would be linked of people whose entry is hidden, as if they were absent from the registry.

Records that are beyond doubt are searched again, and their entry is left out. Whom they would be linked to then is somebody else for certain: so many false
links come of so many absent people. Stated probabilities can be compared with that where no number verifies anything.
"""

from dataclasses import replace

import numpy as np

from matching.nametable import Array
from matching.posterior import Weighed, threshold

SURE = 0.9999
"""From this probability a record's own entry is known for the purpose."""


def without_own(found: Weighed, own: Array) -> Weighed:
    """Candidates without those that a mask says are the records' own: as if these had never been there, not even as somebody like them."""
    return replace(
        found,
        at=np.where(own, -1, found.at).astype(found.at.dtype),
        weight=np.where(own, -np.inf, found.weight),
        relative=np.where(own, -np.inf, found.relative),
    )


def checked_threshold(
    probability: Array, hidden: Array, absent: float, target: float, caution: float, floor: float
) -> float:
    """The lowest probability at which stated and checked false links both stay within the target.

    Where too few were hidden to tell, the stated ones alone, and they may use up a part of the target only.

    Args:
        probability: of each record's best candidate.
        hidden: best probabilities of records whose entry was hidden.
        absent: people of the run who are not in the registry.
        target: expected false links per link.
        caution: of the target, what unchecked probabilities may use up.
        floor: never below this.
    """
    ordered = np.sort(probability[probability >= floor])[::-1]
    false_each = absent / max(len(hidden), 1)
    # one more than was seen: none among few isn't none
    seen = len(hidden) - np.searchsorted(np.sort(hidden), ordered) + 1
    allowed = target * np.arange(1, len(ordered) + 1)
    if not len(ordered) or false_each > allowed[-1]:
        return threshold(probability, target * caution, floor)
    both = np.maximum(np.cumsum(1 - ordered), seen * false_each)
    within = np.flatnonzero(both <= allowed)
    checked = float(ordered[within[-1]]) if len(within) else 1.0
    return min(checked, float(np.nextafter(1.0, 2.0)))
