"""A random sample of a province's automatic links as a list for reviewers, who don't see that these are links."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from connectors.education import read_links
from connectors.education_tables import LINKS
from connectors.link_samples import Drawn, keep_sample
from connectors.traced import TracedRegistry
from matching.decision import Outcome, Reason
from matching.schemas import CANDIDATES, DECISIONS
from pipelines.carried import only
from pipelines.checkpoints import Checkpoint
from pipelines.errors import ListsNotKept
from pipelines.history import LastRun, last_run, read_schools
from pipelines.means import Means, runs_folder
from pipelines.reports import list_facts
from pipelines.scope import Kind, new_run
from pipelines.seals import seal_key
from reporting.open_rows import ListRow, ListTables, rows_by_province
from reporting.texts import Texts, texts
from reporting.workbook import write_workbook

_DRAW = "SELECT * FROM links WHERE NOT confirmed_by_person ORDER BY sha256(concat($salt, kind, '/', record_id)) LIMIT $size"


def write_sample(means: Means, province: str, size: int, out: Path) -> tuple[Path, int]:
    """Draw links that no person has confirmed, ask the registry for their entries, and write them as a list.

    Which ones are drawn rests on the last run and a secret alone, so that drawing again draws the same.

    Args:
        means: What a run works with.
        province: Its code.
        size: How many; all where there are fewer.
        out: A folder.

    Returns:
        The list, and how many links stand in it; an entry that the registry does not give leaves its link out.

    Raises:
        ListsNotKept: The tables of the last run of a kind are gone, or there was none.
        RegistryProblem: The registry gave no usable answer; nothing was written.
    """
    settings = means.settings
    runs = _last_runs(means, province)
    drawn = _drawn(means, province, runs, size)
    registry = TracedRegistry(means.asking(new_run(means.clock()), means.credentials.scope))
    numbers = pc.unique(drawn["personal_id"])
    registry.lookup(numbers)
    entries = registry.entries(numbers)
    shown = only(drawn, entries["personal_id"], "personal_id")
    text = texts(settings.language)
    rows = {}
    for kind, before in runs.items():
        links = shown.filter(pc.equal(shown["kind"], kind))
        tables = _tables(means, before, province, links, entries)
        found = rows_by_province(tables, list_facts(settings, before.run))
        rows[str(kind)] = [_neutral(row, text) for _, some in found for row in some]
    path = write_workbook(
        out / f"sample-{province}.xlsx",
        rows,
        text,
        next(iter(runs.values())).run,
        synthetic=settings.synthetic,
    )
    names = ("kind", "record_id", "personal_id", "province", "decided_by")
    keep_sample(means.engine, [Drawn(**row) for row in shown.select(names).to_pylist()], means.clock())
    return path, len(shown)


def _last_runs(means: Means, province: str) -> dict[Kind, LastRun]:
    found = {kind: last_run(means.engine, kind, province, "") for kind in Kind}
    runs = {kind: before for kind, before in found.items() if before is not None}
    if not runs or not all(_kept(means, one, province, kind).done("resolve") for kind, one in runs.items()):
        raise ListsNotKept(province)
    return runs


def _kept(means: Means, before: LastRun, province: str, kind: Kind) -> Checkpoint:
    return Checkpoint(runs_folder(means.settings) / before.run / province / kind)


def _drawn(means: Means, province: str, runs: dict[Kind, LastRun], size: int) -> pa.Table:
    """LINKS: those whose keyed digests are the smallest."""
    parts = [read_links(means.engine, kind, province).cast(LINKS) for kind in runs]
    told = "/".join(sorted(one.run for one in runs.values())).encode()
    salt = sha256(seal_key(means.settings) + told).hexdigest()
    with duckdb.connect() as connection:
        connection.register("links", pa.concat_tables([LINKS.empty_table(), *parts]))
        found: pa.Table = connection.sql(_DRAW, params={"salt": salt, "size": size}).to_arrow_table()
    return found.cast(LINKS)


def _tables(means: Means, before: LastRun, province: str, links: pa.Table, entries: pa.Table) -> ListTables:
    """What a list is made from, as if the links were candidates of open records."""
    kind = Kind(links["kind"][0].as_py()) if len(links) else Kind.TEACHER
    kept = _kept(means, before, province, kind)
    decisions = only(kept.table("resolve", "decisions"), links["record_id"])
    at = pc.index_in(decisions["record_id"], value_set=links["record_id"].combine_chunks())
    numbers = links["personal_id"].take(at)
    found = entries.take(pc.index_in(numbers, value_set=entries["personal_id"].combine_chunks()))
    of_entry = {
        f"entry_{name}" if name != "personal_id" else name: found[name] for name in found.column_names
    }
    rows = len(decisions)
    of_record = {
        "kind": decisions["kind"],
        "record_id": decisions["record_id"],
        "rank": pa.repeat(pa.scalar(1, pa.int8()), rows),
        "match_probability": decisions["match_probability"],
        "evidence": decisions["evidence"],
    }
    open_again = {
        "outcome": pa.repeat(pa.scalar(str(Outcome.CLERICAL_REVIEW)), rows),
        "reason": pa.repeat(pa.scalar(str(Reason.WEAK_EVIDENCE)), rows),
    }
    return ListTables(
        decisions=pa.table(
            [open_again.get(name, decisions[name]) for name in DECISIONS.names], schema=DECISIONS
        ),
        candidates=pa.table([(of_record | of_entry)[name] for name in CANDIDATES.names], schema=CANDIDATES),
        records=kept.table("normalise", "records"),
        raw=kept.table("extract", "raw"),
        schools=read_schools(means.engine, [province]),
    )


def _neutral(row: ListRow, text: Texts) -> ListRow:
    """A row that tells nothing of what the machine thinks."""
    hidden = dict.fromkeys(("why", "field", "actor", "candidate_1_probability"), "")
    told = {"result": text("sample.result"), "advice": text("sample.advice")}
    return replace(row, cells={**row.cells, **hidden, **told})
