"""A date that is a relative's: who fills in one form for a whole family copies a line, or swaps two.

A candidate of the right name and a quite different date is likelier where another candidate of the family was born on the very day that the record
gives. Of wrong dates the share c are a relative's; the weight of such a pair grows by the factor

    1 - c + c · Σ_b 1/entries · Π family(b)/u(b)

over the others b born on the record's day, that is their terms in the mass of nobody (`matching.posterior`) without what makes them twins. How large
c is shows in the records themselves.
"""

import numpy as np

from matching import levels
from matching.comparison import BIRTH_DATE
from matching.model import Model
from matching.nametable import Array
from matching.parts import P_BIRTH
from matching.posterior import Weighed, probabilities

SHARE = 0.2
"""Of wrong dates, those that are a relative's, before the records tell (assumption)."""

STRENGTH = 20.0
"""Wrong dates that the assumption counts for."""

ROUNDS = 10

WRONG = tuple(levels.BIRTH_DATE.index(level) for level in ("same_year", "adjacent_year", "different", "far"))
SAME_DAY = levels.BIRTH_DATE.index("same_day")


def with_copied_dates(found: Weighed, nobody: float, model: Model) -> Weighed:
    """Candidates with the weights of wrong dates that are a relative's.

    Args:
        found: candidates of records, all rules searched.
        nobody: P(nobody found).
        model: the relatives' shares.
    """
    date = found.levels[..., BIRTH_DATE]
    there = found.at >= 0
    born_then = np.where(there & (date == SAME_DAY), np.exp2(found.relative), 0.0)
    twin = model.relatives * model.relative["birth_date"][SAME_DAY]
    source = born_then.sum(axis=1, keepdims=True) / twin
    wrong = there & np.isin(date, WRONG)
    share = SHARE
    for _ in range(ROUNDS):
        weighed = _under(found, wrong, source, share)
        probability, _ = probabilities(weighed, nobody)
        copied = probability * share * source / (1 - share + share * source)
        share = float((copied[wrong].sum() + STRENGTH * SHARE) / (probability[wrong].sum() + STRENGTH))
    return _under(found, wrong, source, share)


def _under(found: Weighed, wrong: Array, source: Array, share: float) -> Weighed:
    added = np.where(wrong, np.log2(1 - share + share * source), 0.0)
    return found.more(P_BIRTH, added)
