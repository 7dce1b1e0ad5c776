"""How the best candidates of a pass take the place of what was known of its records, and from which probability a record is settled."""

from dataclasses import fields

import numpy as np

from matching import posterior
from matching.comparison import BIRTH_DATE, COARSE, NAME
from matching.found import CASCADE, Found, LinkSettings
from matching.likeness import SAME_SOUND
from matching.model import Model
from matching.nametable import Array
from matching.passes import search
from matching.posterior import Weighed
from matching.shortlist import shortlist
from matching.work import Work, entries_at, nobody_of

SETTLED = 0.9995
"""From this probability a record needs no search wider than the pass that found its entry; what stays below is searched by all rules."""


def settles_from(name: str, settings: LinkSettings, model: Model) -> float:
    """The probability from which a pass settles a record."""
    floor = settings.floor(model)
    return floor if name == search.FUZZY else max(floor, SETTLED)


def updated(work: Work, found: Found, seen: Weighed, model: Model, name: str, settles: float) -> Found:
    """The best candidates of this pass take the place of what was known of its records."""
    probability, nobody = posterior.probabilities(seen, nobody_of(work, seen.row, model, name))
    work.shortlists.append(
        shortlist(seen, entries_at(work, seen.at), probability, nobody, CASCADE.index(name))
    )
    there = seen.at[:, 0] >= 0
    rows, first = seen.row[there], seen.at[there, 0]
    result = {part.name: getattr(found, part.name).copy() for part in fields(Found)}
    result["entry"][rows] = entries_at(work, first)
    result["weight"][rows] = seen.weight[there, 0]
    result["levels"][rows] = seen.levels[there, 0]
    result["deceased"][rows] = work.registry.people().entries.deceased[first]
    result["probability"][rows] = probability[there, 0]
    result["runner_up"][rows] = probability[there, 1]
    sure = (result["probability"][rows] >= settles) & (model.links_deceased | ~result["deceased"][rows])
    sure &= ~work.verdicts.forbid(rows, result["entry"][rows])
    if name != search.FUZZY:
        sure &= _agree(result["levels"][rows])
    result["decided_by"][rows] = np.where(sure, CASCADE.index(name), -1)
    return Found(**result)


def _agree(compared: Array) -> Array:
    """Name and date leave no question that a wider search could answer: whether the number is a twin's, say."""
    return (compared[:, NAME] <= SAME_SOUND) & (compared[:, BIRTH_DATE] <= COARSE)
