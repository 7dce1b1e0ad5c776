"""Which decisions hold when people agree, differ, change their minds and settle."""

import pytest

from connectors.review_store import Decision, Seen
from connectors.review_tables import State
from matching.decision import Verdict
from review.standing import settles, states

X, Y = "001315000001", "001315000002"
ACTIVE, SUPERSEDED, CONFLICT, WITHDRAWN = State.ACTIVE, State.SUPERSEDED, State.CONFLICT, State.WITHDRAWN


def said(number, reviewer, verdict, *entries, record="S1", ends=False, state=State.ACTIVE, kind="student"):
    return Decision(
        kind=kind, record_id=record, province="38", verdict=verdict, entries=tuple(Seen(one, "s") for one in entries),
        note="", reviewer=reviewer, run="r", fingerprint="f", source_file="l", source_row=number, source_digest="d",
        settles=ends, state=state, number=number,
    )  # fmt: skip


def stand(*decisions):
    found = states(decisions)
    return [found[one.number] for one in decisions]


def test_people_who_agree_hold_together():
    assert stand(said(1, "a", Verdict.SAME, X), said(2, "b", Verdict.SAME, X)) == [ACTIVE, ACTIVE]
    assert stand(said(1, "a", Verdict.NOT_SAME, X), said(2, "b", Verdict.NOT_SAME, Y)) == [ACTIVE, ACTIVE]
    assert stand(said(1, "a", Verdict.NOT_SAME, X), said(2, "b", Verdict.SAME, Y)) == [ACTIVE, ACTIVE]


@pytest.mark.parametrize(
    "other",
    [
        said(2, "b", Verdict.SAME, Y),
        said(2, "b", Verdict.NOT_SAME, X, Y),
        said(2, "b", Verdict.UNSURE, X),
        said(2, "b", Verdict.NO_NUMBER, X),
    ],
)
def test_people_who_differ_wait(other):
    assert stand(said(1, "a", Verdict.SAME, X), other) == [CONFLICT, CONFLICT]


def test_a_change_of_mind_replaces_ones_own_word_and_may_end_a_conflict():
    first, second = said(1, "a", Verdict.SAME, X), said(2, "b", Verdict.SAME, Y)
    assert stand(first, second, said(3, "a", Verdict.SAME, Y)) == [SUPERSEDED, ACTIVE, ACTIVE]


def test_a_third_settles_and_what_comes_after_can_differ_anew():
    both = said(1, "a", Verdict.SAME, X), said(2, "b", Verdict.NOT_SAME, X)
    third = said(3, "c", Verdict.SAME, X, ends=True)
    assert stand(*both, third) == [SUPERSEDED, SUPERSEDED, ACTIVE]
    assert stand(*both, third, said(4, "b", Verdict.NOT_SAME, X)) == [
        SUPERSEDED,
        SUPERSEDED,
        CONFLICT,
        CONFLICT,
    ]


def test_what_was_withdrawn_contradicts_nobody():
    gone = said(1, "a", Verdict.SAME, X, state=WITHDRAWN)
    assert stand(gone, said(2, "b", Verdict.SAME, Y)) == [WITHDRAWN, ACTIVE]


def test_two_records_on_one_entry_wait_and_a_third_may_confirm_one_or_both():
    first, second = said(1, "a", Verdict.SAME, X), said(2, "b", Verdict.SAME, X, record="S2")
    assert stand(first, second) == [CONFLICT, CONFLICT]
    ended = said(3, "c", Verdict.SAME, X, ends=True)
    assert stand(first, second, ended) == [SUPERSEDED, CONFLICT, ACTIVE]
    both = ended, said(4, "c", Verdict.SAME, X, record="S2", ends=True)
    assert stand(first, second, *both) == [SUPERSEDED, SUPERSEDED, ACTIVE, ACTIVE]
    assert stand(first, second, said(3, "c", Verdict.NOT_SAME, X, ends=True)) == [SUPERSEDED, ACTIVE, ACTIVE]


def test_a_parent_has_a_record_for_each_child_and_nobody_waits():
    records = [
        said(1, "a", Verdict.SAME, X, record="G1", kind="guardian"),
        said(2, "b", Verdict.SAME, X, record="G2", kind="guardian"),
    ]
    assert stand(*records) == [ACTIVE, ACTIVE]
    assert stand(*records, said(3, "c", Verdict.SAME, Y, record="G1", kind="guardian")) == [
        CONFLICT,
        ACTIVE,
        CONFLICT,
    ]


def test_who_is_a_party_settles_nothing_nor_does_a_doubt():
    key, waiting = ("student", "S1"), [
        said(1, "a", Verdict.SAME, X, state=CONFLICT), said(2, "b", Verdict.SAME, X, record="S2", state=CONFLICT)
    ]  # fmt: skip
    assert settles("c", Verdict.SAME, key, waiting)
    assert not settles("b", Verdict.SAME, key, waiting)
    assert not settles("c", Verdict.UNSURE, key, waiting)
    assert not settles("c", Verdict.SAME, ("student", "S9"), waiting)


def test_who_settled_may_change_their_mind():
    words = [
        said(1, "a", Verdict.SAME, X),
        said(2, "b", Verdict.SAME, Y),
        said(3, "c", Verdict.SAME, X, ends=True),
    ]
    assert settles("c", Verdict.SAME, ("student", "S1"), words)
