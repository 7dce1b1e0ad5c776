"""Agreement of two people, against worked figures."""

import pytest

from connectors.review_store import Decision, Seen
from connectors.review_tables import State
from matching.decision import Verdict
from review.agreement import agreement, pairs

SAME, NOT_SAME, UNSURE = Verdict.SAME, Verdict.NOT_SAME, Verdict.UNSURE


def said(number, reviewer, verdict, entry="A", record="1", state=State.ACTIVE, settles=False):
    return Decision(
        "student", record, "38", verdict, (Seen(entry, "s"),), "", reviewer, "r", "f", "page", 0, "d", settles, state, number
    )  # fmt: skip


def both(counts):
    """Decisions of two people: (first, second) → how often."""
    decisions, number = [], 0
    for (first, second), count in counts.items():
        for _ in range(count):
            number += 2
            record = str(number)
            decisions += [
                said(number, "a", first, record=record),
                said(number + 1, "b", second, record=record),
            ]
    return decisions


def test_kappa_of_a_worked_example():
    # 50 records; both yes 20, both no 15, 5 and 10 apart: 0.70 observed, 0.50 by chance
    counts = {(SAME, SAME): 20, (SAME, NOT_SAME): 5, (NOT_SAME, SAME): 10, (NOT_SAME, NOT_SAME): 15}
    found = agreement(pairs(both(counts), lambda _: True))
    assert (found.pairs, found.agreeing) == (50, 35)
    assert found.kappa == pytest.approx(0.4)
    assert found.low == pytest.approx(0.4 - 1.96 * (0.7 * 0.3 / 50) ** 0.5 / 0.5, abs=1e-4)
    assert found.table[0] == (NOT_SAME, SAME, 10)


def test_it_can_not_be_told_from_nothing_or_from_one_word():
    assert agreement([]).kappa is None
    assert agreement(pairs(both({(SAME, SAME): 9}), lambda _: True)).kappa is None


def test_two_who_confirm_different_people_disagree():
    found = agreement(pairs([said(1, "a", SAME, "A"), said(2, "b", SAME, "B")], lambda _: True))
    assert (found.pairs, found.agreeing) == (1, 0)


def test_only_first_words_of_two_people_on_records_drawn_for_two_count():
    decisions = [
        said(1, "a", SAME), said(2, "b", NOT_SAME), said(3, "a", NOT_SAME), said(4, "c", SAME, settles=True),
        said(5, "a", SAME, record="2"), said(6, "b", SAME, record="2", state=State.TAKEN_BACK),
        said(7, "a", SAME, record="3"), said(8, "b", SAME, record="3"),
    ]  # fmt: skip
    found = pairs(decisions, lambda key: key[1] != "3")
    assert [(one.first, one.second) for one in found] == [(SAME, NOT_SAME)]
