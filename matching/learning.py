"""A model learned from the records of a run: m from pairs that numbers verify or from expectation, ages, families, the share that is in the registry."""

from dataclasses import replace

import numpy as np

from matching import posterior
from matching.blocks import Listed, listed
from matching.columns import Records, year_of
from matching.engines.engine import Search
from matching.found import Found
from matching.frequency import age_shares
from matching.kinship import Compared, Kin, learn_kin, slots_of
from matching.model import HARDLY_OTHERS, SHRINKAGE, Model, learn, learn_expected
from matching.nametable import Array
from matching.parts import P_BIRTH
from matching.passes import family, search
from matching.posterior import Weighed
from matching.sorted_keys import distinct
from matching.subjects import birth_date_u
from matching.work import Work, compared_by, nobody_of, searched, with_family

FEW_VERIFIED = 200
"""With fewer verified pairs, m is learned from what the search finds."""

ROUNDS = 5
"""Of expectation-maximisation; each searches a sample anew."""

PRIOR_ROUNDS = 10
"""The share of records that are in the registry settles within a few rounds."""

MOST_FAMILIES = 50_000
"""Records whose families are learned from."""


def learned(work: Work, claims: Listed, stored: Model) -> Model:
    """M from the pairs that numbers found, ages from all records."""
    records = work.subjects.records
    model = _with_ages(stored, records)
    rows = distinct(claims.row)
    if not len(rows):
        return model
    seen = work.engine.searched(Search(work.registry, work.subjects, model, rows, claims))
    return learn(model, *compared_by(work, seen, seen.at >= 0))


def _with_ages(model: Model, records: Records) -> Model:
    """Ages as all records have them."""
    year, told = year_of(records.birth).astype(int), records.reference.astype(int)
    reference = int(np.median(told[told > 0])) if (told > 0).any() else model.reference
    gaps = (year - np.where(told > 0, told, reference))[year > 0]
    return replace(model, ages=age_shares(gaps), reference=reference)


def with_kin(work: Work, kin: Kin, claims: Listed, model: Model) -> Model:
    """Shares of the slots, and m of those whom families name."""
    rows = distinct(kin.row[kin.slot != family.CHILD])
    rows = rows[:: len(rows) // MOST_FAMILIES + 1]
    if not len(rows):
        return model
    work, by_family = with_family(work, kin, model)
    seen = work.engine.searched(Search(work.registry, work.subjects, model, rows, listed(claims, by_family)))
    slot, there = slots_of(kin, seen.row, seen.at)
    compared, bare, coarse = compared_by(work, seen, there)
    row = np.broadcast_to(seen.row[:, None], there.shape)[there]
    subjects = work.subjects
    date_u = birth_date_u(subjects, row)
    return learn_kin(
        model,
        Compared(
            slot, compared, bare, coarse,
            subjects.name_u[np.maximum(seen.reading[there], 0), compared["name"]],
            date_u[np.arange(len(row)), compared["birth_date"]],
        ),
    )  # fmt: skip


def by_expectation(work: Work, rows: Array, evidence: Listed, model: Model) -> Model:
    """M from the candidates of a sample of all records, each counting by its probability."""
    sample = rows[:: max(1, len(rows) // max(work.settings.sample, 1))] if work.settings.sample else rows[:0]
    current = model
    for _ in range(ROUNDS if len(sample) else 0):
        seen = searched(work, search.FUZZY, sample, evidence, current)
        probability, nobody = posterior.probabilities(seen, nobody_of(work, seen.row, current, search.FUZZY))
        there = seen.at >= 0
        compared, bare, coarse = compared_by(work, seen, there)
        if work.subjects.parts is None:
            current = learn_expected(model, compared, probability[there], bare, coarse)
            continue
        undated, _ = posterior.probabilities(
            seen.more(P_BIRTH, -seen.parts[..., P_BIRTH]), nobody_of(work, seen.row, current, search.FUZZY)
        )
        share = _present(nobody, current, 0, len(sample), model)
        current = replace(
            learn_expected(model, compared, probability[there], bare, coarse, undated[there]),
            in_registry=share,
        )
    return current


def with_prior(
    work: Work, seen: Weighed, model: Model, found: Found, in_scope: Array
) -> tuple[Weighed, Model]:
    """P(in registry) as the records of this run show it, those without a family: expectation-maximisation over all of them (Dempster, Laird, Rubin 1977)."""
    alone = ~(work.subjects.others < HARDLY_OTHERS)
    linked, everybody = int(((found.decided_by >= 0) & alone).sum()), int((in_scope & alone).sum())
    of = seen.of(alone[seen.row])
    current = model
    for _ in range(PRIOR_ROUNDS):
        _, nobody = posterior.probabilities(
            of.under(current.in_registry / model.in_registry), nobody_of(work, of.row, current, search.FUZZY)
        )
        current = replace(current, in_registry=_present(nobody, current, linked, everybody, model))
    return seen.under(np.where(alone[seen.row], current.in_registry / model.in_registry, 1.0)), current


def _present(nobody: Array, model: Model, linked: int, everybody: int, stored: Model) -> float:
    """P(in registry) as P(nobody) of the open records, and those linked, show it."""
    missed = model.in_registry * model.missed[search.FUZZY]
    there_all_the_same = missed / (1 - model.in_registry + missed)
    present = linked + float((1 - nobody + nobody * there_all_the_same).sum())
    share = (present + SHRINKAGE * stored.in_registry) / (everybody + SHRINKAGE)
    return min(share, 0.9999)
