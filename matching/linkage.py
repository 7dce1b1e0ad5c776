"""Linkage of one kind of record: plain functions from tables to tables."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching import deciding
from matching.beside import ALONE, Beside
from matching.cascade import Progress, search_registry
from matching.decision import Outcome
from matching.engines.engine import Engine
from matching.engines.local import HERE
from matching.found import LinkSettings, Searched, SearchFacts
from matching.frequency import Frequencies
from matching.keys import id_text
from matching.model import Model
from matching.registry import Registry
from matching.resolve import Claims, Resolution, by_itself, resolve
from matching.schemas import CANDIDATES, DECISIONS
from matching.sorted_keys import distinct
from matching.weights_table import WEIGHTS, weights_table


@dataclass(frozen=True)
class Linkage:
    """What linkage says of the records of one kind."""

    decisions: pa.Table
    """DECISIONS, one row per record."""
    candidates: pa.Table
    """CANDIDATES of those not linked."""
    weights: pa.Table
    """WEIGHTS of the best candidates of all."""
    facts: SearchFacts | None
    """What the run says about itself; None for no records."""


@dataclass(frozen=True)
class Terms:
    """What records of one kind are decided by."""

    registry: Registry
    """Whom to ask."""
    model: Model
    """The model that this run's is shrunk to."""
    known: Frequencies
    """How common names, dates and places are."""
    settings: LinkSettings
    run: str
    """The run's name, printed in every decision."""
    progress: Progress = lambda *_: None
    """Told after each pass."""
    verdicts: pa.Table | None = None
    """VERDICTS, what people decided; those on other records are passed over."""
    engine: Engine = HERE
    """What runs the search."""

    def of_whole(self, model: Model) -> "Terms":
        """What some records are decided by, so that they end as they would with all: the model of all, and the threshold."""
        settings = replace(self.settings, learn=False, threshold=model.threshold or None)
        return replace(self, model=model, settings=settings)


def link(records: pa.Table, terms: Terms, kin: pa.Table | None = None, beside: Beside = ALONE) -> Linkage:
    """Decide on every record given.

    Args:
        records: RECORDS of one kind, optionally with `father_name`, `mother_name`.
        terms: what they are decided by.
        kin: `family.KIN`, who records are likely to be by their family.
        beside: what records of the kind hold that aren't given.
    """
    if not len(records):
        return Linkage(DECISIONS.empty_table(), CANDIDATES.empty_table(), WEIGHTS.empty_table(), None)
    searched = search_registry(
        records,
        terms.registry,
        terms.model,
        terms.known,
        terms.settings,
        kin,
        terms.progress,
        beside,
        terms.verdicts,
        terms.engine,
    )
    silence = terms.registry.silence(records)
    found = deciding.without_silent(searched.found, silence)
    searched = replace(searched, found=deciding.through_guardians(found, records, kin))
    resolution = _resolved(searched)
    facts = deciding.facts_of(records, searched, silence)
    outcome = deciding.outcomes(searched.found, resolution, facts, terms.settings)
    reason = deciding.reasons(outcome, searched.found, resolution, facts)
    shown = deciding.shown(outcome, searched, silence)
    entries = terms.registry.entries(id_text(distinct(shown.entry)))
    return Linkage(
        deciding.decisions(records, outcome, reason, searched.found, searched.facts.model.name, terms.run),
        deciding.candidates(records, shown, entries),
        weights_table(records, searched),
        searched.facts,
    )


def _resolved(searched: Searched) -> Resolution:
    found, subjects = searched.found, searched.subjects
    row = np.flatnonzero(found.decided_by >= 0)
    has_family = ~np.isnan(subjects.others[row])
    claims = Claims(row, found.entry[row], found.weight[row], by_itself(found.levels[row], has_family))
    resolution = resolve(claims, subjects.records, subjects.names, subjects.established)
    confirmed = searched.verdicts.confirmed.row
    return Resolution(
        np.setdiff1d(resolution.duplicate, confirmed), np.setdiff1d(resolution.contested, confirmed)
    )


def links_of(decisions: pa.Table) -> pa.Table:
    """`record_id`, `personal_id` of the linked."""
    return decisions.select(["record_id", "personal_id"]).filter(
        pc.equal(decisions["outcome"], Outcome.LINKED)
    )


def open_records(records: pa.Table, decisions: pa.Table) -> pa.Table:
    """Records in scope that were not linked."""
    linked = links_of(decisions)["record_id"]
    is_open = pc.and_(
        pc.invert(pc.is_in(records["record_id"], value_set=linked)), pc.is_null(records["left_out"])
    )
    return records.filter(is_open)


def replaced(first: Linkage, second: Linkage) -> Linkage:
    """A linkage with the decisions of a second look in the place of the first's."""
    seen = second.decisions["record_id"]

    def kept(table: pa.Table) -> pa.Table:
        return table.filter(pc.invert(pc.is_in(table["record_id"], value_set=seen)))

    return Linkage(
        pa.concat_tables([kept(first.decisions), second.decisions]),
        pa.concat_tables([kept(first.candidates), second.candidates]),
        pa.concat_tables([kept(first.weights), second.weights]),
        first.facts,
    )
