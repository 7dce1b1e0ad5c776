"""Decisions of people in a run: read with the records, checked against the entries, honoured, withdrawn where their ground has changed.

`decided` (`connectors.review_store.DECIDED`) is kept by the stage extract: decisions on records that say the same as when they were made.
What of it is laid before the linkage is kept by the stage link, once the registry was asked for the entries it is about. Nothing is
withdrawn before the partition is written.
"""

import pyarrow as pa
import pyarrow.compute as pc

from connectors.review_store import DECIDED, live_decisions
from connectors.traced import TracedRegistry
from matching.decision import BY_PERSON, Outcome, Reason, Verdict
from matching.schemas import DECISIONS
from pipelines.carried import only
from pipelines.means import ProvinceRun
from pipelines.seals import seal_key
from review.honoured import but, counted, entries_changed, on_records, record_changed, verdicts, withdraw

_BACK = pa.array([str(one) for one in (Verdict.UNSURE, Verdict.BACK_TO_SCHOOL, Verdict.NO_NUMBER)])
"""Verdicts that take a confirmation back."""


def what_people_say(work: ProvinceRun, kind: str, raw: pa.Table) -> dict[str, pa.Table]:
    """The decisions on a partition: `decided`, those that hold, and `undone`, numbers of those whose record has changed."""
    found = on_records(live_decisions(work.means.engine, kind), raw)
    changed = record_changed(found, raw, seal_key(work.means.settings)) if len(found) else _none()
    return {"decided": but(found, changed), "undone": pa.table({"decision": changed})}


def still_carried(carried: pa.Table, decided: pa.Table) -> pa.Table:
    """Links (`LINKS`) that nobody has said anything else of since: the others are decided on anew.

    A confirmed link stays where it is confirmed; a link stays where only other entries were denied.
    """
    said = verdicts(decided)
    same, denied = (said.filter(pc.equal(said["verdict"], one)) for one in (Verdict.SAME, Verdict.NOT_SAME))
    agreed = pc.and_(pc.is_in(_link(carried), value_set=_link(same)), carried["confirmed_by_person"])
    other_words = pc.not_equal(said["verdict"], Verdict.NOT_SAME)
    spoken_of = _among(carried, said.filter(other_words))
    untold = pc.invert(pc.or_(spoken_of, pc.is_in(_link(carried), value_set=_link(denied))))
    return carried.filter(pc.or_(agreed, untold))


def keep_spoken(work: ProvinceRun, kind: str, todo: pa.Table, registry: TracedRegistry) -> pa.Table:
    """What people say (VERDICTS), kept for the later stages; decisions on entries that have changed are left out.

    As of everything else, the registry is asked only about records that are decided on now.
    """
    kept = work.checkpoint(kind)
    decided, changed = kept.table("extract", "decided"), _none()
    at_stake = only(decided, todo["record_id"])
    about = pc.unique(at_stake["personal_id"]).drop_null()
    if len(about):
        registry.lookup(about)
        changed = entries_changed(at_stake, registry.entries(about), seal_key(work.means.settings))
    holding = but(decided, changed)
    kept.keep(
        "spoken",
        {"spoken": verdicts(holding), "entries_undone": pa.table({"decision": changed})},
        counted(holding),
    )
    return verdicts(holding)


def spoken(work: ProvinceRun, kind: str) -> pa.Table:
    """What `keep_spoken` kept."""
    return work.checkpoint(kind).table("spoken", "spoken")


def taken_back(decisions: pa.Table, held: pa.Table, said: pa.Table) -> pa.Table:
    """Decisions in which links that people took back end.

    A link ends where a person denied its entry, and where whoever had confirmed it is unsure now, gave the record back or knows of no number.
    Of such a record another link may be made by the next run, not in the same breath.

    Args:
        decisions: DECISIONS of a partition.
        held: LINKS as the database has them.
        said: VERDICTS.
    """
    denied = said.filter(pc.equal(said["verdict"], Verdict.NOT_SAME))
    back = said.filter(pc.is_in(said["verdict"], value_set=_BACK))["record_id"].combine_chunks()
    over = pc.or_(
        pc.is_in(_link(held), value_set=_link(denied)),
        pc.and_(pc.is_in(held["record_id"], value_set=back), held["confirmed_by_person"]),
    )
    confirmed = pc.and_(over, held["confirmed_by_person"])
    by_person = pc.fill_null(pc.equal(decisions["decided_by"], BY_PERSON), fill_value=False)
    linked = pc.equal(decisions["outcome"], Outcome.LINKED)
    ending = _among(decisions, held.filter(over))
    replaced = pc.and_(_among(decisions, held.filter(confirmed)), pc.and_not(linked, by_person))
    silent = pc.and_(ending, pc.invert(linked))
    decided_by = pc.if_else(pc.or_(replaced, silent), BY_PERSON, decisions["decided_by"])
    column = DECISIONS.get_field_index("decided_by")
    return _reopened(decisions, replaced).set_column(column, DECISIONS.field(column), decided_by)


