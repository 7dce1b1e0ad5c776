"""How a run begins and how it ends: what it takes, what is done already, what the database and the reports are told."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from connectors.audit import Action, Event, write_down
from connectors.education import create_sync_tables, provinces
from connectors.education_tables import moment
from connectors.runs import RunFacts, begin_run, end_run, note_partition, partition_states
from connectors.writeback import DONE, Partition
from matching.frequency import Frequencies
from matching.model import Model
from matching.registry import RegistryFacts
from pipelines.auditing import keep_head
from pipelines.errors import Ending
from pipelines.history import last_run, run_line
from pipelines.means import Means, ProvinceRun, frequencies, model_file, runs_folder, stored_models
from pipelines.models import kept_model, models_begun_with, pooled, store_models
from pipelines.reports import Finished, report_run
from pipelines.scope import Scope


@dataclass(frozen=True)
class Beginning:
    """A run as it stands at its beginning."""

    means: Means
    run: str
    scope: Scope
    started: str
    provinces: tuple[str, ...]
    done: frozenset[tuple[str, str]]
    """(kind, province) that this run wrote before it was resumed."""
    registry: RegistryFacts
    models: Mapping[str, Model]
    known: Frequencies

    def province(self, code: str) -> ProvinceRun:
        """The work on one province."""
        return ProvinceRun(self.means, self.run, self.scope, code, self.registry, self.models, self.known)


def begin(means: Means, run: str, scope: Scope) -> Beginning:
    """Ask the registry how it is, note that the run begins, find out what it takes.

    Raises:
        RegistryProblem: The registry gave no usable answer.
        DatabaseProblem: The database can't be written.
        SchemaOlder: The tables of the sync must be upgraded.
    """
    registry = means.client(run, runs_folder(means.settings) / run / "answers").facts()
    models = models_begun_with(runs_folder(means.settings) / run, stored_models(means.settings))
    # before anybody is asked: what can't be written down is not done
    create_sync_tables(means.engine)
    if scope.dry_run:
        told = Event(run, Action.RUN_BEGUN, {"scope": scope.model_dump(mode="json")})
        write_down(means.engine, means.auditor, told, means.clock())
    else:
        names = ", ".join(sorted({one.name for one in models.values()}))
        facts = RunFacts(run, scope.model_dump(mode="json"), names, registry.as_of)
        begin_run(means.engine, facts, means.clock(), means.auditor)
    line = None if scope.dry_run else run_line(means.engine, run)
    states = {} if scope.dry_run else partition_states(means.engine, run)
    return Beginning(
        means=means,
        run=run,
        scope=scope,
        started=line.started_at if line else moment(means.clock()),
        provinces=scope.provinces or tuple(provinces(means.engine)),
        done=frozenset(key for key, state in states.items() if state == DONE),
        registry=registry,
        models=models,
        known=frequencies(registry.entries),
    )


def note(start: Beginning, province: str, kinds: tuple[str, ...], state: Ending, message: str) -> None:
    """Note in the database why partitions were not written."""
    if start.scope.dry_run:
        return
    for kind in kinds:
        partition = Partition(start.run, kind, province)
        note_partition(start.means.engine, partition, state, message, start.means.clock())


def stopped(work: ProvinceRun, kind: str, failed: Mapping[str, Any], message: str) -> None:
    """Note in the database that gates kept a partition from being written."""
    if work.scope.dry_run:
        return
    means, now = work.means, work.means.clock()
    note_partition(means.engine, Partition(work.run, kind, work.province), Ending.GATE, message, now)
    told = Event(work.run, Action.STOPPED, {"gates": dict(failed)}, kind, work.province)
    write_down(means.engine, means.auditor, told, now)


def conclude(
    start: Beginning, seconds: Mapping[str, float], written: Mapping[str, int], ending: Ending | None
) -> None:
    """Write the run's reports, keep what it learned, and note how it ended; a run that is interrupted has no report.

    It has ended when the database says so, and that comes last: killed before, it is resumed and concluded again.
    """
    now, changed_since = start.means.clock(), _changed_since(start)
    if ending not in {Ending.INTERRUPTED, Ending.REGISTRY}:
        finished = Finished(
            run=start.run,
            scope=start.scope,
            provinces=start.provinces,
            started=start.started,
            ended=moment(now),
            registry=start.registry,
            model=", ".join(sorted({one.name for one in start.models.values()})),
            changed_since=changed_since,
            seconds=seconds,
            written=written,
        )
        report_run(start.means.settings, start.means.engine, finished)
    if ending is None and not start.scope.dry_run and changed_since is None:
        _learn(start)
    counts: dict[str, Any] = {
        "written": dict(written),
        "seconds": {stage: round(value, 2) for stage, value in seconds.items()},
        "registry": asdict(start.registry),
        "changed_since": changed_since,
    }
    _note_end(start, ending or DONE, counts, now)


def _note_end(start: Beginning, state: str, counts: Mapping[str, Any], now: datetime) -> None:
    means = start.means
    if start.scope.dry_run:
        told = Event(start.run, Action.RUN_ENDED, {"state": str(state)})
        head = write_down(means.engine, means.auditor, told, now)
    else:
        head = end_run(means.engine, start.run, state, counts, now, means.auditor)
    keep_head(means.settings, start.run, head)


def _changed_since(start: Beginning) -> str | None:
    """The earliest moment since which changes were looked for; None where some partition was taken whole."""
    if start.scope.everything:
        return None
    before = [
        last_run(start.means.engine, kind, province, start.run)
        for province in start.provinces
        for kind in start.scope.kinds
    ]
    known = [one.started_at for one in before if one is not None]
    return min(known) if known and len(known) == len(before) else None


def _learn(start: Beginning) -> None:
    """After a run over all records of all provinces, its models become the start of the next ones."""
    if start.provinces != tuple(provinces(start.means.engine)):
        return
    folder = runs_folder(start.means.settings) / start.run
    learned = {
        str(kind): [
            one for code in start.provinces if (one := kept_model(folder / code / kind, kind)) is not None
        ]
        for kind in start.scope.kinds
    }
    fresh = {kind: pooled(models) for kind, models in learned.items() if models}
    if fresh:
        store_models(model_file(start.means.settings), {**start.models, **fresh}, start.run)
