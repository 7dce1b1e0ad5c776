"""The run's papers: lists of open records per province, then the report, the rates and the facts of the whole run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.conflicts import CONFLICTS, read_conflicts
from connectors.run_measures import keep_measures
from connectors.runs import read_rates
from connectors.schema import is_prepared
from matching.found import CASCADE
from matching.registry import RegistryFacts
from pipelines.ages import open_since
from pipelines.backlogs import backlog, registry_health
from pipelines.checkpoints import Checkpoint, owners_folder
from pipelines.conflict_list import write_conflicts
from pipelines.history import last_run, read_schools
from pipelines.means import ProvinceRun, reports_folder, runs_folder
from pipelines.measures import (
    MEASURE_TABLES,
    all_measures,
    as_tables,
    calibration,
    folder_of_lists,
    from_tables,
    measured,
    report_rates,
)
from pipelines.scope import Scope
from pipelines.seals import pseudonyms, seal_key
from pipelines.settings import Settings
from pipelines.what_changed import STAGE as CHANGES
from pipelines.what_changed import changes_of_province, run_changes
from reporting import changes_page, changes_workbook
from reporting.changes_page import write_changes_page
from reporting.changes_workbook import write_changes_workbook
from reporting.facts import ReportFacts, RunFacts, WriteBack, measure
from reporting.facts import Scope as ReportScope
from reporting.follow_lists import FollowTables, write_follow_lists
from reporting.open_rows import ListFacts, ListTables
from reporting.published import write_published
from reporting.rates import LINK_RATES, write_rates
from reporting.rates_workbook import write_rates_workbook
from reporting.report import write_report
from reporting.report_sheets import report_sheets
from reporting.run_file import write_run_file
from reporting.search_facts import SearchKind, search_kind
from reporting.texts import texts
from reporting.unmatched import write_unmatched
from reporting.verification import Deadlines, verification

SAID = ("same", "not_same", "unsure", "back_to_school", "no_number", "conflict", "withdrawn")
"""What is counted of people's decisions, as `said_…`, in the order in which it is told."""


def report(work: ProvinceRun, _: str) -> dict[str, int]:
    """Count a province and write its lists of open records; the counts are kept."""
    kept = {kind: work.checkpoint(kind) for kind in work.scope.kinds}

    def together(stage: str, name: str) -> pa.Table:
        return pa.concat_tables([checkpoint.table(stage, name) for checkpoint in kept.values()])

    schools = read_schools(work.means.engine, [work.province])
    decisions, records = together("resolve", "decisions"), together("normalise", "records")
    asked = [checkpoint.table("link", "link_rejects") for checkpoint in kept.values()]
    rejects = pa.concat_tables([together("normalise", "rejects"), *asked])
    settings, engine = work.means.settings, work.means.engine
    standing = verification(
        decisions, records, work.scope.as_of, open_since(engine, work.province), deadlines(settings)
    )
    measures = measure(decisions, records, schools, rejects, today=work.scope.as_of, standing=standing)
    tables = ListTables(
        decisions, together("resolve", "candidates"), records, together("extract", "raw"), schools
    )
    facts, out = list_facts(settings, work.run), lists_folder(settings, work.run)
    standing_links = (
        read_conflicts(engine, work.scope.kinds, [work.province])
        if is_prepared(engine)
        else CONFLICTS.empty_table()
    )
    followed = FollowTables(tables, standing, standing_links)
    files = [*write_unmatched(out, tables, facts), *write_follow_lists(out, work.province, followed, facts)]
    if not work.scope.dry_run:
        keep_measures(engine, work.run, work.province, measured(measures))
    changes = changes_of_province(kept, tables.raw, schools)
    kept_tables = {**as_tables(measures), "verification": standing, CHANGES: changes}
    work.checkpoint().keep("report", kept_tables, {"files": [path.name for path in files]})
    return {"files": len(files)}


def deadlines(settings: Settings) -> Deadlines:
    """Until when something must be done about open records."""
    return Deadlines(settings.deadline_days, settings.deadline_grade_12)


def lists_folder(settings: Settings, run: str) -> Path:
    """Where a run's lists of open records lie."""
    return owners_folder(folder_of_lists(reports_folder(settings, run)))


def list_facts(settings: Settings, run: str) -> ListFacts:
    """What every list carries: the run, the key under its seals, how candidates are named without their numbers."""
    key = seal_key(settings)
    return ListFacts(run, key, pseudonyms(key), settings.synthetic, settings.language)


@dataclass(frozen=True)
class Finished:
    """What is known of a run when it has ended."""

    run: str
    scope: Scope
    provinces: tuple[str, ...]
    started: str
    ended: str
    registry: RegistryFacts
    model: str
    changed_since: str | None
    seconds: Mapping[str, float]
    written: Mapping[str, int]


