"""Links that were drawn, by what people said of them; how surely the share that is right is known."""

import pytest

from connectors.link_samples import Drawn
from connectors.review_store import Decision, Seen
from connectors.review_tables import State
from matching.decision import Verdict
from reporting.reviewed_sample import Sample
from review.sampled import judged

RIGHT, OTHER = "038315000001", "038315000002"
LINK = Drawn("student", "1", RIGHT, "38", "claimed_id", "2026-11-22T01:00:00.000000+00:00")
_numbers = iter(range(1, 1000))


def said(verdict, *numbers, who="Hoa", at="2026-11-22T09", settles=False, state=State.ACTIVE):
    return Decision(
        kind="student", record_id="1", province="38", verdict=verdict, entries=tuple(Seen(one, "x") for one in numbers),
        note="", reviewer=who, run="r", fingerprint="f", source_file="s", source_row=1, source_digest="d",
        settles=settles, number=next(_numbers), decided_at=f"{at}:00:00.000000+00:00", state=state,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        ([], (0, 0, 0, 1)),
        ([said(Verdict.SAME, RIGHT)], (1, 0, 0, 0)),
        ([said(Verdict.SAME, RIGHT, state=State.WITHDRAWN)], (1, 0, 0, 0)),
        ([said(Verdict.SAME, RIGHT, state=State.TAKEN_BACK)], (0, 0, 0, 1)),
        ([said(Verdict.SAME, RIGHT, at="2026-11-20T09")], (0, 0, 0, 1)),
        ([said(Verdict.SAME, OTHER)], (0, 1, 0, 0)),
        ([said(Verdict.NOT_SAME, RIGHT)], (0, 1, 0, 0)),
        ([said(Verdict.NOT_SAME, OTHER)], (0, 0, 1, 0)),
        ([said(Verdict.UNSURE, RIGHT)], (0, 0, 1, 0)),
        ([said(Verdict.NOT_SAME, RIGHT), said(Verdict.SAME, RIGHT)], (1, 0, 0, 0)),
        ([said(Verdict.NOT_SAME, RIGHT), said(Verdict.SAME, RIGHT, who="Bình")], (0, 0, 1, 0)),
        (
            [
                said(Verdict.NOT_SAME, RIGHT),
                said(Verdict.SAME, RIGHT, who="Bình"),
                said(Verdict.SAME, RIGHT, who="Sơn", settles=True),
            ],
            (1, 0, 0, 0),
        ),
    ],
)
def test_the_last_words_since_the_draw_count(words, counts):
    assert judged([LINK], words) == Sample(*counts)


def test_the_interval_is_that_of_clopper_and_pearson_and_more_reviews_halve_it():
    all_right, some = Sample(200, 0, 3, 0), Sample(95, 5, 0, 0)
    assert (all_right.low, all_right.high) == (pytest.approx(0.98172, abs=1e-5), 1.0)
    assert (some.low, some.high) == pytest.approx((0.88717, 0.98357), abs=1e-5)
    assert 195 <= all_right.to_halve <= 205
    assert 240 <= some.to_halve <= 320
