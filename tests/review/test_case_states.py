"""What is still to be done about a record, by what was said of it."""

import pytest

from connectors.review_page_tables import CaseState
from connectors.review_tables import State
from matching.decision import Verdict
from review.case_states import case_state

from .test_agreement import said

SAME, NOT_SAME, UNSURE = Verdict.SAME, Verdict.NOT_SAME, Verdict.UNSURE


@pytest.mark.parametrize(
    ("decisions", "words_needed", "shown", "state"),
    [
        ([], 1, "A", CaseState.OPEN),
        ([said(1, "a", SAME)], 1, "A", CaseState.DONE),
        ([said(1, "a", SAME)], 2, "A", CaseState.SECOND),
        ([said(1, "a", SAME), said(2, "b", SAME)], 2, "A", CaseState.DONE),
        ([said(1, "a", SAME, state=State.TAKEN_BACK)], 1, "A", CaseState.OPEN),
        ([said(1, "a", SAME, state=State.WITHDRAWN)], 1, "A", CaseState.OPEN),
        ([said(1, "a", UNSURE)], 1, "A", CaseState.UNSURE),
        ([said(1, "a", SAME, state=State.CONFLICT), said(2, "b", UNSURE, state=State.CONFLICT)], 1, "A", CaseState.CONFLICT),
        ([said(1, "c", SAME, settles=True)], 2, "A", CaseState.DONE),
        ([said(1, "a", NOT_SAME)], 1, "A", CaseState.DONE),
        ([said(1, "a", NOT_SAME)], 1, "AB", CaseState.OPEN),  # somebody was found whom nobody has denied yet
    ],
)  # fmt: skip
def test_what_is_to_do(decisions, words_needed, shown, state):
    assert case_state(decisions, words_needed, frozenset(shown)) == state
