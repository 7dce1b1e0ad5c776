"""What the page works with, opened once and handed to every route."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

import sqlalchemy as sa
from starlette.requests import Request

from connectors.database import reading
from connectors.people_read import PeopleNow
from connectors.review_cases import Count, Reach, count_cases
from connectors.review_store import Key
from review.run_office import RunOffice
from review.trail import Trail

_COUNTED_FOR = timedelta(seconds=1)


@dataclass(frozen=True)
class Desk:
    """Database, keys, clock, and how the page is reached."""

    engine: sa.Engine
    people: PeopleNow
    drawn: Callable[[Key], bool]
    """Whether two people are to decide on a record."""
    clock: Callable[[], datetime]
    language: str
    synthetic: bool
    secure: bool
    """Reached by HTTPS: cookies are kept from any other way."""
    trail: Trail
    hosts: frozenset[str]
    """Names that the page answers to."""
    office: RunOffice | None = None
    """None where no run can be started and none looked at."""
    counts: dict[frozenset[str] | None, tuple[datetime, list[Count]]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def counted(self, reach: Reach) -> list[Count]:
        """What is within reach, counted a second ago at most."""
        now = self.clock()
        with self.lock:
            known = self.counts.get(reach.provinces)
            if known is not None and now - known[0] < _COUNTED_FOR:
                return known[1]
            if known is not None:
                # whoever comes while it is counted again is told what was counted before
                self.counts[reach.provinces] = now, known[1]
        with reading(self.engine) as connection:
            found = count_cases(connection, reach)
        with self.lock:
            self.counts[reach.provinces] = now, found
        return found


def desk_of(request: Request) -> Desk:
    """The desk of the application that a request came to."""
    desk: Desk = request.app.state.desk
    return desk
