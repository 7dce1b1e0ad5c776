"""What was kept long enough: found, told, deleted, and the deletion written down.

Links, their history, decisions of people and the audit are not touched: who got which number, by what evidence and who said so is
what the register of links is for.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from connectors.audit import Action, Event, write_down
from connectors.database import reading, writing
from connectors.kept_rows import forget_rows, overdue_rows
from connectors.schema import is_prepared
from pipelines.auditing import auditor, keep_head
from pipelines.checkpoints import expired_runs
from pipelines.means import runs_folder
from pipelines.settings import Settings

_NEVER = frozenset({"monthly"})
"""Beside the reports of runs; figures alone."""


@dataclass(frozen=True)
class Overdue:
    """What is kept longer than the settings say."""

    runs: tuple[Path, ...]
    """Folders with the tables of runs."""
    reports: tuple[Path, ...]
    """Folders with reports and lists of runs."""
    rows: Mapping[str, int]
    """`looks`, `sessions`, `cases` → rows."""

    @property
    def counts(self) -> dict[str, int]:
        """Of each, how many."""
        return {"runs": len(self.runs), "reports": len(self.reports), **self.rows}


def overdue(settings: Settings, engine: sa.Engine, now: datetime) -> Overdue:
    """Find what is kept too long; deletes nothing."""
    found = _folders(settings, now)
    if not is_prepared(engine):
        return Overdue(*found, {})
    with reading(engine) as connection:
        rows = overdue_rows(connection, _looks_before(settings, now), _kept(settings, found[0]), now)
    return Overdue(*found, rows)


def delete(settings: Settings, engine: sa.Engine, run: str, now: datetime) -> Overdue:
    """Delete what is kept too long, and write down that it was.

    Args:
        settings: How long is too long.
        engine: The education database.
        run: Under which name it is written down.
        now: What time it is.

    Returns:
        What was deleted.
    """
    found = overdue(settings, engine, now)
    if is_prepared(engine):
        # first written down: what can't be written down is not done
        head = write_down(engine, auditor(settings), Event(run, Action.DELETED, found.counts), now)
        keep_head(settings, run, head)
        with writing(engine) as connection:
            forget_rows(connection, _looks_before(settings, now), _kept(settings, found.runs), now)
    for folder in (*found.runs, *found.reports):
        shutil.rmtree(folder)
    return found


def _folders(settings: Settings, now: datetime) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    runs = expired_runs(runs_folder(settings), now, settings.keep_runs_days)
    reports = expired_runs(settings.home / "reports", now, settings.keep_reports_days)
    return tuple(runs), tuple(one for one in reports if one.name not in _NEVER)


def _kept(settings: Settings, expired: tuple[Path, ...]) -> set[str]:
    """Runs whose tables stay."""
    folder = runs_folder(settings)
    there = set(folder.iterdir()) if folder.is_dir() else set()
    return {path.name for path in there - set(expired)}


def _looks_before(settings: Settings, now: datetime) -> datetime:
    return now - timedelta(days=settings.keep_looks_days)
