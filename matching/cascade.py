"""The cascade: each pass sees only the records that the passes before left open; the registry stays open to all.

    claimed_id   the number on the record, if name and date agree with its entry
    family       guardians of linked pupils, pupils of linked guardians
    exact_key    same name without marks, same day of birth, if that leaves nobody else
    fuzzy        all blocking rules, all comparisons

Every pass weighs its candidates in the same way (`matching.weighing`, `matching.posterior`); what differs is where the candidates
come from and how likely it is that the entry sought is not among them. What an earlier pass found competes in the later ones.

What people decided (`matching.verdicts`) stands before the first pass and above all of them.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching import posterior
from matching.beside import ALONE, Beside
from matching.blocks import NOTHING_LISTED, Listed, listed
from matching.companions import with_companions
from matching.engines.engine import Engine
from matching.engines.local import HERE
from matching.found import (
    CASCADE,
    Found,
    LinkSettings,
    Searched,
    SearchFacts,
    nothing_found,
    with_confirmed,
)
from matching.frequency import Frequencies
from matching.holders import beside_the_linked, in_competition, less_likely
from matching.keys import record_columns
from matching.kinship import Kin, kin_of
from matching.learning import FEW_VERIFIED, by_expectation, learned, with_kin, with_prior
from matching.limits import limit_for_later, limit_of
from matching.measuring import Checked, measured
from matching.model import HARDLY_OTHERS, Model
from matching.nametable import Array
from matching.passes import claimed_id, family, search
from matching.posterior import Weighed
from matching.registry import Registry
from matching.shortlist import latest
from matching.subjects import subjects_of
from matching.twins import absent_twins, numbers_of_twins, with_twins
from matching.updating import settles_from, updated
from matching.verdicts import verdicts_of
from matching.work import Work, nobody_of, searched, with_family

Progress = Callable[[str, int, int], None]
"""Called after each pass with its name, records settled, records in all."""


def search_registry(  # noqa: PLR0913, PLR0917 (what a run knows before it begins; nothing in it belongs together)
    records: pa.Table,
    registry: Registry,
    stored: Model,
    known: Frequencies,
    settings: LinkSettings,
    kin: pa.Table | None = None,
    progress: Progress = lambda *_: None,
    beside: Beside = ALONE,
    verdicts: pa.Table | None = None,
    engine: Engine = HERE,
) -> Searched:
    """Run the cascade over records of one kind.

    Args:
        records: RECORDS, optionally with `father_name`, `mother_name` (canonical).
        registry: whom to ask.
        stored: the model to shrink to.
        known: how common names, dates and places are in the registry.
        settings: target, thresholds.
        kin: `family.KIN`: who records are likely to be by their family.
        progress: told after each pass.
        beside: what records of the kind hold that aren't given.
        verdicts: VERDICTS, what people decided.
        engine: what runs the search.
    """
    columns, names, text = record_columns(records, registry.profile)
    work = Work(
        registry,
        subjects_of(columns, names, text, known, registry.name_counts(names), registry.profile, beside),
        settings,
        verdicts_of(verdicts, records),
        beside,
        engine,
    )
    in_scope = pc.is_null(records["left_out"]).to_numpy(zero_copy_only=False)
    claims = claimed_id.claims(columns, np.flatnonzero(in_scope), registry)
    kin_pairs = kin_of(records, kin)
    model = _first_model(work, claims, kin_pairs, stored) if settings.learn else stored
    found, evidence, by_family = (
        with_confirmed(nothing_found(len(records)), work.verdicts.confirmed),
        claims,
        NOTHING_LISTED,
    )
    checked = Checked()
    for name in CASCADE:
        if name == search.EXACT_KEY:
            # whoever has to be asked for candidates may begin while the model is learned from a sample
            registry.expect(columns, text, np.flatnonzero(in_scope & (found.decided_by < 0)))
        if name == search.EXACT_KEY and settings.learn:
            if model.verified < FEW_VERIFIED:
                model = by_expectation(work, np.flatnonzero(in_scope), evidence, model)
            model, checked = measured(work, found, claims, model)
        if name == family.NAME and len(kin_pairs.row):
            work, by_family = with_family(work, kin_pairs, model)
            evidence = listed(claims, by_family)
        rows = _rows_of(name, np.flatnonzero(in_scope & (found.decided_by < 0)), claims, by_family)
        seen = searched(work, name, rows, evidence, model)
        if name == search.FUZZY:
            seen, model = _of_all_rules(work, seen, model, found, in_scope, claims)
        found = updated(work, found, seen, model, name, settles_from(name, settings, model))
        progress(name, int((found.decided_by >= 0).sum()), len(records))
    return _concluded(work, found, seen, model, evidence, claims, checked)


def _first_model(work: Work, claims: Listed, kin: Kin, stored: Model) -> Model:
    """Before any pass: companions of values, m of what numbers found, families."""
    if work.subjects.parts is not None:
        stored = with_companions(stored, work.registry.people())
    return with_kin(work, kin, claims, learned(work, claims, stored))


def _of_all_rules(
    work: Work, seen: Weighed, model: Model, found: Found, in_scope: Array, claims: Listed
) -> tuple[Weighed, Model]:
    """The candidates of the last pass, under what they show themselves of who is absent, and of twins.

    Where names are compared by parts, the registry has told before how common twins are.
    """
    if work.settings.learn:
        seen, model = with_prior(work, seen, model, found, in_scope)
        if work.subjects.parts is None:
            alone = seen.of(~(work.subjects.others[seen.row] < HARDLY_OTHERS))
            model = absent_twins(alone, nobody_of(work, alone.row, model, search.FUZZY), model)
            model = numbers_of_twins(work, found, seen, claims, model)
    return with_twins(seen, model), model


def _rows_of(name: str, is_open: Array, claims: Listed, by_family: Listed) -> Array:
    """The open records that a pass can say something about."""
    if name == claimed_id.NAME:
        return is_open[np.isin(is_open, claims.row)]
    return is_open[np.isin(is_open, by_family.row)] if name == family.NAME else is_open


def _concluded(
    work: Work, found: Found, seen: Weighed, model: Model, evidence: Listed, claims: Listed, checked: Checked
) -> Searched:
    """The limit decides; then entries that others hold by now are less likely for whoever is still open, where competing has not said so before."""
    found, seen, limit = _at_the_limit(work, found, seen, model, evidence)
    still_open = seen.of(found.decided_by[seen.row] < 0)
    if work.settings.learn or not model.taken:
        model = replace(model, taken=less_likely(work, found))
    if work.subjects.parts is None:
        still_open, found = beside_the_linked(work, still_open, found, model, limit)
        still_open = still_open.of(found.decided_by[still_open.row] < 0)
    probability, _ = posterior.probabilities(still_open, nobody_of(work, still_open.row, model, search.FUZZY))
    return Searched(
        found,
        still_open,
        probability,
        claims,
        work.subjects,
        work.registry.people().entries.entry,
        _facts(work, found, model, limit, checked),
        latest(work.shortlists),
        work.verdicts,
    )


def _at_the_limit(
    work: Work, found: Found, seen: Weighed, model: Model, evidence: Listed
) -> tuple[Found, Weighed, float]:
    """Where names are compared by parts, records compete for entries; links below the limit are looked at once more by all rules, and are links no more where they stay below.

    Returns:
        What was found, the candidates of the last pass and of these, the limit.
    """
    if work.subjects.parts is not None:
        seen, found = in_competition(work, seen, found, model)
    limit = limit_of(work, found, model)
    doubtful = np.flatnonzero(found.by_machine & (found.probability < limit))
    again = np.setdiff1d(doubtful, seen.row)
    if len(again):
        more = with_twins(searched(work, search.FUZZY, again, evidence, model), model)
        found = updated(work, found, more, model, search.FUZZY, limit)
        seen = posterior.put_together([seen, more])
    lost = found.by_machine & (found.probability < limit)
    return replace(found, decided_by=np.where(lost, -1, found.decided_by).astype(np.int8)), seen, limit


def _facts(work: Work, found: Found, model: Model, limit: float, checked: Checked) -> SearchFacts:
    return SearchFacts(
        model=replace(model, threshold=limit_for_later(limit, work.settings, model)),
        threshold=limit,
        compared=work.compared,
        settled={name: int((found.decided_by == at).sum()) for at, name in enumerate(CASCADE)},
        rules={name: replace(rule, pairs=work.by_rule[name]) for name, rule in checked.rules.items()},
        reliability=checked.reliability,
        expected_false=float((1 - found.probability[found.decided_by >= 0]).sum()),
    )
