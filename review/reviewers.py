"""What somebody whom a list names may decide: as on the page, where they are a user of it; else the officer vouches for them."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from connectors.review_page_tables import Role
from connectors.review_people import list_users
from connectors.review_store import Decision
from connectors.review_tables import State
from review.errors import ReviewerMayNot


@dataclass(frozen=True)
class Rights:
    """Where, and whether they settle what others differ on."""

    provinces: frozenset[str] | None = None
    """Codes; None for all."""
    settles: bool = True

    def within(self, province: str) -> bool:
        """Whether they may decide on records of a province."""
        return self.provinces is None or province in self.provinces

    def wait(self, reviewer: str, before: Sequence[Decision]) -> bool:
        """Whether a record waits for somebody else: others differ on it, and this is no party to it."""
        differ = [one for one in before if one.state == State.CONFLICT]
        return not self.settles and bool(differ) and all(one.reviewer != reviewer for one in differ)


def rights_of(engine: sa.Engine, reviewer: str) -> Rights:
    """The rights of a name.

    Raises:
        ReviewerMayNot: A user of the page who only reads, or was shut out.
    """
    user = next((one for one in list_users(engine) if one.name == reviewer), None)
    if user is None:
        return Rights()
    if user.disabled or user.role == Role.AUDITOR:
        raise ReviewerMayNot(user.username)
    return Rights(user.provinces, user.role == Role.SUPERVISOR)
