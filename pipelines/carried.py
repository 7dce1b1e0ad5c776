"""Records that did not change since they were linked: their links are carried forward, nobody is asked again."""

import pyarrow as pa
import pyarrow.compute as pc

from connectors.education import read_links, read_partition
from connectors.education_tables import LINKS
from connectors.registry_news import rechecks
from matching.decision import Outcome
from matching.schemas import DECISIONS, PERSON_COLUMNS
from pipelines.checkpoints import Checkpoint
from pipelines.history import LastRun, conflicting_records, last_run
from pipelines.means import ProvinceRun, runs_folder


def carried_links(work: ProvinceRun, kind: str, raw: pa.Table) -> pa.Table:
    """Links (`LINKS`) of records that say the same as when the last run that wrote the partition read them.

    Where that run's tables are not kept any more, `updated_at` decides, by the day. None are carried where all records were
    asked for or no run wrote the partition yet; and none that the last look did not find again, or whose entry has changed since.
    """
    engine = work.means.engine
    before = None if work.scope.everything else last_run(engine, kind, work.province, work.run)
    if before is None:
        return LINKS.empty_table()
    links = without(read_links(engine, kind, work.province), conflicting_records(engine, kind, work.province))
    links = without(links, rechecks(engine, kind, work.province))
    kept = _kept(work, before, kind)
    if kept.done("extract"):
        return only(links, _same(raw, kept.table("extract", "raw")))
    batches = read_partition(engine, kind, work.province, before.day)
    changed = pa.chunked_array([batch["record_id"] for batch in batches], pa.string())
    return without(only(links, raw["record_id"]), changed)


def _same(raw: pa.Table, earlier: pa.Table) -> pa.ChunkedArray:
    """IDs of records that say the same of their person as before; a new school or grade is no reason to ask again."""
    return raw.filter(pc.is_in(_content(raw), value_set=_content(earlier).combine_chunks()))["record_id"]


def _content(raw: pa.Table) -> pa.ChunkedArray:
    parts = [pc.fill_null(raw[name], "\x00") for name in ("record_id", *PERSON_COLUMNS)]
    return pc.binary_join_element_wise(*parts, "\x1f")


def _kept(work: ProvinceRun, before: LastRun, kind: str) -> Checkpoint:
    return Checkpoint(runs_folder(work.means.settings) / before.run / work.province / kind)


def read_before(work: ProvinceRun, kind: str) -> pa.Table | None:
    """RAW_RECORDS as the last run that wrote the partition read them; None where they are not kept any more."""
    before = last_run(work.means.engine, kind, work.province, work.run)
    kept = _kept(work, before, kind) if before else None
    return kept.table("extract", "raw") if kept is not None and kept.done("extract") else None


def earlier_evidence(work: ProvinceRun, kind: str) -> pa.Table:
    """Decisions of the last run that wrote the partition, for their evidence; empty where they are not kept any more."""
    before = last_run(work.means.engine, kind, work.province, work.run)
    if before is None:
        return DECISIONS.empty_table()
    kept = _kept(work, before, kind)
    return kept.table("resolve", "decisions") if kept.done("resolve") else DECISIONS.empty_table()


def as_decisions(links: pa.Table, earlier: pa.Table) -> pa.Table:
    """Links that are carried forward as DECISIONS, with the evidence they were made on where it is still kept.

    Args:
        links: `connectors.education_tables.LINKS`.
        earlier: DECISIONS of the run before.
    """
    rows = links.num_rows
    same = pc.index_in(_link_key(links), value_set=_link_key(earlier))
    columns = {
        "outcome": pa.repeat(pa.scalar(str(Outcome.LINKED)), rows),
        "candidate_id": pa.nulls(rows, pa.string()),
        "runner_up_probability": pc.take(earlier["runner_up_probability"].combine_chunks(), same),
        "evidence": pc.take(earlier["evidence"].combine_chunks(), same),
    }
    return pa.table(
        {name: columns[name] if name in columns else links[name] for name in DECISIONS.names},
        schema=DECISIONS,
    )


def _link_key(table: pa.Table) -> pa.Array:
    return pc.binary_join_element_wise(
        table["record_id"], pc.fill_null(table["personal_id"], ""), "/"
    ).combine_chunks()


def without(table: pa.Table, values: pa.ChunkedArray, column: str = "record_id") -> pa.Table:
    """Rows of other records."""
    return table.filter(pc.invert(pc.is_in(table[column], value_set=values.combine_chunks())))


def only(table: pa.Table, values: pa.ChunkedArray, column: str = "record_id") -> pa.Table:
    """Rows of these records."""
    return table.filter(pc.is_in(table[column], value_set=values.combine_chunks()))


def contested(decisions: pa.Table, links: pa.Table) -> pa.ChunkedArray:
    """IDs of new links that a carried link holds too: both records must be looked at together."""
    return only(links, decisions["personal_id"].drop_null(), "personal_id")["personal_id"]
