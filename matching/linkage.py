"""Linkage of one kind of record, and of a whole school sector: plain functions from tables to tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching import deciding
from matching.cascade import LinkSettings, Progress, Searched, SearchFacts, search_registry
from matching.decision import Outcome
from matching.frequency import Frequencies
from matching.keys import CHILD_YEAR, id_text
from matching.model import Model
from matching.passes import family
from matching.registry import Registry
from matching.resolve import Claims, Resolution, resolve
from matching.schemas import CANDIDATES, DECISIONS, KINDS
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


def link(
    records: pa.Table,
    registry: Registry,
    stored: Model,
    known: Frequencies,
    settings: LinkSettings,
    run: str,
    kin: pa.Table | None = None,
    progress: Progress = lambda *_: None,
) -> Linkage:
    """Decide on every record of one kind.

    Args:
        records: RECORDS of one kind, optionally with `father_name`, `mother_name`.
        registry: whom to ask.
        stored: the model that this run's is shrunk to.
        known: how common names, dates and places are.
        settings: target and thresholds.
        run: the run's name, printed in every decision.
        kin: `family.KIN`, who records are likely to be by their family.
        progress: told after each pass.
    """
    if not len(records):
        return Linkage(DECISIONS.empty_table(), CANDIDATES.empty_table(), WEIGHTS.empty_table(), None)
    searched = search_registry(records, registry, stored, known, settings, kin, progress)
    resolution = _resolved(searched)
    facts = deciding.facts_of(records, searched)
    outcome = deciding.outcomes(searched.found, resolution, facts, settings)
    reason = deciding.reasons(outcome, searched.found, resolution, facts)
    shown = deciding.shown(outcome, searched)
    entries = registry.entries(id_text(np.unique(shown.entry)))
    return Linkage(
        deciding.decisions(records, outcome, reason, searched.found, searched.facts.model.name, run),
        deciding.candidates(records, shown, entries),
        weights_table(records, searched),
        searched.facts,
    )


def _resolved(searched: Searched) -> Resolution:
    found, subjects = searched.found, searched.subjects
    row = np.flatnonzero(found.decided_by >= 0)
    claims = Claims(row, found.entry[row], found.weight[row])
    return resolve(claims, subjects.records, subjects.names, subjects.established)


def link_sector(
    records: Mapping[str, pa.Table],
    families: pa.Table,
    registry: Registry,
    models: Mapping[str, Model],
    known: Frequencies,
    settings: LinkSettings,
    run: str,
    progress: Progress = lambda *_: None,
) -> dict[str, Linkage]:
    """Decide on every record of every kind, families in both directions.

    Args:
        records: kind → RECORDS.
        families: FAMILIES.
        registry: whom to ask.
        models: kind → the model to shrink to.
        known: how common names, dates and places are.
        settings: target and thresholds.
        run: the run's name.
        progress: told after each pass.
    """

    def linked(kind: str, of: pa.Table, kin: pa.Table | None = None) -> Linkage:
        return link(of, registry, models[kind], known, settings, run, kin, progress)

    students = with_parent_names(records["student"], records["guardian"], families)
    result = {"teacher": linked("teacher", records["teacher"]), "student": linked("student", students)}
    guardians = at_the_childs_home(records["guardian"], students, families)
    kin = family.parents_of_linked(
        families, links_of(result["student"].decisions), elders_of(guardians), registry
    )
    result["guardian"] = linked("guardian", guardians, kin)
    still_open = open_records(students, result["student"].decisions)
    kin = family.children_of_linked(
        families_of(families, still_open), links_of(result["guardian"].decisions), registry
    )
    again = still_open.filter(pc.is_in(still_open["record_id"], value_set=pc.unique(kin["record_id"])))
    taught = result["student"].facts
    model, apart = taught.model if taught else models["student"], replace(settings, learn=False)

    def together(ids: pa.ChunkedArray) -> Linkage:
        chosen = students.filter(pc.is_in(students["record_id"], value_set=ids))
        return link(chosen, registry, model, known, apart, run, kin, progress)

    second = link(again, registry, model, known, apart, run, kin, progress)
    result["student"] = second_look(result["student"], second, together)
    return {kind: result[kind] for kind in KINDS}


A_GRANDPARENT = 38
"""Years from which on a guardian may be a grandparent of the pupil, entered as father or mother."""


def elders_of(guardians: pa.Table) -> pa.Array:
    """Guardians (as `at_the_childs_home` gives them) who are that much older than the pupil."""
    gap = pc.subtract(guardians[CHILD_YEAR].cast(pa.int64()), pc.year(guardians["birth_from"]))
    return (
        guardians["record_id"]
        .filter(pc.fill_null(pc.greater_equal(gap, A_GRANDPARENT), fill_value=False))
        .combine_chunks()
    )


def links_of(decisions: pa.Table) -> pa.Table:
    """`record_id`, `personal_id` of the linked."""
    return decisions.filter(pc.equal(decisions["outcome"], Outcome.LINKED)).select(
        ["record_id", "personal_id"]
    )


def open_records(records: pa.Table, decisions: pa.Table) -> pa.Table:
    """Records in scope that were not linked."""
    linked = links_of(decisions)["record_id"]
    is_open = pc.and_(
        pc.invert(pc.is_in(records["record_id"], value_set=linked)), pc.is_null(records["left_out"])
    )
    return records.filter(is_open)


def families_of(families: pa.Table, students: pa.Table) -> pa.Table:
    """The families of some students."""
    return families.filter(pc.is_in(families["student_id"], value_set=students["record_id"]))


def second_look(first: Linkage, second: Linkage, together: Callable[[pa.ChunkedArray], Linkage]) -> Linkage:
    """A linkage with the decisions of a second look; who now holds an entry together with somebody else is decided on together.

    Args:
        first: the first look at all records.
        second: the second look at some that were open.
        together: decides on records by their IDs.
    """
    whole = replaced(first, second)
    links, new = links_of(whole.decisions), links_of(second.decisions)
    counted = links.group_by("personal_id").aggregate([("record_id", "count")])
    shared = counted.filter(pc.greater(counted["record_id_count"], 1))["personal_id"]
    contested = new.filter(pc.is_in(new["personal_id"], value_set=shared))["personal_id"]
    if not len(contested):
        return whole
    return replaced(
        whole, together(links.filter(pc.is_in(links["personal_id"], value_set=contested))["record_id"])
    )


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


def with_parent_names(students: pa.Table, guardians: pa.Table, families: pa.Table) -> pa.Table:
    """Students with `father_name` and `mother_name` as their guardians' records have them; null where there is none."""
    names = guardians.select(["record_id", "name"])
    joined = families.join(names, "guardian_id", "record_id", join_type="inner", use_threads=False)
    for parent in ("father", "mother"):
        of_parent = joined.filter(pc.equal(joined["relationship"], parent))
        first = _first_of(of_parent, "student_id", "guardian_id")
        at = pc.index_in(students["record_id"], value_set=first["student_id"].combine_chunks())
        students = students.append_column(f"{parent}_name", first["name"].combine_chunks().take(at))
    return students


