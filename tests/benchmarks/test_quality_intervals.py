import pytest

from benchmarks.quality.intervals import at_most, upper_bound, within_factor


@pytest.mark.parametrize(
    ("events", "trials", "upper"),
    [(0, 10, 0.308497), (0, 15910, 2.3184e-4), (2, 27117, 2.6640e-4), (10, 10, 1.0)],
    ids=["none of ten", "none of many", "two of many", "all"],
)
def test_upper_end_of_the_interval(events, trials, upper):
    assert upper_bound(events, trials) == pytest.approx(upper, rel=1e-3)


def test_sum_of_the_binomial():
    assert at_most(1, 3, 0.5) == pytest.approx(0.5)
    assert at_most(3, 3, 0.5) == pytest.approx(1.0)
    assert at_most(-1, 3, 0.5) == 0.0


@pytest.mark.parametrize(
    ("observed", "trials", "stated", "verdict"),
    [
        (15, 1000, 0.01, "within"),
        (60, 1000, 0.01, "overconfident"),
        (0, 1000, 0.01, "underconfident"),
        (1, 20, 0.01, "too few to tell"),
        (0, 20, 0.01, "too few to tell"),
        (0, 0, 0.01, "within"),
    ],
)
def test_small_bins_do_not_cry_wolf(observed, trials, stated, verdict):
    assert within_factor(observed, trials, stated) == verdict
