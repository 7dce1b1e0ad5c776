"""From which probability records are linked, so that all links together keep the target of false ones."""

import numpy as np

from matching import posterior
from matching.absent import SURE, checked_threshold, without_own
from matching.blocks import NOTHING_LISTED
from matching.competition import Claimed
from matching.found import Found, LinkSettings
from matching.holders import beside_claims
from matching.model import Model
from matching.nametable import Array
from matching.passes import search
from matching.work import Work, entries_at, searched

CAUTION = 0.6
"""Of the target, what the probabilities may use up: they are estimates themselves."""


EASE = 0.05
"""More doubt than the last record linked may leave, for who is decided on later: one namesake more in the registry must not undo it."""


def limit_for_later(limit: float, settings: LinkSettings, model: Model) -> float:
    """The limit of records that are decided on apart from the whole, a night's; as it was told, or a little below that of the whole."""
    if settings.threshold is not None or limit >= 1:
        return limit
    return max(limit - EASE * (1 - limit), min(limit, settings.floor(model)))


def limit_of(work: Work, found: Found, model: Model) -> float:
    """From which probability all links together keep the target.

    What is to be decided as it would be with the whole is told the whole's. A profile that compares parts of names checks itself on records
    whose entry is hidden, where it learns.
    """
    settings = work.settings
    if settings.threshold is not None:
        return settings.threshold
    if work.subjects.parts is None or not settings.sample or not settings.learn:
        return _by_probabilities(found, settings, model)
    sure = np.flatnonzero(found.by_machine & (found.probability >= SURE))
    rows = sure[:: max(1, len(sure) // settings.sample)]
    hidden = _best_of_hidden(work, rows, found, model) if len(rows) else np.zeros(0)
    absent = len(found.entry) * (1 - model.in_registry)
    return checked_threshold(
        found.probability[found.by_machine],
        hidden,
        absent,
        settings.false_link_target,
        CAUTION,
        settings.floor(model),
    )


def _by_probabilities(found: Found, settings: LinkSettings, model: Model) -> float:
    """The limit if all probabilities are true.

    What is looked at apart from the whole (a night's remainder) are the hard ones: they keep the target by themselves, and are held to
    the whole's threshold besides.
    """
    floor = settings.floor(model)
    floor = floor if settings.learn else max(floor, model.threshold)
    # what people confirmed must not pay for doubtful links of the machine
    return posterior.threshold(
        found.probability[found.by_machine], settings.false_link_target * CAUTION, floor
    )


def _best_of_hidden(work: Work, rows: Array, found: Found, model: Model) -> Array:
    """The best probability of each record once its own entry is left out."""
    seen = searched(work, search.FUZZY, rows, NOTHING_LISTED, model)
    own = entries_at(work, seen.at) == found.entry[seen.row][:, None]
    seen = without_own(seen, own & (seen.at >= 0))
    others = np.flatnonzero((found.decided_by >= 0) & (found.entry != 0))
    settled = Claimed(found.entry[others], found.probability[others])
    beside, nobody = beside_claims(work, seen, found, model, settled)
    probability, _ = posterior.probabilities(beside, nobody)
    return np.asarray(probability.max(axis=1))
