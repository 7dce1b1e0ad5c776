"""A run as a schedule starts it: done once however many nights were missed, tried again, and told of when it has ended."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prefect import Flow, State, get_run_logger
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.states import Completed

from connectors.database import open_database
from connectors.errors import DatabaseProblem
from pipelines.again import tried_again
from pipelines.errors import PipelineError
from pipelines.failures import told_without_people
from pipelines.logs import guard_handlers
from pipelines.means import Means, open_means
from pipelines.notification import notify
from pipelines.outcomes import CRASHED, Outcome, of_sync, state_of
from pipelines.settings import Settings, read_settings

Counts = dict[str, Any]
CAUGHT_UP = "caught-up"
"""Tag of runs that make up for missed ones."""
SYNC_JOBS = {"sync-all": "sync", "sync-province": "province"}
JOBS = SYNC_JOBS | {
    "registry-changes": "changes",
    "registry-residence": "residence",
    "registry-enrich": "enrich",
    "exam-hand-over": "exam",
    "monthly-figures": "figures",
    "retention": "retention",
}
"""Flow → what notices call it."""


@dataclass(frozen=True)
class Turn:
    """One turn of a flow: its settings, and what Prefect knows of it."""

    settings: Settings
    flow: str
    flow_run: FlowRun

    @property
    def run(self) -> str:
        """The name of the run. Started again in Prefect's page it is the same one, which goes on where it stood."""
        return str(self.flow_run.parameters.get("resume") or run_of(self.flow_run))

    @property
    def due(self) -> datetime | None:
        """When it should have begun; None where somebody asked for it."""
        planned = self.flow_run.auto_scheduled or CAUGHT_UP in self.flow_run.tags
        return self.flow_run.expected_start_time if planned else None


def run_of(flow_run: FlowRun) -> str:
    """A run's name in the form of `scope.new_run`, the same whenever it is asked for."""
    created = flow_run.created or datetime.fromtimestamp(0, UTC)
    return f"{created:%Y-%m-%dT%H-%M-%S}-{flow_run.id.hex[-4:]}"


def this_turn() -> Turn:
    """The turn that is under way.

    Raises:
        SettingsWrong: The settings of this process can't be used.
    """
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or context.flow is None:
        raise RuntimeError("a turn is taken inside of a flow")
    return Turn(read_settings().settings, context.flow.name, context.flow_run)


def take_turn(
    turn: Turn, work: Callable[[Means], Counts], made_up: Callable[[datetime], str | None] | None = None
) -> Counts | State[Any]:
    """Do the work of a turn, again where that may help, and tell how it ended.

    Args:
        turn: Which.
        work: Takes up where it stood when it is called again.
        made_up: The run that was begun since a moment and did the same, if there is one.

    Returns:
        Counts; a state where another run has done it already, as after several missed nights.

    Raises:
        Exception: Whatever kept it from being done; no person is in it.
    """
    guard_handlers()
    log = get_run_logger()
    due = turn.due
    if made_up and due and (other := told_without_people(lambda: made_up(due), turn.flow)):
        return Completed(message=f"run {other} has done this", name="Skipped")

    def once() -> Counts:
        with open_means(turn.settings) as means:
            return work(means)

    def wait(error: Exception) -> None:
        log.warning("again in %.0f seconds: %s", turn.settings.retry_wait, error)
        time.sleep(turn.settings.retry_wait)

    counts: Counts = {}
    failure: Exception | None = None
    try:
        counts = told_without_people(lambda: tried_again(once, turn.settings.retry_times, wait), turn.flow)
    except Exception as error:  # noqa: BLE001 (told of, and raised again)
        failure = error
    notify(turn.settings, outcome_of(turn, state_of(failure), counts))
    if failure is not None:
        raise failure
    return counts


def outcome_of(turn: Turn, state: str, counts: Counts) -> Outcome:
    """How a turn ended, in counts."""
    job = JOBS[turn.flow]
    if turn.flow in SYNC_JOBS:
        # a database that is away is what the notice tells of, not a reason to tell nothing
        with suppress(DatabaseProblem):
            engine = open_database(turn.settings.database_url)
            try:
                return of_sync(engine, job, turn.run, state)
            finally:
                engine.dispose()
        return Outcome(job, turn.run, state)
    return Outcome(job, turn.run, state, {}, {name: n for name, n in counts.items() if isinstance(n, int)})


def tell_of_crash(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Tell that the process of a run was ended from outside; called by whoever started it."""
    with suppress(PipelineError):
        turn = Turn(read_settings().settings, flow.name, flow_run)
        notify(turn.settings, outcome_of(turn, CRASHED, {}))