def left_to_people(work: ProvinceRun, kind: str, decisions: pa.Table, held: pa.Table) -> pa.Table:
    """Decisions without new links of records that somebody has spoken of since they were read.

    Whoever did so may have denied what would be linked now: such a record stays open, and the next run, which reads what was said, decides.

    Args:
        work: The province.
        kind: The partition's kind.
        decisions: DECISIONS.
        held: LINKS as the database has them.
    """
    kept = work.checkpoint(kind)
    before, now = (kept.table("extract", "decided"), _spoken_now(work, kind, kept.table("extract", "raw")))
    ours = pa.array(_undone(work, kind), DECIDED.field("decision").type)
    since = [but(now, before["decision"].combine_chunks()), but(before, now["decision"].combine_chunks())]
    spoken_of = pa.concat_tables([but(one, ours) for one in since])
    linked = pc.equal(decisions["outcome"], Outcome.LINKED)
    new = pc.and_not(linked, pc.is_in(_link(decisions), value_set=_link(held)))
    return _reopened(decisions, pc.and_(new, _among(decisions, spoken_of)))


def _spoken_now(work: ProvinceRun, kind: str, raw: pa.Table) -> pa.Table:
    return on_records(live_decisions(work.means.engine, kind), raw)


def _reopened(decisions: pa.Table, which: pa.ChunkedArray) -> pa.Table:
    """Links become proposals for a reviewer."""
    columns = {
        "outcome": pc.if_else(which, str(Outcome.CLERICAL_REVIEW), decisions["outcome"]),
        "reason": pc.if_else(which, str(Reason.WEAK_EVIDENCE), decisions["reason"]),
        "candidate_id": pc.if_else(which, decisions["personal_id"], decisions["candidate_id"]),
        "personal_id": pc.if_else(which, None, decisions["personal_id"]),
    }
    return pa.table({name: columns.get(name, decisions[name]) for name in DECISIONS.names}, schema=DECISIONS)


def withdraw_changed(work: ProvinceRun, kind: str) -> dict[str, int]:
    """Withdraw what has lost its ground; how many decisions that were, and how many records each verdict holds for."""
    count = withdraw(work.means.engine, _undone(work, kind), work.run, work.means.clock())
    return _told(work, kind, count)


def would_withdraw(work: ProvinceRun, kind: str) -> dict[str, int]:
    """The same without doing it."""
    return _told(work, kind, len(_undone(work, kind)))


def _told(work: ProvinceRun, kind: str, withdrawn: int) -> dict[str, int]:
    facts = work.checkpoint(kind).facts("spoken")
    honoured = {f"said_{verdict}": int(facts.get(verdict, 0)) for verdict in Verdict}
    return honoured | {"said_withdrawn": withdrawn}


def _undone(work: ProvinceRun, kind: str) -> list[int]:
    kept = work.checkpoint(kind)
    found = (kept.table("extract", "undone"), kept.table("spoken", "entries_undone"))
    return [number for table in found for number in table["decision"].to_pylist()]


def _among(decisions: pa.Table, held: pa.Table) -> pa.ChunkedArray:
    return pc.is_in(decisions["record_id"], value_set=held["record_id"].combine_chunks())


def _link(table: pa.Table) -> pa.Array:
    parts = (table["record_id"], pc.fill_null(table["personal_id"], ""))
    return pc.binary_join_element_wise(*parts, "/").combine_chunks()


def _none() -> pa.Array:
    return pa.array([], DECIDED.field("decision").type)
