"""Rows about people that are kept for a time: who looked at whom, who was signed in, what was laid out of runs that are gone."""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from connectors.database import rows_written
from connectors.education_tables import moment
from connectors.review_cases import clear_cases, laid_out
from connectors.review_page_tables import review_cases, review_failures, review_looks, review_sessions
from connectors.review_people import COUNTED_FOR, LONGEST


def overdue_rows(
    connection: sa.Connection, looks_before: datetime, kept_runs: Collection[str], now: datetime
) -> dict[str, int]:
    """How many rows are kept too long.

    Args:
        connection: Within a transaction.
        looks_before: Looks of before this moment.
        kept_runs: Runs whose tables are still kept; what is laid out of others has to go.
        now: What time it is.

    Returns:
        `looks`, `sessions`, `cases` → rows.
    """
    counts = {
        name: connection.scalar(sa.select(sa.func.count()).select_from(table).where(which)) or 0
        for name, (table, which) in _of_moments(looks_before, now).items()
    }
    of = review_cases.c
    gone = {run for run in laid_out(connection).values() if run not in kept_runs}
    cases = sa.select(sa.func.count()).select_from(review_cases).where(of.run.in_(sorted(gone)))
    counts["sessions"] += counts.pop("failures")
    return counts | {"cases": connection.scalar(cases) or 0}


def forget_rows(
    connection: sa.Connection, looks_before: datetime, kept_runs: Collection[str], now: datetime
) -> dict[str, int]:
    """Delete them; arguments and result as those of `overdue_rows`."""
    counts = overdue_rows(connection, looks_before, kept_runs, now)
    for table, which in _of_moments(looks_before, now).values():
        rows_written(connection, table.delete().where(which))
    for (kind, province), run in laid_out(connection).items():
        if run not in kept_runs:
            clear_cases(connection, kind, province)
    return counts


def _of_moments(
    looks_before: datetime, now: datetime
) -> Mapping[str, tuple[sa.Table, sa.ColumnElement[bool]]]:
    return {
        "looks": (review_looks, review_looks.c.looked_at < moment(looks_before)),
        "sessions": (review_sessions, review_sessions.c.began_at < moment(now - LONGEST)),
        "failures": (review_failures, review_failures.c.failed_at < moment(now - COUNTED_FOR)),
    }
