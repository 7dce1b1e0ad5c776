"""One attempt at a run, as the command line would make it: in a process that is forked from one that has everything imported.

Put in its place are the clock, which stands still, the run's name, and who is told how far it is: the process outside, which kills by that.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import prefect.flow_engine
import prefect.task_engine
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

import pipelines.sync
from pipelines import commands_sync
from pipelines.cli import run as command
from pipelines.means import Means, open_means
from pipelines.progress import Silence, Told
from pipelines.texts import Texts

RUN = "2026-11-21T18-30-00-kill"
NOW = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)
BEGIN, CONCLUDE = "begin", "conclude"
IMPORTED = (pipelines.sync, prefect.flow_engine, prefect.task_engine)
"""What a run imports late, and a process that is forked should find."""


@dataclass(frozen=True)
class Start:
    """Where a run begins: database, home, registry."""

    url: str
    home: Path
    registry: str
    secret: Path
    now: datetime = NOW
    run: str = RUN

    def at(self, now: datetime, run: str) -> "Start":
        """The same at another moment, for another run."""
        return replace(self, now=now, run=run)

    def settings(self) -> dict[str, str]:
        """As the command line takes them; so much is asked of a link that some records stay open."""
        return {
            "database_url": self.url,
            "home": str(self.home),
            "registry_url": self.registry,
            "registry_secret_file": str(self.secret),
            "as_of": "2026-11-21",
            "link_from": "0.99999",
            "gate_registry_age_days": "36500",
            "gate_changed_ids": "1",
            "gate_link_rate_drop": "1",
            "registry_patience": "60",
            "link_sample": "20",
        }


class Pipe(Silence):
    """Writes every stage that begins, and the end of the last one, into a pipe."""

    def __init__(self, to: int) -> None:
        """To a file descriptor."""
        self._to = to
        self._left = 0

    def say(self, event: str) -> None:
        """One line; whoever reads may be gone."""
        os.write(self._to, f"{event}\n".encode())

    def begin(self, steps: int) -> None:
        """So many stages lie ahead."""
        self._left = steps

    def stage(self, province: str, kind: str, stage: str) -> None:
        """A stage begins."""
        self.say(f"{province}/{kind}/{stage}")

    def ended(self, seconds: float) -> None:
        """After the last stage the run is concluded."""
        self._left -= 1
        if not self._left:
            self.say(CONCLUDE)


def run_once(start: Start, words: Sequence[str], told: Told | None = None) -> int:
    """Run a command in this process; its exit code."""

    @contextmanager
    def opened(settings: Any, progress: Told) -> Iterator[Means]:
        with open_means(settings, progress) as means:
            yield replace(means, clock=lambda: start.now)

    @contextmanager
    def telling(_: Texts) -> Iterator[Told]:
        yield told or Silence()

    commands_sync.open_means, commands_sync.told = opened, telling  # type: ignore[assignment]
    commands_sync.new_run = lambda _: start.run  # type: ignore[assignment]
    given = [f"--set={name}={value}" for name, value in start.settings().items()]
    # a heartbeat costs each flow a second
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        return command(["--lang", "en", *given, *words])


def attempt(start: Start, words: Sequence[str], events: int, log: Path) -> int:
    """`run_once` telling a pipe, its words in a log; for a forked process."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    pipe = Pipe(events)
    pipe.say(BEGIN)
    return run_once(start, words, pipe)
