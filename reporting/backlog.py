"""What waits for people, and how the registry answered: two sections of the report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from reporting.reviewed_sample import Sample


@dataclass(frozen=True)
class Backlog:
    """The desk of the reviewers."""

    states: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(verdict, state) → decisions, of all that were ever taken in."""
    waiting: int = 0
    """Records on which people differ, and which wait for a third."""
    oldest: date | None = None
    """Since when the oldest record that lies with a reviewer has been open."""
    sample: Sample | None = None
    """What people say of automatic links that were drawn; None where none were."""


@dataclass(frozen=True)
class RegistryHealth:
    """How the registry did in a run."""

    age_days: int | None
    """How old its data was on the day of the run; None where it gives no date."""
    age_limit: int
    """From which age on the gate holds results back."""
    asked_in_vain: Mapping[str, int] = field(default_factory=dict)
    """Kind → records that could not be asked about, after all retries."""
    answers_refused: int = 0
    """Values of answers that could not be used."""
    entries_before: int | None = None
    """How many people it held at the run before, if that is known."""
