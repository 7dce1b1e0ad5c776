"""What is done on the page, written down in the audit in the same transaction: who signed in, who decided.

A record stands there by a keyed name: the same record the same name, of no use without the key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from connectors.audit import Action, Auditor, Event, add, keyed
from connectors.review_store import Key

PLACE = "review-page"
"""What stands as the run of what was done on the page."""
NOBODY = "–"
"""Who signs in with a name that nobody has; what was typed may be a password."""
_LONG_ENOUGH = 24


@dataclass(frozen=True)
class Trail:
    """The audit, as the page writes to it."""

    key: bytes = field(repr=False)

    def signing(
        self, connection: sa.Connection, who: str, action: Action, address: str, now: datetime
    ) -> None:
        """Somebody signed in or out, or failed to.

        Args:
            connection: The transaction of what is done.
            who: A username there is, or `NOBODY`.
            action: What.
            address: From where.
            now: When.
        """
        add(connection, Auditor(self.key, who), Event(PLACE, action, {"address": address}), now)

    def deciding(
        self,
        connection: sa.Connection,
        who: str,
        action: Action,
        facts: Mapping[str, str],
        of: Key,
        province: str,
        now: datetime,
    ) -> None:
        """Somebody decided on a record, or took a decision back.

        Args:
            connection: The transaction of what is done.
            who: A username.
            action: What.
            facts: The verdict and what became of it.
            of: The record.
            province: Where it is.
            now: When.
        """
        told = {**facts, "record": self._named(of)}
        add(connection, Auditor(self.key, who), Event(PLACE, action, told, of[0], province), now)

    def _named(self, record: Key) -> str:
        return keyed(self.key, "record\n" + "\n".join(record))[:_LONG_ENOUGH]
