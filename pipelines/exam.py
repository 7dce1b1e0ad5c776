"""Job `exam`: a cohort handed over to the exam system: everybody with number and state, and who is still missing and who must act.

Nobody is asked and nothing is written to the database: the files say what the links say now.
"""

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.database import reading
from connectors.education_tables import review_items
from connectors.files_out import write_csv
from connectors.registry_tables import link_flags, residences
from connectors.schema import is_prepared
from matching.decision import Outcome, Reason
from matching.explain import ACTORS
from pipelines.registry_jobs import Counts, Job
from pipelines.scope import Kind
from reporting.texts import Texts, texts

COHORT = (
    "record_id", "school_code", "grade", "full_name", "birth_date", "personal_id", "state", "flag",
    "residence_province", "residence_commune", "residence_as_of",
)  # fmt: skip
"""Columns of the cohort; `state` is linked, clerical_review, unlinked or not_decided, `flag` deceased."""
MISSING = (
    "record_id",
    "school_code",
    "grade",
    "full_name",
    "birth_date",
    "state",
    "reason",
    "actors",
    "advice",
)
"""Columns of the list of those without a number."""
NOT_DECIDED = "not_decided"


def hand_over(job: Job) -> Counts:
    """Write `exam-<province>.csv` and `exam-missing-<province>.csv` for the students of the cohort.

    Returns:
        `in_scope` records and how many have each state; `flag_deceased`.
    """
    counts: Counter[str] = Counter()
    text = texts(job.means.settings.language)
    for province in job.provinces():
        cohort = _cohort(job, province)
        if not cohort.num_rows:
            continue
        counts.update(cohort["state"].to_pylist())
        counts.update(f"flag_{flag}" for flag in cohort["flag"].to_pylist() if flag)
        counts["in_scope"] += cohort.num_rows
        if not job.dry_run:
            write_csv(cohort.select(COHORT), job.folder / f"exam-{province}.csv")
            missing = cohort.filter(pc.not_equal(cohort["state"], Outcome.LINKED))
            write_csv(_explained(missing, text), job.folder / f"exam-missing-{province}.csv")
    return dict(counts)


def _cohort(job: Job, province: str) -> pa.Table:
    """The cohort with what is known of each record."""
    raw = job.records(Kind.STUDENT, province).select(
        ["record_id", "school_code", "grade", "full_name", "birth_date"]
    )
    links = job.links(Kind.STUDENT, province).select(["record_id", "personal_id"])
    beside = [
        links,
        _rows(job, review_items, ("outcome", "reason")),
        _rows(job, link_flags, ("flag",)),
        _rows(job, residences, ("personal_id", "province", "commune", "as_of"), "residence_"),
    ]
    for table in beside:
        raw = raw.join(table, "record_id", join_type="left outer")
    # a residence of somebody whom the record was linked with before is nobody's business now
    own = pc.fill_null(pc.equal(raw["residence_personal_id"], raw["personal_id"]), fill_value=False)
    for name in ("residence_province", "residence_commune", "residence_as_of"):
        raw = raw.set_column(raw.column_names.index(name), name, pc.if_else(own, raw[name], None))
    state = pc.if_else(
        pc.is_valid(raw["personal_id"]), str(Outcome.LINKED), pc.coalesce(raw["outcome"], NOT_DECIDED)
    )
    return raw.append_column("state", state).sort_by(
        [("school_code", "ascending"), ("record_id", "ascending")]
    )


def _rows(job: Job, table: sa.Table, columns: tuple[str, ...], before: str = "") -> pa.Table:
    """Rows of students in one of the sync's tables, by record."""
    names = ["record_id", *[before + name for name in columns]]
    schema = pa.schema([pa.field(name, pa.string()) for name in names])
    if not is_prepared(job.means.engine):
        return schema.empty_table()
    with reading(job.means.engine) as connection:
        if not sa.inspect(connection).has_table(table.name):
            return schema.empty_table()
        asked = sa.select(table.c.record_id, *[table.c[name] for name in columns])
        rows = connection.execute(asked.where(table.c.kind == Kind.STUDENT)).tuples().all()
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=schema)


def _explained(missing: pa.Table, text: Texts) -> pa.Table:
    """Why each is missing, who must act, what to do."""
    words = {reason: _words(reason, text) for reason in pc.unique(missing["reason"]).to_pylist()}
    told = [words[reason] for reason in missing["reason"].to_pylist()]
    columns = {name: pa.array([one[place] for one in told], pa.string()) for place, name in enumerate(_TOLD)}
    return pa.table(
        {name: columns.get(name, missing[name] if name in missing.column_names else None) for name in MISSING}
    )


_TOLD = ("reason", "actors", "advice")


def _words(reason: str | None, text: Texts) -> tuple[str, str, str]:
    if reason not in set(Reason):
        return "", "", ""
    actors = ", ".join(text(f"actor.{actor}") for actor in ACTORS[Reason(reason)])
    return text(f"reason.{reason}"), actors, text(f"advice.{reason}")
