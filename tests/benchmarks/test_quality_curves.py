import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.quality.curves import curve


def _curve(pairs, findable):
    scores, right = zip(*pairs, strict=True) if pairs else ((), ())
    return curve(np.array(scores, float), np.array(right, bool), findable)


def test_recall_counts_right_links_of_all_findable():
    swept = _curve([(0.9, True), (0.8, True), (0.7, False), (0.6, True)], 5)
    assert swept.at_least(0.8).recall == pytest.approx(2 / 5)
    assert swept.at_least(0.5).false_links == 1
    assert swept.at_least(0.95) is None


def test_best_within_passes_over_a_false_link_when_later_thresholds_keep_the_rate():
    swept = _curve([(1.0, False), *[(0.5 - at / 1e5, True) for at in range(10_000)]], 10_000)
    assert swept.best_within(1.0).linked == 10_001
    assert swept.best_within(0.5) is None


def test_records_of_equal_score_are_linked_together():
    swept = _curve([(0.9, True), (0.9, False), (0.9, True)], 3)
    assert [swept.at(0).linked, swept.at(0).false_links] == [3, 1]
    assert len(swept.linked) == 1


def test_nothing_found_is_no_error():
    swept = _curve([], 3)
    assert swept.best_within(1.0) is None
    assert swept.thinned() == []


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60), st.floats(0, 10_000))
def test_best_within_keeps_the_rate_and_nothing_that_keeps_it_has_more(pairs, rate):
    swept = _curve(pairs, len(pairs))
    best = swept.best_within(rate)
    kept = [swept.at(at) for at in range(len(swept.linked)) if swept.at(at).per_10000 <= rate]
    assert (best is None) == (not kept)
    assert best is None or best.recall == max(point.recall for point in kept)
