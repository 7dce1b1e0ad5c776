"""Rates and quotas: each client for itself, told in headers."""

from datetime import timedelta

import pytest

from mock_population_api.problems import Problem
from mock_population_api.rates import Rate, RateLimits


@pytest.fixture
def limits(watch):
    return RateLimits(Rate(per_second=2, burst=3, per_day=6), watch)


def refused(limits, client="sync"):
    with pytest.raises(Problem) as problem:
        limits.take(client)
    return problem.value.kind.code, problem.value.headers


def test_a_burst_then_as_many_as_a_second_gives(limits, watch):
    left = [limits.take("sync")["RateLimit"].split(",")[0] for _ in range(3)]
    assert left == ['"burst";r=2;t=1', '"burst";r=1;t=1', '"burst";r=0;t=2']
    code, headers = refused(limits)
    assert (code, headers["Retry-After"]) == ("rate_exceeded", "1")
    watch.forward(seconds=1)
    limits.take("sync")
    limits.take("sync")
    assert refused(limits)[0] == "rate_exceeded"


def test_the_quota_ends_with_the_day_in_viet_nam(limits, watch):
    for _ in range(6):
        limits.take("sync")
        watch.forward(seconds=1)
    code, headers = refused(limits)
    # the watch shows 15:00:06 in Hà Nội
    assert (code, headers["Retry-After"]) == ("quota_exhausted", str(9 * 3600 - 6))
    assert '"day";r=0;' in headers["RateLimit"]
    watch.moment += timedelta(hours=9)
    assert '"day";r=5;' in limits.take("sync")["RateLimit"]


def test_two_clients_do_not_take_from_one_another(limits):
    for _ in range(3):
        limits.take("sync")
    assert limits.take("other")["RateLimit"].startswith('"burst";r=2;')


def test_every_answer_tells_what_is_left_and_a_refusal_when_to_come_again(make_client, hand_made):
    with make_client(rate=Rate(per_second=1, burst=2)) as client:
        hand_made.sign_in(client)
        assert (
            client.get("/v1/info").headers["RateLimit-Policy"] == '"burst";q=2;w=2, "day";q=2000000;w=86400'
        )
        malformed = client.post("/v1/lookup", json={"numbers": 1})
        assert (malformed.status_code, malformed.headers["RateLimit"][:13]) == (422, '"burst";r=0;t')
        refusal = client.get("/v1/info")
        assert (refusal.status_code, refusal.json()["code"]) == (429, "rate_exceeded")
        assert refusal.headers["Retry-After"] == "1"
        hand_made.sign_in(client, "other")
        assert client.get("/v1/info").status_code == 200
