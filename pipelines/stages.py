"""The stages of one province: plain functions that read the tables kept by the stages before and keep their own.

Each returns counts only. Nothing here knows Prefect.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.education import read_families, read_links, read_partition
from connectors.education_tables import LINKS
from connectors.registry_news import forget_rechecks, rechecks
from connectors.schema import is_prepared
from connectors.traced import TracedRegistry
from connectors.writeback import Partition, WriteCounts, write_partition
from matching.again import decided_again
from matching.beside import ALONE, Beside
from matching.decision import Outcome
from matching.found import CASCADE
from matching.linkage import Linkage, Terms, links_of, open_records, replaced
from matching.linkage import link as link_records
from matching.normalise.records import normalise_records
from matching.passes import family, search
from matching.schemas import DECISIONS, FAMILIES, RAW_RECORDS, REJECTS
from matching.sector import at_the_childs_home, elders_of, families_of, with_parent_names
from pipelines.carried import as_decisions, carried_links, contested, earlier_evidence, only, without
from pipelines.decided import (
    keep_spoken,
    left_to_people,
    spoken,
    still_carried,
    taken_back,
    what_people_say,
    withdraw_changed,
    would_withdraw,
)
from pipelines.gates import Figures, failed_gates, registry_age
from pipelines.history import held_links, last_run
from pipelines.kept_answers import forget_answers
from pipelines.means import ProvinceRun
from pipelines.measures import database_rates, rates_of
from pipelines.models import keep_model, kept_model
from pipelines.scope import Kind
from pipelines.what_changed import keep_changes, would_write

Counts = dict[str, Any]


def extract(work: ProvinceRun, kind: str) -> Counts:
    """Read the partition as it stands, what people decided on it, and which of its links are carried forward."""
    engine = work.means.engine
    raw = pa.Table.from_batches(read_partition(engine, kind, work.province), RAW_RECORDS)
    tables = {"raw": raw, **what_people_say(work, kind, raw)}
    tables["carried"] = still_carried(carried_links(work, kind, raw), tables["decided"])
    if kind == Kind.STUDENT:
        tables["families"] = read_families(engine, work.province)
    work.checkpoint(kind).keep("extract", tables)
    return {"records": raw.num_rows, "carried": tables["carried"].num_rows}


def normalise(work: ProvinceRun, kind: str) -> Counts:
    """Read every value; what could not be read stands in the rejects."""
    kept = work.checkpoint(kind)
    records, rejects = normalise_records(kept.table("extract", "raw"), work.scope.as_of)
    kept.keep("normalise", {"records": records, "rejects": rejects})
    return {"records": records.num_rows, "rejects": rejects.num_rows}


def link(work: ProvinceRun, kind: str) -> Counts:
    """Decide on the records that are not carried forward."""
    client = work.client(kind)
    registry = TracedRegistry(client)
    todo = without(_records(work, kind), _carried(work, kind)["record_id"])
    kin = _kin_of_guardians(work, todo, registry) if kind == Kind.GUARDIAN else None
    # a night's remainder is no sample of the partition, so it teaches nothing
    whole = len(todo) == len(_records(work, kind))
    settings = replace(work.means.settings.link_settings(), learn=whole)
    said = keep_spoken(work, kind, todo, registry)
    terms = Terms(registry, work.models[kind], work.known, settings, work.run, work.means.told.counted, said)
    linkage = link_records(todo.combine_chunks(), terms, kin)
    if whole and linkage.facts is not None:
        keep_model(work.checkpoint(kind).folder, linkage.facts.model)
    _keep_linkage(work, kind, "link", linkage, client.take_rejects())
    return _counted(linkage.decisions)


def look_again(work: ProvinceRun, kind: str) -> Counts:
    """Students who are still open, by the children of their linked guardians."""
    client = work.client(kind)
    registry = TracedRegistry(client)
    first = _linkage(work, kind, "link")
    todo = without(_records(work, kind), _carried(work, kind)["record_id"])
    still_open = open_records(todo, first.decisions)
    kin = _kin_of_students(work, still_open, registry)
    again = pc.unique(kin["record_id"])

    def decide(of: pa.Table, beside: Beside) -> Linkage:
        return _linked(work, kind, of, registry, kin, beside)

    both = decided_again(todo, first, again, decide)
    _keep_linkage(work, kind, "look_again", both, client.take_rejects())
    return _counted(both.decisions)


def resolve(work: ProvinceRun, kind: str) -> Counts:
    """Look at new and carried links of one entry together, then put all decisions of the partition side by side."""
    client = work.client(kind)
    registry = TracedRegistry(client)
    linkage, carried = _linkage(work, kind, _last_link(work, kind)), _carried(work, kind)
    # each round takes records out of the carried ones, so it ends
    while len(ids := contested(linkage.decisions, carried)):
        holders = only(carried, ids, "personal_id")["record_id"]
        claimants = only(linkage.decisions, ids, "personal_id")["record_id"]
        both = pa.chunked_array([*holders.chunks, *claimants.chunks], pa.string())
        records = only(_records(work, kind), both)
        linkage = replaced(
            linkage, _linked(work, kind, records, registry, _kin(work, kind, records, registry))
        )
        carried = without(carried, both)
    evidence = earlier_evidence(work, kind) if carried.num_rows else linkage.decisions
    decisions = pa.concat_tables([linkage.decisions, as_decisions(carried, evidence)])
    decisions = taken_back(decisions, _held_links(work, kind), spoken(work, kind))
    work.checkpoint(kind).keep(
        "resolve", {"decisions": decisions, "candidates": linkage.candidates, "weights": linkage.weights}
    )
    return _counted(decisions)


def gate(work: ProvinceRun, kind: str) -> Counts:
    """What does not hold, as gate name → (value, limit); empty when the partition may be written.

    Who would gain, lose or change an ID is kept here: afterwards nobody could tell it any more.
    """
    decisions, candidates = _decided(work, kind)
    planned, news = would_write(work, _partition(work, kind), decisions, candidates)
    failed = {
        one.gate.name: (one.value, one.limit)
        for one in failed_gates(_figures(work, kind, decisions, planned), work.means.settings)
        if one.gate.name not in work.scope.accepted_gates
    }
    keep_changes(work, kind, news, planned, stopped=bool(failed))
    return failed


def write_back(work: ProvinceRun, kind: str) -> Counts:
    """Write the partition; in a dry run, say what would be written."""
    decisions, candidates = _decided(work, kind)
    partition = _partition(work, kind)
    if work.scope.dry_run:
        counts, _ = would_write(work, partition, decisions, candidates)
        return asdict(counts) | would_withdraw(work, kind)
    decisions = left_to_people(work, kind, decisions, _held_links(work, kind))
    rates = database_rates(rates_of(decisions, _records(work, kind)))
    counts = write_partition(
        work.means.engine,
        partition,
        decisions,
        candidates,
        rates,
        owner=work.run,
        now=work.means.clock(),
        auditor=work.means.auditor,
    )
    forget_answers(work.checkpoint(kind).folder / "answers")
    forget_rechecks(work.means.engine, kind, _looked_at(work, kind))
    return asdict(counts) | withdraw_changed(work, kind)


def _partition(work: ProvinceRun, kind: str) -> Partition:
    """The partition as it is written; links that are carried forward repeat what was decided earlier."""
    noted = {"accepted_gates": list(work.scope.accepted_gates)} if work.scope.accepted_gates else {}
    return Partition(work.run, kind, work.province, repeats=True, noted=noted)


def _looked_at(work: ProvinceRun, kind: str) -> pa.ChunkedArray:
    """IDs of linked records that this run decided on anew."""
    anew = without(_records(work, kind), _carried(work, kind)["record_id"])["record_id"]
    waiting = rechecks(work.means.engine, kind, work.province)
    return waiting.filter(pc.is_in(waiting, value_set=anew.combine_chunks()))


def _figures(work: ProvinceRun, kind: str, decisions: pa.Table, planned: WriteCounts) -> Figures:
    records = _records(work, kind)
    counted = database_rates(rates_of(decisions, records))
    in_scope, linked = (pc.sum(counted[name]).as_py() or 0 for name in ("in_scope", "linked"))
    before = last_run(work.means.engine, kind, work.province, work.run)
    rejects = work.checkpoint(kind).table("normalise", "rejects")
    probability = pc.mean(
        decisions.filter(pc.equal(decisions["outcome"], Outcome.LINKED))["match_probability"]
    ).as_py()
    return Figures(
        in_scope=in_scope,
        linked=linked,
        previous_in_scope=before.in_scope if before else 0,
        previous_linked=before.linked if before else 0,
        held=held_links(work.means.engine, kind, work.province),
        changed=planned.changed,
        records=records.num_rows,
        rejected=pc.count_distinct(rejects["record_id"]).as_py(),
        expected_false=0.0 if probability is None else 1 - probability,
        registry_age_days=registry_age(work.registry.as_of, work.scope.as_of),
    )


def _decided(work: ProvinceRun, kind: str) -> tuple[pa.Table, pa.Table]:
    kept = work.checkpoint(kind)
    decisions = kept.table("resolve", "decisions")
    # the database wants a pass for every decision: who is open was looked at by all of them, to the last
    column = decisions.schema.get_field_index("decided_by")
    decisions = decisions.set_column(
        column, DECISIONS.field(column), pc.fill_null(decisions["decided_by"], CASCADE[-1])
    )
    return decisions, kept.table("resolve", "candidates")


def _records(work: ProvinceRun, kind: str) -> pa.Table:
    """RECORDS of a partition; students with their parents' names, guardians at their child's home, as the other's records have it."""
    records = work.checkpoint(kind).table("normalise", "records")
    completed = {
        Kind.STUDENT: (with_parent_names, Kind.GUARDIAN),
        Kind.GUARDIAN: (at_the_childs_home, Kind.STUDENT),
    }
    if kind not in completed:
        return records
    complete, other = completed[Kind(kind)]
    kept = work.checkpoint(other)
    return (
        complete(records, kept.table("normalise", "records"), _families(work))
        if kept.done("normalise")
        else records
    )


