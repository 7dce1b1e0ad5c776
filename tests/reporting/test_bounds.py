import pytest

from reporting.bounds import poisson_bound, share_bounds


def test_shares_have_the_intervals_of_the_textbooks() -> None:
    # Clopper and Pearson: 5 of 10 at 90 % two-sided; nothing in 3,000: the rule of three
    assert share_bounds(5, 10) == pytest.approx((0.2224, 0.7776), abs=1e-4)
    assert share_bounds(0, 3_000) == pytest.approx((0.0, 1 - 0.05 ** (1 / 3_000)))
    assert share_bounds(3_000, 3_000) == pytest.approx((0.05 ** (1 / 3_000), 1.0))


def test_both_sides_agree_where_hits_are_many_or_few() -> None:
    low, high = share_bounds(7, 1_000)
    assert share_bounds(993, 1_000) == pytest.approx((1 - high, 1 - low))
    assert low < 0.007 < high


def test_nothing_seen_says_nothing() -> None:
    assert share_bounds(0, 0) == (0.0, 1.0)


def test_counts_stay_within_their_bound_as_often_as_said() -> None:
    assert poisson_bound(0) == 0
    assert poisson_bound(3.0) == 6  # P(≤ 5) = .916, P(≤ 6) = .966
    assert poisson_bound(2_500) == pytest.approx(2_500 + 1.645 * 50, abs=3)
