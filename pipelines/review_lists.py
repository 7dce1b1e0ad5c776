"""Lists for reviewers: written from what the last run of a province kept, and read back by what that run knew.

They are the lists that every run leaves in its reports (`reporting.unmatched`), without the records that somebody has decided on since.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.review_store import live_decisions
from connectors.worklist import KEYS, Answer
from matching.decision import Verdict
from pipelines.carried import only, without
from pipelines.checkpoints import Checkpoint
from pipelines.errors import ListsNotKept
from pipelines.history import last_run, read_schools
from pipelines.means import runs_folder
from pipelines.reports import list_facts
from pipelines.scope import Kind
from pipelines.seals import pseudonyms, seal_key
from pipelines.settings import Settings
from reporting.open_rows import ListTables
from reporting.texts import LANGUAGES, texts
from reporting.unmatched import write_commune_workbooks, write_school_workbooks, write_unmatched
from review.answers import Labels
from review.honoured import but, record_changed
from review.importing import Means

_ASKED_AGAIN = pa.array([str(Verdict.CONFLICT), str(Verdict.UNSURE)])
"""Verdicts after which another person is to look."""


@dataclass(frozen=True)
class Wanted:
    """What lists are asked for."""

    schools: bool = False
    """A workbook for each school instead of one for the province."""
    communes: bool = False
    """A workbook for each commune instead."""
    conflicts: bool = False
    """Only what waits for a third."""
    decided: bool = False
    """Also what somebody has decided on."""


def export_lists(
    settings: Settings, engine: sa.Engine, provinces: Sequence[str], out: Path, wanted: Wanted
) -> list[Path]:
    """Write the lists of some provinces into a folder.

    Raises:
        ListsNotKept: The tables of the last run of a province are gone, or there was none.
    """
    return [path for code in provinces for path in _of_province(settings, engine, code, out, wanted)]


def _of_province(
    settings: Settings, engine: sa.Engine, province: str, out: Path, wanted: Wanted
) -> list[Path]:
    kept: dict[str, dict[str, Checkpoint]] = defaultdict(dict)
    for kind in Kind:
        before = last_run(engine, kind, province, "")
        if before is not None:
            checkpoint = Checkpoint(runs_folder(settings) / before.run / province / kind)
            if not checkpoint.done("resolve"):
                raise ListsNotKept(province)
            kept[before.run][kind] = checkpoint
    if not kept:
        raise ListsNotKept(province)
    schools = read_schools(engine, [province])
    by_place = write_commune_workbooks if wanted.communes else write_unmatched
    write = write_school_workbooks if wanted.schools else by_place
    files = []
    for run, by_kind in kept.items():
        # kinds that different runs wrote last stand in lists of their own
        folder = out if len(kept) == 1 else out / run
        parts = [_tables(settings, engine, kind, checkpoint, wanted) for kind, checkpoint in by_kind.items()]
        joined = {name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]}
        files += write(folder, ListTables(**joined, schools=schools), list_facts(settings, run))
    return files


def _tables(
    settings: Settings, engine: sa.Engine, kind: str, kept: Checkpoint, wanted: Wanted
) -> dict[str, pa.Table]:
    decisions, candidates = kept.table("resolve", "decisions"), kept.table("resolve", "candidates")
    raw = kept.table("extract", "raw")
    tables = {"candidates": candidates, "records": kept.table("normalise", "records"), "raw": raw}
    decided = live_decisions(engine, kind)
    if wanted.conflicts:
        waiting = decided.filter(pc.equal(decided["verdict"], Verdict.CONFLICT))
        return {"decisions": only(decisions, waiting["record_id"]), **tables}
    if wanted.decided or not len(decided):
        return {"decisions": decisions, **tables}
    holding = but(decided, record_changed(decided, raw, seal_key(settings)))
    return {"decisions": without(decisions, _done(holding, candidates)), **tables}


def _done(decided: pa.Table, candidates: pa.Table) -> pa.ChunkedArray:
    """Records that nobody needs to look at again.

    Who was denied all candidates that are shown is done; once a run has found others, these are worth a look.
    """
    again = pc.is_in(decided["verdict"], value_set=_ASKED_AGAIN)
    denied = pc.equal(decided["verdict"], Verdict.NOT_SAME)
    settled = decided.filter(pc.invert(pc.or_(again, denied)))["record_id"]
    pairs = [
        pc.binary_join_element_wise(of["record_id"], pc.fill_null(of["personal_id"], ""), "/")
        for of in (decided.filter(denied), candidates)
    ]
    fresh = candidates.filter(pc.invert(pc.is_in(pairs[1], value_set=pairs[0].combine_chunks())))
    over = without(decided.filter(denied), fresh["record_id"])["record_id"]
    return pa.chunked_array([*settled.chunks, *over.chunks], pa.string())


def import_means(settings: Settings) -> Means:
    """What lists are read back with."""
    key = seal_key(settings)

    def shown(run: str, province: str, kind: str, records: Iterable[str]) -> Mapping[str, frozenset[str]]:
        return _shown(runs_folder(settings), run, kind, records)

    return Means(list_labels(), key, pseudonyms(key), shown)


def _shown(runs: Path, run: str, kind: str, records: Iterable[str]) -> dict[str, frozenset[str]]:
    """Personal IDs that a run showed beside records, in whatever province they were then."""
    found: dict[str, set[str]] = defaultdict(set)
    wanted = pa.array(list(records), pa.string())
    for folder in sorted((runs / run).glob(f"*/{kind}")) if run == Path(run).name else ():
        kept = Checkpoint(folder)
        if kept.done("resolve"):
            candidates = kept.table("resolve", "candidates")
            for row in (
                only(candidates, pa.chunked_array([wanted])).select(["record_id", "personal_id"]).to_pylist()
            ):
                found[row["record_id"]].add(row["personal_id"])
    return {record: frozenset(numbers) for record, numbers in found.items()}


def list_labels() -> Labels:
    """The words of lists in all languages."""
    said = [texts(language) for language in LANGUAGES]
    columns = {name: name for name in ("record_id", "decision", "note", *KEYS)}
    for text in said:
        columns |= {text(f"column.{name}"): name for name in ("record_id", "decision", "note")}
    return Labels(
        columns=columns,
        answers={text(f"answer.{answer}"): answer for text in said for answer in Answer},
        headings=frozenset(text("band.decided") for text in said),
    )
