"""Job `enrich`: school, grade and role of linked people told to the registry; what was told before isn't told again.

Of two records of one person in one role the first by ID is told: the registry keeps one fact for each.
"""

from collections import Counter
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from connectors.education_tables import moment
from connectors.files_out import write_csv
from connectors.registry_kept import SENT_FACTS, keep_sent, sent
from connectors.registry_records import ENRICHED, FACTS
from pipelines.registry_jobs import Counts, Job, noted
from pipelines.scope import Kind

SCOPES = "enrich"
KINDS = (Kind.STUDENT, Kind.TEACHER)
"""Kinds that learn or work at a school."""
_STATED = ("personal_id", "role", "school_year", "school_code", "grade")
_ROLES = ("teacher", "manager", "staff")
REJECTED = ("kind", "record_id", "school_code", "grade", "reason")
"""Columns of the list of what the registry did not take."""
_BEGINS = 8
"""The month in which a school year begins."""


def grade_codes(grades: pa.ChunkedArray) -> pa.ChunkedArray:
    """Grades as the registry takes them: `3 tuổi` is `tuoi-3`, `Năm 2` is `nam-2`; what else has no plain letters is not told."""
    for words, code in ((r"^([0-9]) tuổi$", r"tuoi-\1"), (r"^Năm ([0-9])$", r"nam-\1")):
        grades = pc.replace_substring_regex(grades, words, code)
    return pc.if_else(pc.match_substring_regex(grades, r"^[0-9A-Za-z._-]{1,10}$"), grades, None)


def school_year_of(day: date) -> str:
    """The school year of a day, `2026-2027`."""
    begins = day.year - (day.month < _BEGINS)
    return f"{begins}-{begins + 1}"


def send_facts(job: Job, school_year: str) -> Counts:
    """Tell the registry where the linked people of the cohort learn and work.

    Returns:
        `in_scope` records, `linked` ones, `known` (told before), `doubles` (a second record of a person), `to_send`, and outcomes:
        `created`, `updated`, `unchanged`, `rejected`; `unanswered`.

    Raises:
        RegistryProblem: No usable answer; what was told is kept, and isn't told again.
    """
    with noted(job, "enrich") as counts:
        refused = [
            _of_partition(job, kind, province, school_year, counts)
            for province in job.provinces()
            for kind in job.cohort.kinds
        ]
        if not job.dry_run:
            write_csv(pa.concat_tables(refused), job.folder / "enrich-rejected.csv")
    return dict(counts)


def _of_partition(job: Job, kind: Kind, province: str, school_year: str, counts: Counter[str]) -> pa.Table:
    records, links = job.records(kind, province), job.links(kind, province)
    facts, doubles = facts_of(records, links, kind, school_year, moment(job.means.clock()))
    known = sent(job.means.engine, kind, school_year)
    told = pc.is_in(
        _line(facts), value_set=pc.binary_join_element_wise(known["record_id"], known["digest"], " ")
    )
    todo = facts.filter(pc.invert(told))
    counts.update(
        in_scope=records.num_rows, linked=facts.num_rows + doubles, doubles=doubles,
        known=facts.num_rows - todo.num_rows, to_send=todo.num_rows,
    )  # fmt: skip
    empty = pa.table({name: pa.nulls(0, pa.string()) for name in REJECTED})
    if job.dry_run or not todo.num_rows:
        return empty
    client = job.means.asking(job.run, SCOPES)
    refused = [_kept(job, kind, todo, answer, counts) for answer in client.enrich(todo, job.told)]
    refused.append(_unanswered(kind, todo, client.take_rejects()))
    counts["unanswered"] += refused[-1].num_rows
    return pa.concat_tables([empty, *refused])


def facts_of(
    records: pa.Table, links: pa.Table, kind: Kind, school_year: str, stated_at: str
) -> tuple[pa.Table, int]:
    """FACTS of linked records that have a school, and how many more records are a second one of the same person.

    Args:
        records: RAW_RECORDS of one kind.
        links: LINKS.
        kind: of both.
        school_year: as the registry writes it.
        stated_at: ISO 8601 with its zone.
    """
    columns = ["record_id", "school_code", "grade", "role"]
    joined = records.select(columns).join(
        links.select(["record_id", "personal_id"]), "record_id", join_type="inner"
    )
    joined = joined.filter(pc.is_valid(joined["school_code"])).sort_by("record_id")
    # words of a role are the schools' own; what isn't one of the registry's is a teacher
    known = pc.is_in(joined["role"], value_set=pa.array(_ROLES))
    role = pc.if_else(known, joined["role"], "teacher") if kind == Kind.TEACHER else "student"
    rows = joined.num_rows
    table = pa.table(
        {
            "ref": joined["record_id"],
            "personal_id": joined["personal_id"],
            "role": role if kind == Kind.TEACHER else pa.repeat(pa.scalar("student"), rows),
            "school_year": pa.repeat(pa.scalar(school_year), rows),
            "school_code": joined["school_code"],
            "grade": grade_codes(joined["grade"]) if kind == Kind.STUDENT else pa.nulls(rows, pa.string()),
            "stated_at": pa.repeat(pa.scalar(stated_at), rows),
        }
    ).cast(FACTS)
    first = table.group_by(["personal_id", "role"]).aggregate([("ref", "min")])["ref_min"]
    kept = table.filter(pc.is_in(table["ref"], value_set=first.combine_chunks()))
    return kept, rows - kept.num_rows


def _unanswered(kind: Kind, facts: pa.Table, rejects: pa.Table) -> pa.Table:
    """Facts that the registry could not read, or did not answer, for the list: they are told again next time."""
    both = rejects.select(["record_id", "reason"]).join(
        facts.select(["ref", "school_code", "grade"]), "record_id", "ref", join_type="inner"
    )
    words = pa.repeat(pa.scalar(str(kind)), both.num_rows)
    return both.append_column("kind", words).select(REJECTED)


def _line(facts: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(facts["ref"], _digest(facts), " ")


def _digest(facts: pa.Table) -> pa.ChunkedArray:
    """What is stated, without when: the number last, so that a link that changed is told anew."""
    return pc.binary_join_element_wise(*[pc.fill_null(facts[name], "") for name in _STATED], "|")


def _kept(job: Job, kind: Kind, facts: pa.Table, answer: pa.Table, counts: Counter[str]) -> pa.Table:
    """Keep what became of a batch; the facts that were rejected, for the list."""
    both = facts.join(answer.cast(ENRICHED), "ref", join_type="inner").sort_by("ref")
    counts.update(both["outcome"].to_pylist())
    rows = both.num_rows
    columns = {
        "kind": pa.repeat(pa.scalar(str(kind)), rows),
        "record_id": both["ref"],
        "digest": _digest(both),
        "run": pa.repeat(pa.scalar(job.run), rows),
    }
    named = {
        name: columns.get(name, both[name] if name in both.column_names else None)
        for name in SENT_FACTS.names
    }
    keep_sent(job.means.engine, pa.table(named).cast(SENT_FACTS))
    refused = pa.table(
        {name: columns.get(name, both[name] if name in both.column_names else None) for name in REJECTED}
    )
    return refused.filter(pc.equal(both["outcome"], "rejected"))