def _families(work: ProvinceRun) -> pa.Table:
    kept = work.checkpoint(Kind.STUDENT)
    return kept.table("extract", "families") if kept.done("extract") else FAMILIES.empty_table()


def _carried(work: ProvinceRun, kind: str) -> pa.Table:
    return work.checkpoint(kind).table("extract", "carried")


def _held(work: ProvinceRun, kind: str) -> pa.Table:
    """`record_id`, `personal_id` of all who are linked so far: by this run, else as the database has them."""
    columns = ["record_id", "personal_id"]
    kept = work.checkpoint(kind)
    if kept.done("link"):
        new = links_of(kept.table(_last_link(work, kind), _last_link(work, kind)))
        return pa.concat_tables([new, _carried(work, kind).select(columns)])
    return _held_links(work, kind).select(columns)


def _held_links(work: ProvinceRun, kind: str) -> pa.Table:
    """`LINKS` as the database has them."""
    if not is_prepared(work.means.engine):
        return LINKS.empty_table()
    return read_links(work.means.engine, kind, work.province)


def _kin(work: ProvinceRun, kind: str, records: pa.Table, registry: TracedRegistry) -> pa.Table | None:
    if kind == Kind.GUARDIAN:
        return _kin_of_guardians(work, records, registry)
    return _kin_of_students(work, records, registry) if kind == Kind.STUDENT else None


