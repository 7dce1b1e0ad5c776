"""How a run ended, in counts: what is told to people who were not there. No name, no date, no number of a person, no record."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from connectors.errors import ProvinceLocked, RegistryUnreachable
from connectors.schema import is_prepared
from connectors.writeback import DONE
from pipelines.errors import Ending, RegistryNotStarted, RunIncomplete
from pipelines.history import partitions

BROKEN = "broken"
"""It ended on something else than the endings of a run."""
CRASHED = "crashed"
"""Its process was ended from outside."""
TOLD = ("added", "changed", "unchanged", "kept", "conflicts", "ended")
"""Counts of written partitions that are told."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    job: str
    """Which flow."""
    run: str
    state: str
    """done, an ending of a run, `BROKEN` or `CRASHED`."""
    partitions: Mapping[str, int] = field(default_factory=dict)
    """State → partitions."""
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        """Whether nobody has to do anything."""
        return self.state == DONE

    def as_payload(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "job": self.job,
            "run": self.run,
            "state": self.state,
            "partitions": dict(self.partitions),
            "counts": dict(self.counts),
        }


def state_of(error: BaseException | None) -> str:
    """How a run ended that raised this."""
    match error:
        case None:
            return DONE
        case RunIncomplete():
            return str(error.ending)
        case RegistryUnreachable() | RegistryNotStarted():
            return str(Ending.REGISTRY)
        case ProvinceLocked():
            return str(Ending.HELD)
        case Exception():
            return BROKEN
        case _:
            return str(Ending.INTERRUPTED)


def of_sync(engine: sa.Engine, job: str, run: str, state: str) -> Outcome:
    """The outcome of a run as the database has it."""
    found = partitions(engine, run) if is_prepared(engine) else []
    counts: Counter[str] = Counter()
    for one in found:
        if one.state == DONE:
            counts.update({name: int(one.counts.get(name, 0)) for name in TOLD})
    return Outcome(job, run, state, Counter(one.state for one in found), counts)
