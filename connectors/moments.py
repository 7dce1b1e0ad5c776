"""The moments that the database holds: what is written next must not stand before them, whatever a clock says."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from connectors.audit import audit_log
from connectors.database import reading
from connectors.education_tables import sync_runs

_LEAST = timedelta(microseconds=1)


def behind(engine: sa.Engine, now: datetime) -> timedelta:
    """How far a clock stands behind the last moment that the database holds; zero where it doesn't.

    Args:
        engine: The education database, its sync tables made or not.
        now: What the clock says.
    """
    last = _last(engine)
    return timedelta(0) if last is None or now >= last else last - now + _LEAST


def _last(engine: sa.Engine) -> datetime | None:
    """Of runs and of the audit; what else is written stands in it."""
    runs = sa.select(sa.func.max(sync_runs.c.started_at), sa.func.max(sync_runs.c.ended_at))
    # by its key: the audit is as long as the years are
    told = sa.select(audit_log.c.at).order_by(audit_log.c.entry.desc()).limit(1)
    found: list[str | None] = []
    with reading(engine) as connection:
        there = sa.inspect(connection)
        for table, query in ((sync_runs, runs), (audit_log, told)):
            if there.has_table(table.name):
                found += connection.execute(query).first() or ()
    return max((datetime.fromisoformat(one) for one in found if one), default=None)
