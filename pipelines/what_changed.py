"""What a run changes, record by record, and why: found before a partition is written, kept with its tables, named for the report."""

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from connectors.link_news import first_links, link_news
from connectors.registry_news import rechecks
from connectors.run_diff import Change
from connectors.runs import partition_states
from connectors.schema import is_prepared
from connectors.writeback import DONE, Partition, WriteCounts
from matching.decision import BY_PERSON, Outcome
from matching.schemas import PERSON_COLUMNS
from pipelines.carried import read_before
from pipelines.checkpoints import Checkpoint
from pipelines.means import ProvinceRun, runs_folder
from pipelines.scope import Kind
from pipelines.settings import Settings
from reporting.run_changes import RUN_CHANGES, Cause, Counted, RunChanges, named

STAGE = "changes"
MOST_ALONE, MOST_AMONG = 50_000, 2_000
"""Records named for each change of a partition, in a run of one province and in one of several; all are counted."""


def would_write(
    work: ProvinceRun, partition: Partition, decisions: pa.Table, candidates: pa.Table
) -> tuple[WriteCounts, pa.Table]:
    """What writing the partition would do: counts, and `LINK_NEWS`."""
    limit = MOST_ALONE if len(work.scope.provinces) == 1 else MOST_AMONG
    if is_prepared(work.means.engine):
        return link_news(work.means.engine, partition, decisions, candidates, limit)
    linked = pc.sum(pc.equal(decisions["outcome"], Outcome.LINKED)).as_py() or 0
    return WriteCounts(added=linked), first_links(decisions, limit)


def keep_changes(
    work: ProvinceRun, kind: str, news: pa.Table, planned: WriteCounts, *, stopped: bool
) -> None:
    """Keep who gains, loses or changes an ID, and why; what was written before the run was resumed stays as it was kept."""
    states = partition_states(work.means.engine, work.run) if is_prepared(work.means.engine) else {}
    if states.get((kind, work.province)) == DONE:
        return
    counts = {Change.GAINED: planned.added, Change.LOST: planned.ended, Change.CHANGED: planned.changed}
    told = {str(change): count for change, count in counts.items()}
    facts = {"counts": told, "kept": planned.kept + planned.conflicts, "stopped": stopped}
    work.checkpoint(kind).keep(STAGE, {STAGE: _with_causes(work, kind, news)}, facts)


def _with_causes(work: ProvinceRun, kind: str, news: pa.Table) -> pa.Table:
    """LINK_NEWS with why each record was decided on anew; nothing is said where it is not known how the records were before."""
    before, record = read_before(work, kind), _ids(news)
    by_person = _whole(pc.or_(pc.equal(news["decided_by"], BY_PERSON), pc.equal(news["change"], Change.LOST)))
    if before is None:
        fields = pa.repeat(pa.scalar(""), len(news))
        cause = pc.if_else(by_person, pa.scalar(str(Cause.PERSON)), pa.scalar(None, pa.string()))
    else:
        raw = work.checkpoint(kind).table("extract", "raw")
        now, then = (pc.index_in(record, value_set=_ids(table)) for table in (raw, before))
        fields = _differing(raw.take(now), before.take(then))
        news_of = rechecks(work.means.engine, kind, work.province)
        cases = {
            Cause.PERSON: by_person,
            Cause.NEW: pc.is_null(then),
            Cause.CORRECTED: pc.not_equal(fields, ""),
            Cause.REGISTRY: pc.is_in(record, value_set=_whole(news_of)),
        }
        met = pc.make_struct(*cases.values(), field_names=[str(one) for one in cases])
        cause = pc.case_when(met, *[pa.scalar(str(one)) for one in (*cases, Cause.AGAIN)])
    return news.append_column("cause", cause).append_column("fields", fields)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    # columns of one table whose chunks differ can't be put side by side
    return column.combine_chunks()


def _ids(table: pa.Table) -> pa.Array:
    return _whole(table["record_id"])


def _differing(now: pa.Table, then: pa.Table) -> pa.Array:
    """Of each row, the columns in which a person was typed otherwise than before, parted by blanks."""
    named = []
    for name in PERSON_COLUMNS:
        differs = pc.not_equal(pc.fill_null(now[name], ""), pc.fill_null(then[name], ""))
        named.append(_whole(pc.if_else(differs, name, "")))
    # nulls that are skipped would do, but rows of nothing else go missing then
    joined = pc.binary_join_element_wise(*named, " ")
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(joined, " +", " "))


def changes_of_province(kept: Mapping[Kind, Checkpoint], raw: pa.Table, schools: pa.Table) -> pa.Table:
    """What a run changes in one province (RUN_CHANGES), with the names that the report shows.

    Args:
        kept: Kind → what is kept of it.
        raw: RAW_RECORDS of all kinds.
        schools: SCHOOLS.
    """
    parts = [
        named(kind, one.table(STAGE, STAGE), raw, schools, stopped=one.facts(STAGE)["stopped"])
        for kind, one in kept.items()
        if one.done(STAGE)
    ]
    return pa.concat_tables([RUN_CHANGES.empty_table(), *parts])


def run_changes(settings: Settings, run: str, provinces: Iterable[str], *, dry_run: bool) -> RunChanges:
    """What a run changed in some provinces, from what is kept of it; empty where its tables are no longer kept."""
    tables, counted = [RUN_CHANGES.empty_table()], []
    for province in provinces:
        folder = runs_folder(settings) / run / province
        if Checkpoint(folder).done("report"):
            tables.append(Checkpoint(folder).table("report", STAGE))
        for kind in Kind:
            if (one := Checkpoint(folder / kind)).done(STAGE):
                facts = one.facts(STAGE)
                counts = tuple(facts["counts"][change] for change in Change)
                counted.append(Counted(kind, province, counts, facts["stopped"], facts["kept"]))
    return RunChanges(run, dry_run, settings.synthetic, tuple(counted), pa.concat_tables(tables))
