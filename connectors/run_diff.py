"""What differs between the links as two runs left them: who gained, lost or changed an ID, and why.

The links at a moment are the versions that had been put there and had not ended by then, from `links` and its history.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from connectors.database import reading
from connectors.education_tables import link_history, links, sync_runs
from connectors.versioned_tables import written_by

_FACTS = ("personal_id", "reason", "decided_by", "match_probability")


class Change(StrEnum):
    """What became of a record's link between two runs."""

    GAINED = "gained"
    LOST = "lost"
    CHANGED = "changed"


@dataclass(frozen=True)
class Side:
    """A link as one run left it; IDs are whole."""

    personal_id: str
    reason: str
    decided_by: str
    match_probability: float | None
    run: str
    """The run that put it there."""


@dataclass(frozen=True)
class LinkChange:
    """One record whose ID differs."""

    kind: str
    record_id: str
    province: str
    before: Side | None
    after: Side | None
    ended_by: str | None
    """The run that ended the link that was lost; None where there is a link after."""

    @property
    def change(self) -> Change:
        """Gained, lost or changed."""
        if self.before is None:
            return Change.GAINED
        return Change.LOST if self.after is None else Change.CHANGED


def run_ended(engine: sa.Engine, run: str) -> str | None:
    """The moment at which a run had written all it wrote (now, for one under way); None where there is no such run."""
    query = sa.select(sa.func.coalesce(sync_runs.c.ended_at, "9999")).where(sync_runs.c.run == run)
    with reading(engine) as connection:
        found: str | None = connection.scalar(query)
    return found


def diff(engine: sa.Engine, before: str, after: str) -> list[LinkChange]:
    """Records whose ID differs between two moments, by kind and record.

    Args:
        engine: The education database.
        before: A moment as `run_ended` gives it.
        after: Another, earlier or later.
    """
    touched = _touched(*sorted((before, after)))
    sides = _state(before, "before"), _state(after, "after")
    joined: Any = touched
    for side in sides:
        same = sa.and_(side.c.kind == touched.c.kind, side.c.record_id == touched.c.record_id)
        joined = joined.outerjoin(side, same)
    one, other = sides
    province = sa.func.coalesce(other.c.province, one.c.province)
    columns = [touched.c.kind, touched.c.record_id, province]
    columns += [side.c[name] for side in sides for name in (*_FACTS, "run")]
    differs = one.c.personal_id.is_distinct_from(other.c.personal_id)
    query = sa.select(*columns, one.c.ended_by).select_from(joined).where(differs)
    with reading(engine) as connection:
        rows = connection.execute(query.order_by(touched.c.kind, touched.c.record_id)).tuples().all()
    return [_change(*row) for row in rows]


def _change(kind: str, record_id: str, province: str, *facts: Any) -> LinkChange:  # noqa: ANN401 (a row of the database)
    width = len(_FACTS) + 1
    before, after = (
        Side(*found) if found[0] is not None else None for found in (facts[:width], facts[width : 2 * width])
    )
    return LinkChange(kind, record_id, province, before, after, facts[-1] if after is None else None)


def _put_at(rows: sa.FromClause) -> sa.ColumnElement[str]:
    return sa.func.coalesce(rows.c.put_at, rows.c.valid_from)


def _touched(first: str, last: str) -> sa.Subquery:
    """Records whose link was put there or ended between two moments."""
    begun = [
        sa.select(rows.c.kind, rows.c.record_id).where(_put_at(rows) > first, _put_at(rows) <= last)
        for rows in (links, link_history)
    ]
    ended = sa.select(link_history.c.kind, link_history.c.record_id).where(
        link_history.c.valid_to > first, link_history.c.valid_to <= last
    )
    return sa.union(*begun, ended).subquery("touched")


def _state(moment: str, name: str) -> sa.Subquery:
    """All links at a moment."""
    parts = []
    for rows, ended_by in ((links, sa.null()), (link_history, link_history.c.ended_by)):
        columns = [rows.c[fact] for fact in ("kind", "record_id", "province", *_FACTS)]
        stood = [_put_at(rows) <= moment]
        if rows is link_history:
            stood.append(link_history.c.valid_to > moment)
        parts.append(
            sa.select(
                *columns, written_by(rows).label("run"), sa.cast(ended_by, sa.Text).label("ended_by")
            ).where(*stood)
        )
    return sa.union_all(*parts).subquery(name)
