"""How long the client waits, and for what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.registry_patience import (
    Breaker,
    Clock,
    Limits,
    Pace,
    RetryBudget,
    backoff,
    rate_limit,
    retry_after,
)


class Time:
    def __init__(self):
        self.now = 0.0

    def clock(self):
        return Clock(now=lambda: self.now, chance=lambda: 0.0)


@pytest.fixture
def time():
    return Time()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"ratelimit": '"burst";r=50;t=30'}, (50, 30)),
        ({"ratelimit": '"burst";r=50;t=1, "day";r=3;t=4000'}, (3, 4000)),
        ({"ratelimit": "limit=100, remaining=0, reset=5"}, (0, 5)),
        ({"ratelimit-limit": "100", "ratelimit-remaining": "0", "ratelimit-reset": "12"}, (0, 12)),
        ({"ratelimit": '"burst";r=50'}, None),
        ({"ratelimit-remaining": "many", "ratelimit-reset": "soon"}, None),
        ({}, None),
    ],
)
def test_rate_limit_in_its_three_forms(headers, expected):
    assert rate_limit(headers) == expected


@given(st.text(), st.text())
def test_any_header_is_understood_or_ignored(text, other):
    headers = {
        "ratelimit": text,
        "ratelimit-remaining": other,
        "ratelimit-reset": text,
        "retry-after": text,
        "date": other,
    }
    rate_limit(headers)
    wait = retry_after(headers)
    assert wait is None or wait >= 0


def test_retry_after_in_the_past_is_now():
    headers = {"retry-after": "Thu, 01 Jan 2026 00:00:00 GMT", "date": "Thu, 01 Jan 2026 00:01:00 GMT"}
    assert retry_after(headers) == 0


def test_backoff_doubles_up_to_its_cap(time):
    waits = [backoff(tries, Limits(), time.clock()) for tries in (1, 2, 3, 10, 10_000)]
    assert waits == [0.25, 0.5, 1.0, 4.0, 4.0]


def test_the_budget_allows_a_fifth_and_makes_the_rest_wait(time):
    budget = RetryBudget(Limits(retry_reserve=2), time.clock())
    assert [budget.spend() for _ in range(4)] == [0, 0, 2, 4]
    time.now += 8
    assert budget.spend() == 0
    for _ in range(5):
        budget.earn()
    assert [budget.spend() for _ in range(2)] == pytest.approx([0, 0])
    assert budget.spend() > 0


def test_the_breaker_opens_after_failures_in_a_row_that_took_their_time(time):
    breaker = Breaker(Limits(breaker_failures=3, breaker_seconds=10, breaker_rest=60), time.clock())
    for _ in range(5):
        breaker.failed()
    assert not breaker.is_open()
    time.now += 10
    breaker.failed()
    assert breaker.is_open()
    time.now += 60
    assert not breaker.is_open()
    breaker.failed()
    assert breaker.is_open()
    breaker.succeeded()
    assert not breaker.is_open()


def test_pace_counts_requests_under_way_against_what_is_left(time):
    pace = Pace(time.clock())
    assert pace.enter() == pace.enter() == 0
    pace.leave({"ratelimit": '"a";r=2;t=5'})
    assert pace.enter() == 0  # one of the two left belongs to the request still under way
    assert pace.enter() == 5
    time.now += 5
    assert pace.enter() == 0


def test_pace_holds_everyone_when_told_to(time):
    pace = Pace(time.clock())
    pace.enter()
    pace.leave({}, hold=3)
    assert pace.enter() == 3
    time.now += 3
    assert pace.enter() == 0
