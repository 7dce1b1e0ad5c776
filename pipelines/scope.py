"""What a run takes: which kinds, which provinces, everything or what changed; and what a run is called."""

import secrets
from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from matching.schemas import KINDS


class Kind(StrEnum):
    """Kinds of record, in the order in which a province is run."""

    TEACHER = "teacher"
    STUDENT = "student"
    GUARDIAN = "guardian"


class Scope(BaseModel):
    """What a run takes. It is stored and shown as it stands: no names, dates or numbers of people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: date
    """The day of the run, to which ages are reckoned; a resumed run keeps it."""
    kinds: tuple[Kind, ...] = tuple(Kind(kind) for kind in KINDS)
    provinces: tuple[str, ...] = ()
    """Codes of the 34; empty for all that have schools."""
    everything: bool = False
    """All records, not only those that changed or have no link."""
    dry_run: bool = False
    """Say what would be done, write nothing to the database."""
    accepted_gates: tuple[str, ...] = ()
    """Gates that may fail this time."""
    asked_by: str = ""
    """The user of the review page who asked for it; empty for a run by schedule or command line."""


def new_run(now: datetime) -> str:
    """A name for a run: when it begins and four characters of chance, `2026-11-21T01-30-00-ab12`."""
    return f"{now:%Y-%m-%dT%H-%M-%S}-{secrets.token_hex(2)}"
