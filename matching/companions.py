"""How often people born on one day are of one family: twins, counted in the registry itself.

Whoever isn't in the registry may have a twin there, of the same family name and day. How many entries have such a companion, beyond chance, the
registry shows; a stored share is an assumption about another population.
"""

from dataclasses import replace

import numpy as np

from matching import levels
from matching.columns import day_of
from matching.compiled import compiled
from matching.model import SHRINKAGE, Model
from matching.nameparts import name_spans
from matching.nametable import LETTER_PLACE, Array, Names
from matching.registry import People

SAME_DAY = levels.BIRTH_DATE.index("same_day")


def with_companions(model: Model, people: People) -> Model:
    """The model with the share of relatives born on the same day as this registry has it."""
    entries, names, _ = people
    if not len(entries.birth):
        return model
    family = _families(names)
    dated = np.flatnonzero((day_of(entries.birth) != 0) & (entries.name >= 0))
    own = family[entries.name[dated]]
    birth, own = entries.birth[dated][own != 0], own[own != 0]
    observed, expected = _together(birth, own)
    of_family = model.relatives * model.relative["family"][0]
    stored = of_family * model.relative["birth_date"][SAME_DAY]
    rate = (max(observed - expected, 0.0) + SHRINKAGE * stored) / (len(own) + SHRINKAGE)
    changed = {
        shape: _with_day(model.relative[shape], rate / of_family)
        for shape in ("birth_date", "birth_date_coarse")
    }
    return replace(model, relative={**model.relative, **changed})


def _with_day(table: Array, share: float) -> Array:
    changed = table.copy()
    changed[SAME_DAY] = share
    return changed


def _together(birth: Array, family: Array) -> tuple[float, float]:
    """Ordered pairs of one day and family name, and how many chance would make."""
    _, of_day = np.unique(birth, return_inverse=True)
    name, of_name = np.unique(family, return_inverse=True)
    _, both = np.unique(of_day * len(name) + of_name, return_counts=True)
    days, share = np.bincount(of_day), np.bincount(of_name) / max(len(birth), 1)
    return float((both * (both - 1)).sum()), float(((days[of_day] - 1) * share[of_name]).sum())


@compiled
def _families(names: Names) -> Array:
    """A key of the family name of each name, 0 where there is none."""
    found = np.zeros(len(names.key), np.int64)
    for i in range(len(names.key)):
        end, _, _, _ = name_spans(names, i)
        key = np.int64(0)
        for k in range(names.letter_start[i], end):
            key = key * LETTER_PLACE + np.int64(names.letters[k])
        found[i] = key
    return found
