"""Where the next kill falls: at a stage that lies ahead, shortly after it began or anywhere in its time."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

SHORTLY = 0.012
"""Seconds after a stage began that count as shortly."""
_NEXT = 0.45
"""Chance that the next stage is the one, each time one is passed over; assumption: so a run is killed some ten times."""
_FROM_THE_START = 0.06
"""Chance that a kill falls before the run has come to where it was killed last."""


@dataclass(frozen=True)
class Point:
    """A moment of a run."""

    event: str
    after: float
    """Seconds after the event."""


def draw(chance: random.Random, events: Sequence[tuple[str, float]], reached: int) -> Point | None:
    """The next point; None when the run shall end in peace.

    Args:
        chance: What decides.
        events: Every event of a run in its order, and how many seconds its stage takes.
        reached: The last event that the run came to.
    """
    place = 0 if reached < 0 or chance.random() < _FROM_THE_START else reached + (chance.random() < 0.5)
    while chance.random() > _NEXT:
        place += 1
    if place >= len(events):
        return None
    event, seconds = events[place]
    after = chance.uniform(0, SHORTLY) if chance.random() < 0.4 else chance.uniform(0, 1.1 * seconds)
    return Point(event, after)
