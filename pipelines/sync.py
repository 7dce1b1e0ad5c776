"""The run: extract → normalise → link → look again → resolve → gate → write back → report, province by province.

Every stage of a partition is one Prefect task. Prefect is told provinces, kinds and counts; tables move between stages as
checkpoints. The database, not Prefect, knows what is done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect import Flow, flow

from connectors.errors import ProvinceLocked, RegistryUnreachable
from connectors.locks import province_lock
from pipelines.beginning import Beginning, begin, conclude, note, stopped
from pipelines.checkpoints import remove_unfinished, run_held
from pipelines.errors import Ending, RunIncomplete
from pipelines.failures import OURS, told_without_people
from pipelines.logs import guard_handlers
from pipelines.means import Means, ProvinceRun, reports_folder, runs_folder
from pipelines.reports import report
from pipelines.scope import Kind, Scope
from pipelines.stages import extract, gate, link, look_again, normalise, resolve, write_back
from pipelines.steps import Steps, Tally
from pipelines.telling import error_in_words, gates_in_words
from pipelines.texts import texts

FAMILY = (Kind.STUDENT, Kind.GUARDIAN)
"""Kinds that are read together: each is evidence for the other."""


def sync_flow(means: Means) -> Flow[[str, Scope], dict[str, int]]:
    """The flow over given means: `sync(run, scope)`."""

    @flow(name="sync", flow_run_name="{run}", persist_result=False, log_prints=False)
    def sync(run: str, scope: Scope) -> dict[str, int]:
        return sync_provinces(means, run, scope)

    return sync


def sync_provinces(means: Means, run: str, scope: Scope) -> dict[str, int]:
    """A run over all its provinces; one that fails does not keep the others.

    Returns:
        What was written: counts.

    Raises:
        RunIncomplete: Not all of it could be done; says where, why, and what to do.
    """
    tally = Tally()
    guard_handlers()
    kept = runs_folder(means.settings) / run
    with run_held(kept, run):
        remove_unfinished(means.settings.home, (kept, reports_folder(means.settings, run)))
        start = told_without_people(lambda: begin(means, run, scope), "begin")
        means.told.begin(len(start.provinces) * steps_of(scope))
        told_without_people(lambda: _all_provinces(start, tally), "sync")
    if (ending := tally.worst()) is not None:
        raise RunIncomplete(run, ending, tally.problems, dict(tally.written))
    return dict(tally.written)


def sync_province(steps: Steps, kinds: tuple[Kind, ...], tally: Tally) -> None:
    """One province: each stage once, in the order that the data takes."""
    for kind in read_for(kinds):
        steps(extract, kind)
        steps(normalise, kind)
    for kind in kinds:
        steps(link, kind)
    if Kind.STUDENT in kinds:
        steps(look_again, Kind.STUDENT)
    for kind in kinds:
        steps(resolve, kind)
    for kind in kinds:
        if failed := steps(gate, kind):
            _stop(steps.work, kind, failed, tally)
        else:
            tally.written.update(steps(write_back, kind))
    steps(report)


def read_for(kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
    """The kinds that must be read to decide on these."""
    family = any(kind in FAMILY for kind in kinds)
    return tuple(kind for kind in Kind if kind in kinds or (family and kind in FAMILY))


def steps_of(scope: Scope) -> int:
    """How many steps a province takes."""
    return 2 * len(read_for(scope.kinds)) + 4 * len(scope.kinds) + (Kind.STUDENT in scope.kinds) + 1


def _guarded(start: Beginning, code: str, tally: Tally) -> None:
    """One province under its lock; what goes wrong in it is noted, and the next one may begin.

    Raises:
        RegistryUnreachable: Then the next one can't be done either.
    """
    work = start.province(code)
    try:
        with _held(work):
            sync_province(Steps(work, tally), start.scope.kinds, tally)
    except RegistryUnreachable as error:
        _note(start, code, Ending.REGISTRY, error, tally)
        raise
    except ProvinceLocked as error:
        _note(start, code, Ending.HELD, error, tally)
    except OURS as error:
        _note(start, code, Ending.FAILED, error, tally)


@contextmanager
def _held(work: ProvinceRun) -> Iterator[None]:
    if work.scope.dry_run:
        yield
        return
    with province_lock(work.means.engine, work.province, work.run, work.means.clock):
        yield


def _note(start: Beginning, code: str, ending: Ending, error: Exception, tally: Tally) -> None:
    words = error_in_words(error, texts(start.means.settings.language))
    tally.endings.add(ending)
    tally.problems[code] = words
    note(start, code, start.scope.kinds, ending, words)


def _stop(work: ProvinceRun, kind: Kind, failed: dict[str, Any], tally: Tally) -> None:
    """Nothing is written for a partition whose gates don't hold."""
    tally.endings.add(Ending.GATE)
    words = gates_in_words(failed, work.means.settings.language)
    tally.problems[f"{work.province} {kind}"] = words
    stopped(work, kind, failed, words)


def _all_provinces(start: Beginning, tally: Tally) -> None:
    """One province after the other; however they went, the run is concluded in the database and in its reports."""
    try:
        for code in start.provinces:
            _guarded(start, code, tally)
    except RegistryUnreachable:
        # noted by then; the next province could not be done either
        pass
    except BaseException:
        conclude(start, tally.seconds, tally.written, Ending.INTERRUPTED)
        raise
    conclude(start, tally.seconds, tally.written, tally.worst())
