"""A folder linked that was linked before: only what changes of its records or of the registry concern is decided on anew."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.education_records import families, raw_records
from connectors.files import EducationFolder
from connectors.fingerprints import prints_of
from connectors.registry_changes import Touched
from connectors.touched_records import touched_families, touched_records
from matching.changes import Changed, Compared, changed, compared, concerned, without
from matching.linkage import Linkage
from matching.normalise.records import Habits, normalise_with_habits
from matching.sector import relink_sector
from pipelines.folder_job import Done, Job, by_kind, terms_of, together, written
from pipelines.kept_linkage import KeptLinkage, kept_decisions
from pipelines.kept_weights import write_since


@dataclass(frozen=True)
class Previous:
    """What a run can go on from."""

    kept: KeptLinkage
    results: Path
    """Where its tables of decisions lie."""
    touched: Touched
    """What changed in the registry since."""


def link_changes(job: Job, tables: EducationFolder, out: Path, previous: Previous) -> Done:
    """Decide on whom changes concern; everybody else keeps the decision that was made.

    Args:
        job: the run.
        tables: the folder as it is.
        out: where the results go.
        previous: the results before.
    """
    raw, of, kept = raw_records(tables), families(tables), previous.kept
    prints = prints_of(raw)
    found = compared(raw, prints, kept.records, kept.prints)
    records, rejects, habits = _read_again(job, raw, found, kept)
    what = changed(records, kept.records, found)
    of_kind, decided = by_kind(records), kept_decisions(previous.results)
    todo = concerned(of_kind, by_kind(kept.records), (kept.families, of), decided, what)
    decided = {kind: without(linkage, what[kind].gone) for kind, linkage in decided.items()}
    todo = {
        kind: pc.unique(pa.concat_arrays([ids, _touched(job, kind, of_kind[kind], decided[kind], previous)]))
        for kind, ids in todo.items()
    }
    beside = touched_families(
        of_kind["guardian"], decided["student"].decisions, of, previous.touched, job.registry
    )
    todo["guardian"] = pc.unique(pa.concat_arrays([todo["guardian"], beside]))
    job.progress("again", sum(map(len, todo.values())), len(records))
    terms = {kind: replace(one, model=kept.models[kind]) for kind, one in terms_of(job).items()}
    with job.registry.asked_little():
        relinked = relink_sector(of_kind, of, terms, decided, todo)
    linkages = relinked.linkages
    write_since(out, previous.results, relinked.again, together(linkages, "weights"))
    earlier = pq.read_table(previous.results / "rejects.parquet")
    counts = written(
        out, linkages, pa.concat_tables([tables.rejects, _still(earlier, what, records), rejects])
    )
    replace(kept, registry=job.state, records=records, prints=prints, families=of, habits=habits).write(out)
    same = sum(
        pc.sum(pc.not_equal(linkage.decisions["run"], job.run)).as_py() or 0 for linkage in linkages.values()
    )
    return counts, same


def _read_again(
    job: Job, raw: pa.Table, found: Compared, kept: KeptLinkage
) -> tuple[pa.Table, pa.Table, Habits]:
    """All records in the order of `raw`, of which only those that changed were read; rejects of these, and habits."""
    new = ~found.same
    read = normalise_with_habits(raw.filter(pa.array(new)), job.as_of, job.registry.profile, kept.habits)
    everybody = pa.concat_tables([kept.records, read.records]).combine_chunks()
    source = np.where(new, len(kept.records) + np.cumsum(new) - 1, found.before)
    return everybody.take(pa.array(source)), read.rejects, kept.habits.and_of(read.habits)


def _touched(job: Job, kind: str, records: pa.Table, decided: Linkage, previous: Previous) -> pa.Array:
    return touched_records(
        records, decided.decisions, previous.touched, job.registry, previous.kept.models[kind]
    )


def _still(rejects: pa.Table, what: Mapping[str, Changed], records: pa.Table) -> pa.Table:
    """Rejects of values of records that weren't read again; those of files are found anew each time."""
    of_values = rejects.filter(pc.is_null(rejects["row"]))
    for kind, one in what.items():
        again = pa.concat_arrays([one.now, one.gone])
        other = pc.or_(
            pc.not_equal(of_values["table"], f"{kind}s"),
            pc.invert(pc.is_in(of_values["record_id"], value_set=again)),
        )
        of_values = of_values.filter(other)
    return of_values