def report_run(settings: Settings, engine: sa.Engine, finished: Finished, *, published: bool = False) -> Path:
    """Write report, rates and facts of a run from what its provinces kept; on request the variant for everybody too.

    Returns:
        The report; the published one where it was asked for.
    """
    out = owners_folder(reports_folder(settings, finished.run))
    kept = _kept_reports(settings, finished.run, finished.provinces)
    measures = all_measures(
        [from_tables({name: one.table("report", name) for name in MEASURE_TABLES}) for one in kept]
    )
    facts = _run_facts(finished, settings)
    written = _write_back(finished)
    previous = _previous_rates(engine, finished)
    reliability = calibration(_bins(settings, finished))
    said = {verdict: finished.written.get(f"said_{verdict}", 0) for verdict in SAID}
    told = ReportFacts(
        facts,
        measures,
        previous,
        reliability,
        written,
        said,
        _search(settings, finished),
        backlog(engine, finished.provinces, kept),
        registry_health(engine, settings, finished.run, finished.scope.as_of, facts.registry, measures),
    )
    page = write_report(out, told, settings.language)
    if published:
        page = write_published(out, told, settings.language)
    sheets = report_sheets(told, settings.language)
    rates = [
        write_rates(out, measures.rates),
        write_rates_workbook(out, measures.rates, settings.language, sheets),
    ]
    conflicts = write_conflicts(out, engine, finished.scope.kinds, finished.provinces, settings.language)
    changed = write_changes(settings, finished, out)
    lists = sorted(path for path in folder_of_lists(out).glob("*-*") if path.is_file())
    files = [page, *rates, conflicts, *changed, *lists]
    write_run_file(out, facts, measures.rates, files, written)
    return page


def write_changes(settings: Settings, finished: Finished, out: Path) -> tuple[Path, Path]:
    """What a run changed, as a page and as a workbook."""
    found = run_changes(settings, finished.run, finished.provinces, dry_run=finished.scope.dry_run)
    text = texts(settings.language)
    page = write_changes_page(out / changes_page.FILE, found, text)
    return page, write_changes_workbook(out / changes_workbook.FILE, found, text)


def run_rates(settings: Settings, run: str, provinces: Sequence[str]) -> pa.Table:
    """The rates (LINK_RATES) of a run, for the headline."""
    kept = _kept_reports(settings, run, provinces)
    return pa.concat_tables([LINK_RATES.empty_table(), *[one.table("report", "rates") for one in kept]])


def _kept_reports(settings: Settings, run: str, provinces: Sequence[str]) -> list[Checkpoint]:
    kept = [Checkpoint(runs_folder(settings) / run / province) for province in provinces]
    return [one for one in kept if one.done("report")]


def _run_facts(finished: Finished, settings: Settings) -> RunFacts:
    kinds = tuple(str(kind) for kind in finished.scope.kinds)
    return RunFacts(
        run=finished.run,
        started=finished.started,
        finished=finished.ended,
        scope=ReportScope(kinds, finished.provinces, finished.changed_since),
        model=finished.model,
        code_version=version("identity-sync"),
        registry=finished.registry,
        synthetic=settings.synthetic,
        passes=tuple(CASCADE),
        stage_seconds=finished.seconds,
    )


def _write_back(finished: Finished) -> WriteBack | None:
    if finished.scope.dry_run:
        return None
    return WriteBack(*[finished.written.get(name, 0) for name in ("added", "changed", "kept", "conflicts")])


def _previous_rates(engine: sa.Engine, finished: Finished) -> pa.Table | None:
    """The last rates of the same partitions; None where one of them was never written before."""
    parts = []
    for province in finished.provinces:
        for kind in finished.scope.kinds:
            before = last_run(engine, kind, province, finished.run)
            if before is None:
                return None
            rates = report_rates(read_rates(engine, before.run))
            parts.append(
                rates.filter(pc.and_(pc.equal(rates["kind"], kind), pc.equal(rates["province"], province)))
            )
    return pa.concat_tables([LINK_RATES.empty_table(), *parts])


def _bins(settings: Settings, finished: Finished) -> list[Sequence[Any]]:
    parts = [facts for kind in finished.scope.kinds for facts in _link_facts(settings, finished, kind)]
    return [row for facts in parts for row in facts.get("reliability", [])]


def _search(settings: Settings, finished: Finished) -> tuple[SearchKind, ...]:
    """What the search says of itself, of the kinds that were searched."""
    found = [search_kind(kind, _link_facts(settings, finished, kind)) for kind in finished.scope.kinds]
    return tuple(one for one in found if one is not None)


def _link_facts(settings: Settings, finished: Finished, kind: str) -> list[dict[str, Any]]:
    """What the partitions of a kind kept of their search."""
    folder = runs_folder(settings) / finished.run
    kept = [Checkpoint(folder / province / kind) for province in finished.provinces]
    return [one.facts("link") for one in kept if one.done("link")]
