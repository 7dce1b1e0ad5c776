"""What supervisors and reviewers ask of decisions as a whole: who decided how much, and on what several people decided."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from connectors.education_tables import moment
from connectors.review_cases import Reach
from connectors.review_store import Decision, decisions_numbered
from connectors.review_tables import review_decisions

_decisions = review_decisions.c


@dataclass(frozen=True)
class Worked:
    """How much somebody decided."""

    reviewer: str
    decisions: int
    records: int
    last: str
    """When, ISO 8601."""


def _within(reach: Reach) -> sa.ColumnElement[bool]:
    return sa.true() if reach.provinces is None else _decisions.province.in_(sorted(reach.provinces))


def decided_since(connection: sa.Connection, reviewer: str, since: datetime) -> int:
    """How many decisions somebody made since a moment."""
    query = sa.select(sa.func.count()).where(
        _decisions.reviewer == reviewer, _decisions.decided_at >= moment(since)
    )
    return int(connection.execute(query).scalar_one())


def last_of(connection: sa.Connection, reach: Reach, limit: int) -> list[Decision]:
    """Somebody's own last decisions within reach, the latest first."""
    query = sa.select(_decisions.decision).where(_within(reach), _decisions.reviewer == reach.reviewer)
    numbers = connection.scalars(query.order_by(_decisions.decided_at.desc()).limit(limit)).all()
    return sorted(decisions_numbered(connection, numbers), key=lambda one: -one.number)


def work_done(connection: sa.Connection, reach: Reach) -> list[Worked]:
    """Who decided how much within reach, the most first."""
    counted = sa.func.count()
    records = sa.func.count(sa.distinct(_decisions.kind + "/" + _decisions.record_id))
    query = sa.select(_decisions.reviewer, counted, records, sa.func.max(_decisions.decided_at)).where(
        _within(reach)
    )
    rows = connection.execute(query.group_by(_decisions.reviewer).order_by(counted.desc())).tuples()
    return [Worked(*row) for row in rows]


def decided_by_several(connection: sa.Connection, reach: Reach) -> list[Decision]:
    """All decisions within reach on records that more than one person decided on."""
    several = (
        sa.select(_decisions.kind, _decisions.record_id)
        .where(_within(reach))
        .group_by(_decisions.kind, _decisions.record_id)
        .having(sa.func.count(sa.distinct(_decisions.reviewer)) > 1)
        .subquery("several")
    )
    same = sa.and_(several.c.kind == _decisions.kind, several.c.record_id == _decisions.record_id)
    numbers = connection.scalars(
        sa.select(_decisions.decision).select_from(review_decisions.join(several, same))
    )
    return decisions_numbered(connection, numbers.all())
