"""Job `residence`: the permanent residence of a linked cohort, kept beside the links and listed, with the moment it is as of."""

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from connectors.files_out import write_csv
from connectors.registry_kept import RESIDENCES, keep_residences
from pipelines.registry_jobs import Counts, Job, noted
from pipelines.scope import Kind

SCOPES = "residence"
LIST = (
    "kind", "record_id", "school_code", "grade", "found", "province", "province_name", "commune", "commune_name", "as_of",
)  # fmt: skip
"""Columns of the list; no number and no name: a school knows its records."""


def ask_residence(job: Job, purpose: str) -> Counts:
    """Ask for the residence of everybody linked in the cohort, province by province.

    Args:
        job: whom it takes.
        purpose: the registry's code for it.

    Returns:
        `in_scope` records, `linked` ones, and of these by answer: `current`, `superseded`, `withheld`, `none`; `unanswered`.

    Raises:
        RegistryProblem: No usable answer; what was kept of earlier provinces stays.
    """
    with noted(job, "residence") as counts:
        lists = [
            _of_partition(job, kind, province, purpose, counts)
            for province in job.provinces()
            for kind in job.cohort.kinds
        ]
        if not job.dry_run:
            write_csv(pa.concat_tables(lists), job.folder / "residence.csv")
    return dict(counts)


def _of_partition(job: Job, kind: Kind, province: str, purpose: str, counts: Counter[str]) -> pa.Table:
    records = job.records(kind, province)
    links = job.links(kind, province).select(["record_id", "personal_id"])
    asked = records.select(["kind", "record_id", "school_code", "grade"]).join(
        links, "record_id", join_type="inner"
    )
    counts.update(in_scope=records.num_rows, linked=asked.num_rows)
    empty = pa.table({name: pa.nulls(0, pa.string()) for name in LIST})
    if job.dry_run or not asked.num_rows:
        return empty
    numbers = asked["personal_id"].combine_chunks()
    told = job.means.asking(job.run, SCOPES, purpose).residence(numbers, job.told)
    found = asked.join(told, "personal_id", "asked", join_type="inner").sort_by("record_id")
    counts.update(found["found"].to_pylist())
    counts["unanswered"] += asked.num_rows - found.num_rows
    kept = found.append_column("run", pa.repeat(pa.scalar(job.run), found.num_rows))
    keep_residences(job.means.engine, kept.select(RESIDENCES.names).cast(RESIDENCES))
    return pa.table({name: pc.cast(found[name], pa.string()) for name in LIST})
