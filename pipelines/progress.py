"""What a run tells while it goes: a bar on a terminal, a line for each stage elsewhere; always on stderr."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from pipelines.headway import Headway
from pipelines.province_names import province_name
from pipelines.texts import Texts


class Told(Protocol):
    """Who is told how far a run is."""

    def begin(self, steps: int) -> None:
        """So many stages lie ahead."""

    def stage(self, province: str, kind: str, stage: str) -> None:
        """A stage begins; `kind` is empty for a stage of the whole province."""

    def counted(self, what: str, done: int, total: int) -> None:
        """Inside a stage: so many of so many."""

    def ended(self, seconds: float) -> None:
        """The stage ended."""


class Silence:
    """Tells nobody."""

    def begin(self, steps: int) -> None:
        """Nothing."""

    def stage(self, province: str, kind: str, stage: str) -> None:
        """Nothing."""

    def counted(self, what: str, done: int, total: int) -> None:
        """Nothing."""

    def ended(self, seconds: float) -> None:
        """Nothing."""


def stage_words(province: str, kind: str, stage: str, text: Texts) -> str:
    """A stage in words: where, of what, which."""
    parts = [
        province_name(province) if province else "",
        text(f"kinds.{kind}") if kind else "",
        text(f"stage.{stage}"),
    ]
    return " · ".join(part for part in parts if part)


_LINE_SECONDS = 30.0
"""So often a stage that takes long is told of in a log."""


class Lines:
    """One line for each stage, and one now and then while it lasts: for logs and pipes."""

    def __init__(self, out: TextIO, text: Texts) -> None:
        self._out = out
        self._text = text
        self._words = ""
        self._count = ""
        self._headway = Headway()
        self._told_at = time.monotonic()

    def begin(self, steps: int) -> None:
        """Lines need no total."""

    def stage(self, province: str, kind: str, stage: str) -> None:
        """Remembered until it ends."""
        self._words, self._count = stage_words(province, kind, stage, self._text), ""
        self._headway, self._told_at = Headway(), time.monotonic()

    def counted(self, what: str, done: int, total: int) -> None:
        """The last count stands in the stage's line; with rate and time left in those before it."""
        self._count = f" {self._text.number(done)} / {self._text.number(total)}" if total else ""
        if total and time.monotonic() - self._told_at >= _LINE_SECONDS:
            self._told_at = time.monotonic()
            self._out.write(f"{self._words} {self._headway.of(done, total, self._text)}\n")
            self._out.flush()
        elif total:
            self._headway.of(done, total, self._text)

    def ended(self, seconds: float) -> None:
        """Write the line."""
        self._out.write(f"{self._words}{self._count} ({self._text.decimal(seconds)} s)\n")
        self._out.flush()


class Bar:
    """A bar over all stages, the present one beside it."""

    def __init__(self, bar: Progress, task: TaskID, text: Texts) -> None:
        self._bar = bar
        self._task = task
        self._text = text
        self._words = ""
        self._headway = Headway()

    def begin(self, steps: int) -> None:
        """The bar's length."""
        self._bar.update(self._task, total=steps)

    def stage(self, province: str, kind: str, stage: str) -> None:
        """Shown beside the bar."""
        self._words, self._headway = stage_words(province, kind, stage, self._text), Headway()
        self._bar.update(self._task, description=self._words)

    def counted(self, what: str, done: int, total: int) -> None:
        """Shown beside the stage, with rate and time left."""
        count = f" {self._headway.of(done, total, self._text)}" if total else ""
        self._bar.update(self._task, description=self._words + count)

    def ended(self, seconds: float) -> None:
        """One step further."""
        self._bar.advance(self._task)


@contextmanager
def told(text: Texts, out: TextIO | None = None) -> Iterator[Told]:
    """A bar on a terminal, lines elsewhere."""
    out = out or sys.stderr
    if not out.isatty():
        yield Lines(out, text)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(file=out), transient=True) as bar:
        yield Bar(bar, bar.add_task("", total=None), text)
