"""What the page can do with runs: start one, and look at what one changed. The runs themselves are not its business."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reporting.run_changes import RunChanges


@dataclass(frozen=True)
class PastRun:
    """A run by schedule or command line."""

    run: str
    started_at: str
    state: str
    provinces: tuple[str, ...]
    """Empty for all."""


@dataclass(frozen=True)
class RunOffice:
    """Handed to the page by whoever serves it."""

    start: Callable[[int], None]
    """Starts the process of a run that was asked for, by its number; OSError where it can't."""
    provinces: Callable[[], list[str]]
    """Codes of provinces that have schools."""
    changes: Callable[[str, Sequence[str], bool], RunChanges]
    """What a run that is known changed in some provinces, and whether it was a dry run."""
    past: Callable[[int], list[PastRun]]
    """The last runs, the latest first."""
    past_run: Callable[[str], PastRun | None]
    """One run."""
