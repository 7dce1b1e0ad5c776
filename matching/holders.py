"""Entries that other records hold: how much less likely they are, and what becomes of records that compete for one."""

from dataclasses import replace

import numpy as np

from matching.beside import among
from matching.columns import year_of
from matching.competition import Claimed, competing
from matching.copied import with_copied_dates
from matching.found import Found
from matching.model import SHRINKAGE, Model
from matching.nametable import Array
from matching.parts import TAKEN
from matching.passes import search
from matching.posterior import Weighed
from matching.sorted_keys import distinct
from matching.updating import updated
from matching.weighing import FIRST_YEAR, YEARS
from matching.work import Work, entries_at

ENTERED_TWICE = 0.02
"""P(somebody who has a linked record has another one of the kind), while too few records tell: assumption."""


def in_competition(work: Work, seen: Weighed, found: Found, model: Model) -> tuple[Weighed, Found]:
    """All records of the last pass are weighed once more, beside each other and beside those that were settled before."""
    others = np.setdiff1d(np.flatnonzero(found.decided_by >= 0), seen.row)
    held = work.beside.entries
    settled = Claimed(
        np.concatenate([found.entry[others], held]),
        np.concatenate([found.probability[others], np.ones(len(held))]),
    )
    beside, _ = beside_claims(work, seen, found, model, settled)
    beside = _reordered(beside)
    return beside, updated(work, found, beside, model, search.FUZZY, work.settings.floor(model))


def beside_claims(
    work: Work, seen: Weighed, found: Found, model: Model, settled: Claimed
) -> tuple[Weighed, float]:
    """Candidates with what dates of relatives and the claims of other records make of them, and P(nobody found)."""
    nobody = float(model.nobody(search.FUZZY, np.ones(1))[0])
    seen = with_copied_dates(seen, nobody, model)
    claimed, free = _by_claims(work, found, model)
    return seen.more(
        TAKEN, competing(seen, entries_at(work, seen.at), nobody, settled, claimed, free)
    ), nobody


def _by_claims(work: Work, found: Found, model: Model) -> tuple[float, float]:
    """How much less likely an entry is that another record holds, and how much likelier one that none does; a remainder can't tell the second."""
    if model.taken and not work.settings.learn:
        return model.taken, 1.0
    twice, taken = _entered_twice(work, found)
    return less_likely(work, found), (1 - twice) / (1 - taken)


def less_likely(work: Work, found: Found) -> float:
    """How much less likely an entry is once another record has it: P(entered twice) against the share of such people who are taken.

    Where a run holds few of all people, being taken says nothing; where it holds most of them, much.
    """
    twice, taken = _entered_twice(work, found)
    return float(np.clip(twice / max(taken, 1e-9), 1e-3, 1.0))


def _entered_twice(work: Work, found: Found) -> tuple[float, float]:
    """Share of people with a linked record who have another one, and share of people like those of the records who have one."""
    entry = found.entry[found.decided_by >= 0]
    people = len(distinct(entry))
    twice = (len(entry) - people + SHRINKAGE * ENTERED_TWICE) / (len(entry) + SHRINKAGE)
    records, known = work.subjects.records, work.subjects.known
    year = year_of(records.birth) - FIRST_YEAR
    density = _density(year[(year >= 0) & (year < YEARS)], known.years) * _density(
        records.home[records.home > 0], known.places.sum(axis=0)
    )
    return twice, min(people * density / known.entries, 0.95)


def _density(codes: Array, people: Array) -> float:
    """How much denser than people at large the records lie where they lie."""
    if not len(codes):
        return 1.0
    share = np.bincount(codes, minlength=len(people))[: len(people)] / len(codes)
    return float((share**2 / np.maximum(people, 1e-5)).sum())


def beside_the_linked(
    work: Work, seen: Weighed, found: Found, model: Model, limit: float
) -> tuple[Weighed, Found]:
    """Candidates that are another record's already are less likely: the open records are weighed once more, and linked where that decides."""
    taken = np.sort(np.concatenate([found.entry[found.decided_by >= 0], work.beside.entries]))
    is_taken = among(taken, entries_at(work, seen.at))
    beside = _reordered(seen.more(TAKEN, np.where(is_taken, np.log2(model.taken), 0.0)))
    return beside, updated(work, found, beside, model, search.FUZZY, limit)


def _reordered(seen: Weighed) -> Weighed:
    """Best first again."""
    order = np.argsort(-seen.weight, axis=1, kind="stable")
    reordered = {
        name: _in_order(getattr(seen, name), order)
        for name in ("at", "weight", "relative", "levels", "rules", "reading", "parts")
    }
    return replace(seen, **reordered)


def _in_order(values: Array, order: Array) -> Array:
    return np.take_along_axis(values, order if values.ndim == 2 else order[..., None], axis=1)
