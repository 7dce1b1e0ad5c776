"""How much a client may ask: requests per second with a burst, and requests per day.

The allowance of a moment is a token bucket; the day is counted in Việt Nam (UTC+7) and begins anew when the service
is started again. What is left is told in the headers `RateLimit` and `RateLimit-Policy` of every answer.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from mock_population_api.problems import Problem
from mock_population_api.security import Clock, now

_HANOI = timezone(timedelta(hours=7))
_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Rate:
    """What one client may ask."""

    per_second: float = 500.0
    burst: int = 1_000
    """Requests that may come at once after a rest."""
    per_day: int = 2_000_000


@dataclass
class _Account:
    """What a client has left."""

    tokens: float
    counted_at: datetime
    day: str
    asked: int = 0


class RateLimits:
    """Counts the requests of every client, each for itself."""

    def __init__(self, rate: Rate | None = None, clock: Clock = now) -> None:
        self._rate = rate or Rate()
        self._clock = clock
        self._accounts: dict[str, _Account] = {}

    def take(self, client: str) -> dict[str, str]:
        """Count one request of `client`; the headers that tell what is left.

        Raises:
            Problem: rate_exceeded or quota_exhausted, with the headers and `Retry-After`.
        """
        moment = self._clock()
        account = self._account(client, moment)
        if account.asked >= self._rate.per_day:
            wait = _until_tomorrow(moment)
            raise Problem("quota_exhausted", headers=self._headers(account, moment, wait))
        if account.tokens < 1:
            wait = max(1, math.ceil((1 - account.tokens) / self._rate.per_second))
            raise Problem("rate_exceeded", headers=self._headers(account, moment, wait))
        account.tokens -= 1
        account.asked += 1
        return self._headers(account, moment)

    def _account(self, client: str, moment: datetime) -> _Account:
        """The client's account, filled up to `moment`."""
        day = moment.astimezone(_HANOI).date().isoformat()
        account = self._accounts.setdefault(client, _Account(self._rate.burst, moment, day))
        gained = max(0.0, (moment - account.counted_at).total_seconds()) * self._rate.per_second
        account.tokens = min(self._rate.burst, account.tokens + gained)
        account.counted_at = moment
        if account.day != day:
            account.day, account.asked = day, 0
        return account

    def _headers(self, account: _Account, moment: datetime, wait: int | None = None) -> dict[str, str]:
        rate = self._rate
        refilled = max(1, math.ceil((rate.burst - account.tokens) / rate.per_second))
        window = max(1, math.ceil(rate.burst / rate.per_second))
        left, tomorrow = rate.per_day - account.asked, _until_tomorrow(moment)
        headers = {
            "RateLimit-Policy": f'"burst";q={rate.burst};w={window}, "day";q={rate.per_day};w={_DAY_SECONDS}',
            "RateLimit": f'"burst";r={int(account.tokens)};t={refilled}, "day";r={left};t={tomorrow}',
        }
        return headers if wait is None else headers | {"Retry-After": str(wait)}


def _until_tomorrow(moment: datetime) -> int:
    """Seconds to the next midnight in Việt Nam."""
    local = moment.astimezone(_HANOI)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return max(1, math.ceil((midnight - local).total_seconds()))
