"""A run that somebody asked for on the review page, in a process of its own: `python -m pipelines.asked_run NUMBER`.

It waits until it is its turn, says in the database how far it is, and ends there whatever happens. The page and its browsers may come
and go meanwhile.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import sqlalchemy as sa

from connectors.asked_runs import AskedRun, AskedState, Headway, asked_run, end_asked, note_headway, take_turn
from connectors.database import open_database
from connectors.errors import DatabaseProblem
from pipelines.checkpoints import owners_folder
from pipelines.errors import RunIncomplete
from pipelines.failures import OURS, place_of
from pipelines.means import open_means, utc_now
from pipelines.prefect_environment import prepare_prefect
from pipelines.review_layout import lay_out_new
from pipelines.scope import Scope, new_run
from pipelines.settings import Settings, read_settings
from pipelines.telling import error_in_words
from pipelines.texts import texts

BEAT = 1.0
"""Seconds between two signs of life."""


def start_process(settings: Settings, environment: Mapping[str, str], number: int) -> None:
    """Start the process of a run that was asked for; it outlives whoever started it.

    Args:
        settings: The installation's.
        environment: Where it finds its settings.
        number: Which run.

    Raises:
        OSError: It can't be started.
    """
    log = owners_folder(settings.home / "asked") / f"{number}.log"
    with log.open("wb") as out:
        log.chmod(0o600)
        words = [sys.executable, "-m", "pipelines.asked_run", str(number)]
        process = subprocess.Popen(  # noqa: S603 (our own program, our own words)
            words,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    # whoever started it lives on, and a child that nobody waits for would stay in the table of processes
    threading.Thread(target=process.wait, name=f"asked run {number}", daemon=True).start()


class Noted:
    """Told how far the run is; what is told is noted by another thread, since this one may be writing already."""

    def __init__(self) -> None:
        self.headway = Headway()

    def begin(self, steps: int) -> None:
        """So many stages lie ahead."""
        self.headway = replace(self.headway, steps=steps)

    def stage(self, province: str, kind: str, stage: str) -> None:
        """A stage begins."""
        self.headway = replace(self.headway, kind=kind, stage=stage, counted=0, total=0)

    def counted(self, what: str, done: int, total: int) -> None:
        """Inside a stage: so many of so many."""
        self.headway = replace(self.headway, counted=done, total=total)

    def ended(self, seconds: float) -> None:
        """The stage ended."""
        self.headway = replace(self.headway, done=self.headway.done + 1)


@contextmanager
def noting(engine: sa.Engine, number: int, told: Noted, stop: Callable[[], None]) -> Iterator[None]:
    """Signs of life from a thread of its own while the body runs; whoever wants it to stop is obeyed once."""
    ended = threading.Event()

    def beat() -> None:
        stopping = False
        while not ended.wait(BEAT):
            try:
                wanted = note_headway(engine, number, told.headway, utc_now())
            except DatabaseProblem:
                # busy or away for a moment; the next beat tries again
                continue
            if wanted and not stopping:
                stopping = True
                stop()

    thread = threading.Thread(target=beat, name="headway", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def run_asked(settings: Settings, number: int, stop: Callable[[], None]) -> AskedState:
    """Run what was asked for, when it is its turn.

    Args:
        settings: The installation's.
        number: Which.
        stop: Makes this process stop where it can be resumed.

    Returns:
        How it ended.
    """
    engine = open_database(settings.database_url)
    try:
        asked = asked_run(engine, number)
        if asked is None or not asked.under_way:
            return AskedState.BROKEN
        told = Noted()
        with noting(engine, number, told, stop):
            state, written, message = _outcome(settings, engine, asked, told)
        end_asked(engine, number, state, utc_now(), written, message)
        if state == AskedState.DONE and not asked.dry_run:
            lay_out_new(settings, engine, utc_now())
        return state
    finally:
        engine.dispose()


def _outcome(
    settings: Settings, engine: sa.Engine, asked: AskedRun, told: Noted
) -> tuple[AskedState, Mapping[str, int], str]:
    """How the run ended, what it wrote, and what is to be said of it."""
    text = texts(settings.language)
    try:
        return AskedState.DONE, _in_turn(settings, engine, asked, told), ""
    except RunIncomplete as incomplete:
        problems = "\n".join(dict.fromkeys(incomplete.problems.values()))
        return AskedState(str(incomplete.ending)), incomplete.written, problems
    except KeyboardInterrupt:
        return AskedState.INTERRUPTED, {}, ""
    except OURS as error:
        return AskedState.BROKEN, {}, error_in_words(error, text)
    except Exception as error:  # noqa: BLE001 (whoever asked is told, whatever it was)
        # its own text may repeat a value out of a table
        return AskedState.BROKEN, {}, text("broke", cause=type(error).__name__, place=place_of(error))


def _in_turn(settings: Settings, engine: sa.Engine, asked: AskedRun, told: Noted) -> Mapping[str, int]:
    run = new_run(utc_now())
    while not take_turn(engine, asked.number, run, utc_now()):
        time.sleep(BEAT)
    prepare_prefect(settings.home)
    from pipelines.sync import sync_flow, sync_provinces

    today = settings.as_of or date.today()  # noqa: DTZ011 (the officer's own day; matching has no clock)
    scope = Scope(as_of=today, provinces=(asked.province,), dry_run=asked.dry_run, asked_by=asked.asked_by)
    with open_means(settings, told) as means:
        if os.environ.get("PREFECT_API_URL"):
            return sync_flow(means)(run, scope)
        # no server would show it, and starting one for the time of the run takes longer than the run
        return sync_provinces(means, run, scope)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Entry point."""
    signal.signal(signal.SIGTERM, _interrupt)
    settings = read_settings().settings
    run_asked(settings, int(sys.argv[1]), lambda: os.kill(os.getpid(), signal.SIGTERM))


if __name__ == "__main__":
    main()
