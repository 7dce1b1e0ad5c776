"""What is still to be done about open records on the page, by what people said of them."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from connectors.review_cases import cases_shown, set_case_states
from connectors.review_page_tables import CaseState
from connectors.review_store import LIVE, Decision, Key
from connectors.review_tables import State
from matching.decision import Verdict


def case_state(decisions: Sequence[Decision], words_needed: int, shown: frozenset[str]) -> CaseState:
    """What is still to be done about a record.

    Args:
        decisions: All on it.
        words_needed: How many people are to decide.
        shown: Personal IDs of the candidates; who denied others only has said nothing of these.
    """
    live = [one for one in decisions if one.state in LIVE]
    if any(one.state == State.CONFLICT for one in live):
        return CaseState.CONFLICT
    said = [one for one in live if one.verdict != Verdict.NOT_SAME or shown <= one.numbers]
    if not said:
        return CaseState.OPEN
    if any(one.verdict == Verdict.UNSURE for one in said):
        return CaseState.UNSURE
    enough = len({one.reviewer for one in said}) >= words_needed or any(one.settles for one in said)
    return CaseState.DONE if enough else CaseState.SECOND


def restate(connection: sa.Connection, decisions: Mapping[Key, Sequence[Decision]]) -> None:
    """Bring the states of records that are laid out up to what was said of them.

    Args:
        connection: A transaction.
        decisions: All decisions on each of the records.
    """
    found = cases_shown(connection, decisions)
    states = {key: case_state(decisions[key], *facts) for key, facts in found.items()}
    set_case_states(connection, states)