def _kin_of_guardians(work: ProvinceRun, guardians: pa.Table, registry: TracedRegistry) -> pa.Table:
    theirs = only(_families(work), guardians["record_id"], "guardian_id")
    if not len(theirs):
        return family.KIN.empty_table()
    return family.parents_of_linked(theirs, _held(work, Kind.STUDENT), elders_of(guardians), registry)


def _kin_of_students(work: ProvinceRun, students: pa.Table, registry: TracedRegistry) -> pa.Table:
    return family.children_of_linked(
        families_of(_families(work), students), _held(work, Kind.GUARDIAN), registry
    )


def _linked(
    work: ProvinceRun,
    kind: str,
    records: pa.Table,
    registry: TracedRegistry,
    kin: pa.Table | None,
    beside: Beside = ALONE,
) -> Linkage:
    """Decide on some records with what the partition taught."""
    settings = replace(work.means.settings.link_settings(), learn=False)
    taught = kept_model(work.checkpoint(kind).folder, kind) or work.models[kind]
    said = spoken(work, kind)
    terms = Terms(registry, taught, work.known, settings, work.run, work.means.told.counted, said)
    return link_records(records.combine_chunks(), terms, kin, beside)


def _last_link(work: ProvinceRun, kind: str) -> str:
    return "look_again" if work.checkpoint(kind).done("look_again") else "link"


def _linkage(work: ProvinceRun, kind: str, stage: str) -> Linkage:
    kept = work.checkpoint(kind)
    decisions, candidates, weights = (
        kept.table(stage, f"{stage}{part}") for part in ("", "_candidates", "_weights")
    )
    return Linkage(decisions, candidates, weights, None)


def _keep_linkage(work: ProvinceRun, kind: str, stage: str, linkage: Linkage, rejects: pa.Table) -> None:
    kept = work.checkpoint(kind)
    tables: Mapping[str, pa.Table] = {
        stage: linkage.decisions,
        f"{stage}_candidates": linkage.candidates,
        f"{stage}_weights": linkage.weights,
        f"{stage}_rejects": rejects.cast(REJECTS),
    }
    facts: Counts = {}
    if linkage.facts is not None and stage == "link":
        facts = {
            "model": linkage.facts.model.name,
            "threshold": linkage.facts.threshold,
            "compared": dict(linkage.facts.compared),
            "settled": dict(linkage.facts.settled),
            "rules": {name: asdict(rule) for name, rule in linkage.facts.rules.items()},
            "reliability": linkage.facts.reliability,
            "expected_false": linkage.facts.expected_false,
            "missed": linkage.facts.model.missed[search.FUZZY],
        }
    kept.keep(stage, tables, facts)


def _counted(decisions: pa.Table) -> Counts:
    counted = decisions.group_by("outcome").aggregate([("outcome", "count")])
    return dict(zip(counted["outcome"].to_pylist(), counted["outcome_count"].to_pylist(), strict=True))
