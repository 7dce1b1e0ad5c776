"""Runs for the review page: started as processes of their own, looked at through what they keep."""

from collections.abc import Mapping
from functools import partial

import sqlalchemy as sa

from connectors.education import provinces
from pipelines import history
from pipelines.asked_run import start_process
from pipelines.settings import Settings
from pipelines.what_changed import run_changes
from review.run_office import PastRun, RunOffice


def run_office(settings: Settings, engine: sa.Engine, environment: Mapping[str, str]) -> RunOffice:
    """The office of this installation.

    Args:
        settings: Its settings.
        engine: The education database.
        environment: Where processes find the same settings.
    """
    return RunOffice(
        start=partial(start_process, settings, environment),
        provinces=lambda: provinces(engine),
        changes=lambda run, codes, dry_run: run_changes(settings, run, codes, dry_run=dry_run),
        past=partial(_past, engine),
        past_run=partial(_past_run, engine),
    )


def _past(engine: sa.Engine, limit: int) -> list[PastRun]:
    return [_as_past(one) for one in history.runs(engine, limit) if one.rollback_of is None]


def _past_run(engine: sa.Engine, run: str) -> PastRun | None:
    found = history.run_line(engine, run)
    return None if found is None or found.rollback_of else _as_past(found)


def _as_past(line: history.RunLine) -> PastRun:
    return PastRun(line.run, line.started_at, line.state, tuple(line.scope.get("provinces") or ()))
