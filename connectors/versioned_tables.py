"""Tables of which nothing is lost: what is changed or deleted goes to a history, whole, with the run that ended it.

Rows of a table that is not the history hold; a rollback puts back what a run ended and ends what it wrote.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from connectors.education_tables import (
    entry_column,
    link_conflicts,
    link_history,
    links,
    review_items,
    sync_metadata,
    text_column,
)


def _history(table: sa.Table) -> sa.Table:
    """The history of a table: its columns, and when and by which run a row ended."""
    copies = [sa.Column(column.name, column.type, nullable=column.nullable) for column in table.c]
    ending = [text_column("valid_to"), text_column("ended_by")]
    history = sa.Table(f"{table.name}_history", sync_metadata, entry_column(numbered=True), *copies, *ending)
    sa.Index(f"{table.name}_history_by_record", history.c.kind, history.c.record_id)
    sa.Index(f"{table.name}_history_by_ended_by", history.c.ended_by)
    return history


@dataclass(frozen=True)
class Versioned:
    """A table and its history."""

    table: sa.Table
    history: sa.Table

    @property
    def keys(self) -> tuple[str, ...]:
        """What a row is known by."""
        return tuple(column.name for column in self.table.primary_key)

    def written_by(self, run: str) -> sa.ColumnElement[bool]:
        """Rows that hold and were put there by a run."""
        return written_by(self.table) == run

    def end(self, connection: sa.Connection, which: sa.ColumnElement[bool], run: str, now: str) -> int:
        """Move rows to the history.

        Returns:
            How many.
        """
        if self.remember(connection, which, run, now) == 0:
            return 0
        return connection.execute(self.table.delete().where(which)).rowcount

    def remember(self, connection: sa.Connection, which: sa.ColumnElement[bool], run: str, now: str) -> int:
        """Add rows to the history as they stand, before they are changed.

        Returns:
            How many.
        """
        names = [column.name for column in self.table.c]
        rows = sa.select(*self.table.c, sa.literal(now), sa.literal(run)).where(which)
        insert = self.history.insert().from_select([*names, "valid_to", "ended_by"], rows)
        return connection.execute(insert, execution_options={"preserve_rowcount": True}).rowcount


def written_by(rows: sa.FromClause) -> sa.ColumnElement[str]:
    """The run that put a row where it stands."""
    return sa.func.coalesce(rows.c.put_by, rows.c.run)


def same_key(one: sa.FromClause, other: sa.FromClause, keys: Iterable[str]) -> sa.ColumnElement[bool]:
    """Whether two rows have the same key."""
    return sa.and_(*[one.c[key] == other.c[key] for key in keys])


LINKS_KEPT = Versioned(links, link_history)
CONFLICTS_KEPT = Versioned(link_conflicts, _history(link_conflicts))
OPEN_KEPT = Versioned(review_items, _history(review_items))

VERSIONED = (LINKS_KEPT, CONFLICTS_KEPT, OPEN_KEPT)
"""All of them, links first."""
