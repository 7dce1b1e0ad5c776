"""What a stop of the schedules left behind: runs that nobody runs any more, a run that broke off, nights that were missed.

Missed turns are made up for once, however many they were: a later run does what the earlier ones would have done.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.server.schemas.schedules import CronSchedule
from prefect.states import Crashed

from connectors.education_tables import moment
from connectors.schema import is_prepared
from pipelines.checkpoints import run_held
from pipelines.deployments import TIME_ZONE
from pipelines.errors import RunBusy
from pipelines.history import STATES_TO_RESUME, run_line
from pipelines.means import runs_folder
from pipelines.registry_jobs import last_begun
from pipelines.resuming import whole_run_since
from pipelines.scheduled import CAUGHT_UP
from pipelines.settings import Settings

NIGHTLY, MONTHLY, CHANGES = "sync-all/nightly", "sync-all/monthly", "registry-changes/nightly"
_LONGEST = timedelta(days=32)
"""Between two turns of a schedule."""
_NOBODY_RUNS = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)


@dataclass(frozen=True)
class MadeUp:
    """A turn that is made up for."""

    deployment: str
    key: str
    """The same for the same turn: it is made up for once."""
    parameters: Mapping[str, Any]


def close_left_over(deployments: Iterable[UUID]) -> int:
    """Runs that Prefect believes to be under way though their processes ended with the last serving process: closed.

    Returns:
        How many.
    """
    ours = DeploymentFilter(id=DeploymentFilterId(any_=list(deployments)))
    states = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(_NOBODY_RUNS))))
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(deployment_filter=ours, flow_run_filter=states)
        for one in found:
            client.set_flow_run_state(one.id, Crashed(message="its process ended with the schedules"))
    return len(found)


def make_up(deployments: Mapping[str, UUID], turns: Iterable[MadeUp]) -> None:
    """Let turns begin now.

    Args:
        deployments: By flow and name.
        turns: Which.
    """
    with get_client(sync_client=True) as client:
        for one in turns:
            client.create_flow_run_from_deployment(
                deployments[one.deployment],
                parameters=dict(one.parameters),
                tags=[CAUGHT_UP],
                idempotency_key=one.key,
            )


def missed_turns(settings: Settings, engine: sa.Engine, now: datetime) -> list[MadeUp]:
    """Which turns are to be made up for; none on a database that no run has written yet."""
    if not is_prepared(engine):
        return []
    turns = _whole_runs(settings, engine, now)
    due = last_due(settings.changes_at, now)
    begun = last_begun(engine, "changes")
    if begun is not None and begun < moment(due):
        turns.insert(0, _turn(CHANGES, due))
    return turns


def _whole_runs(settings: Settings, engine: sa.Engine, now: datetime) -> list[MadeUp]:
    """The month's run for the night's as well, where both were missed."""
    for name, cron, everything in (
        (MONTHLY, settings.monthly_at, True),
        (NIGHTLY, settings.nightly_at, False),
    ):
        due = last_due(cron, now)
        run = whole_run_since(engine, moment(due), everything=everything)
        if run is not None and _broke_off(settings, engine, run):
            return [_resumed(engine, name, run, everything=everything)]
        # who has never run anything has missed nothing
        ever = whole_run_since(engine, "", everything=everything)
        if run is None and ever is not None:
            return [_turn(name, due, {"everything": True} if everything else {})]
    return []


def _turn(deployment: str, due: datetime, parameters: Mapping[str, Any] | None = None) -> MadeUp:
    return MadeUp(deployment, f"{deployment} due {moment(due)}", parameters or {})


def _resumed(engine: sa.Engine, deployment: str, run: str, *, everything: bool) -> MadeUp:
    line = run_line(engine, run)
    # a run that is killed again and again without having ended is taken up once, one that failed once a start
    ended = line.ended_at if line else ""
    return MadeUp(deployment, f"{run} broke off {ended}", {"everything": everything, "resume": run})


def _broke_off(settings: Settings, engine: sa.Engine, run: str) -> bool:
    line = run_line(engine, run)
    if line is None or line.state not in STATES_TO_RESUME:
        return False
    try:
        with run_held(runs_folder(settings) / run, run):
            return True
    except RunBusy:
        return False


def last_due(cron: str, now: datetime) -> datetime:
    """The last moment at which a schedule should have begun."""
    schedule = CronSchedule(cron=cron, timezone=TIME_ZONE)
    return asyncio.run(schedule.get_dates(start=now - _LONGEST, end=now))[-1]