def at_the_childs_home(guardians: pa.Table, students: pa.Table, families: pa.Table) -> pa.Table:
    """Guardians with the birth year of their eldest child, and without a residence given that of their (first) child: schools ask where the pupil lives, hardly where parents do.

    How often that is right is learned with the rest of m.
    """
    children = students.append_column(CHILD_YEAR, pc.year(students["birth_from"]).cast(pa.int16()))
    joined = families.join(
        children.select(["record_id", CHILD_YEAR, *_HOME]),
        "student_id",
        "record_id",
        join_type="inner",
        use_threads=False,
    )
    eldest = _first_of(joined.filter(pc.is_valid(joined[CHILD_YEAR])), "guardian_id", CHILD_YEAR)
    at = pc.index_in(guardians["record_id"], value_set=eldest["guardian_id"].combine_chunks())
    guardians = guardians.append_column(CHILD_YEAR, eldest[CHILD_YEAR].combine_chunks().take(at))
    housed = joined.filter(pc.is_valid(joined["residence_province"]))
    first = _first_of(housed, "guardian_id", "student_id")
    at = pc.index_in(guardians["record_id"], value_set=first["guardian_id"].combine_chunks())
    homeless = pc.is_null(guardians["residence_province"])
    for name in _HOME:
        own, childs = guardians[name].combine_chunks(), first[name].combine_chunks().take(at)
        guardians = guardians.set_column(
            guardians.column_names.index(name), name, pc.if_else(homeless, childs, own)
        )
    return guardians


_HOME = ("residence_province", "residence_commune")


def _first_of(table: pa.Table, key: str, order: str) -> pa.Table:
    """One row of each key: the first by the other column."""
    ordered = table.sort_by([(key, "ascending"), (order, "ascending")]).combine_chunks()
    codes = pc.rank(ordered[key], tiebreaker="dense")
    return ordered.filter(pa.array(np.diff(codes.to_numpy(), prepend=0) > 0))
