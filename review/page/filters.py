"""What part of the work a user asks for: read from an address or a form, written back into both."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from connectors.review_cases import MINE, NOBODY, OTHERS, Count, Wanted
from connectors.review_page_tables import TO_DO, CaseState, Role
from matching.decision import Reason
from matching.schemas import KINDS

_LONGEST = 80
TO_DO_STATE = "to_do"
HELD_BY = (MINE, OTHERS, NOBODY)


@dataclass(frozen=True)
class Filters:
    """As they stand in an address; empty means all."""

    province: str = ""
    kind: str = ""
    reason: str = ""
    school: str = ""
    state: str = ""
    held_by: str = ""

    def wanted(self, role: Role) -> Wanted:
        """What is asked of the database; reviewers don't learn what others have decided on once."""
        states: tuple[CaseState, ...] = ()
        if self.state == TO_DO_STATE:
            states = TO_DO
        elif self.state == CaseState.OPEN and role == Role.REVIEWER:
            states = (CaseState.OPEN, CaseState.SECOND)
        elif self.state:
            states = (CaseState(self.state),)
        return Wanted(self.province, self.kind, self.reason, self.school, states, self.held_by)

    def fields(self) -> dict[str, str]:
        """Those that are set."""
        return {name: value for name, value in vars(self).items() if value}

    def address(self, path: str, **more: object) -> str:
        """An address that carries them."""
        given = {name: str(value) for name, value in more.items()}
        query = urlencode(given | self.fields())
        return f"{path}?{query}" if query else path

    def address_of_school(self, school: str) -> str:
        """The list of one school, by the other filters."""
        return replace(self, school=school).address("/")

    def counts(self, count: Count) -> bool:
        """Whether a count is of what is asked for, whatever its state; schools aren't counted."""
        pairs = ((self.province, count.province), (self.kind, count.kind), (self.reason, count.reason))
        return all(not wanted or wanted == there for wanted, there in pairs)


def filters_of(given: Mapping[str, str]) -> Filters:
    """Filters out of an address or a form; what isn't a word of ours is left out."""
    words = {
        "kind": set(KINDS),
        "reason": {str(reason) for reason in Reason},
        "state": {TO_DO_STATE, *[str(state) for state in CaseState]},
        "held_by": set(HELD_BY),
    }
    known = {name: given.get(name, "").strip()[:_LONGEST] for name in Filters.__dataclass_fields__}
    return Filters(
        **{name: value if value in words.get(name, {value}) else "" for name, value in known.items()}
    )


def states_for(role: Role) -> tuple[str, ...]:
    """The states that a user may ask for."""
    if role == Role.REVIEWER:
        return TO_DO_STATE, *[state for state in CaseState if state != CaseState.SECOND]
    return TO_DO_STATE, *CaseState


def shown_state(state: CaseState, role: Role) -> CaseState:
    """A state as a user may know it."""
    return CaseState.OPEN if role == Role.REVIEWER and state == CaseState.SECOND else state
