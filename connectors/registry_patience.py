"""How long and how often the registry is asked: retries, their budget, the breaker, the registry's own limits.

The retry loop is our own (`connectors.registry_line`), not stamina's: clock and sleep must be handed in,
the wait must heed Retry-After, a budget and a breaker shared by all threads, and stamina's default hook
logs the arguments of the retried call, which here are people.

Every moment is in seconds of the clock handed in, every duration in seconds.
"""

import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime


@dataclass(frozen=True)
class Clock:
    """Time and chance, replaceable in tests."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


@dataclass(frozen=True)
class Limits:
    """What the client allows itself; the registry's own limits come with its answers and are heeded too."""

    batch: int = 1_000
    """Questions in one request; the registry takes no more."""
    facts: int = 5_000
    """Facts of schools in one request; the registry takes no more. A fact is small, and so is what is answered to it."""
    workers: int = 4
    """Requests under way at once."""
    bulk_from: int = 500
    """From how many questions on a bulk job is used: three requests, but Arrow costs both sides a tenth of what JSON costs."""
    job_rows: int = 50_000
    """Questions in one job."""
    slice_bytes: int = 16 * 2**20
    """Bytes of a job's result fetched in one request."""
    answer_bytes: int = 512 * 2**20
    """An answer longer than this is refused."""
    timeout: float = 60.0
    """For each read, write or wait for a free connection; connecting gets ten seconds at most."""
    deadline: float = 300.0
    """For one request with all its retries."""
    attempts: int = 10
    """Tries of one request; a 429 doesn't count, as the deadline bounds those."""
    wait_first: float = 0.5
    wait_most: float = 8.0
    """Between two tries, unless the registry or the budget says longer."""
    retry_share: float = 0.2
    """Retries per request, over all; beyond the budget they come no faster than `retries_per_second`."""
    retry_reserve: float = 10.0
    retries_per_second: float = 0.5
    breaker_failures: int = 5
    """So many failures in a row of all requests together, over at least `breaker_seconds`, mean that the registry is down."""
    breaker_seconds: float = 15.0
    breaker_rest: float = 60.0
    """After so long without a try an open breaker lets requests through again."""
    job_deadline: float = 3_600.0
    poll_first: float = 0.5
    poll_most: float = 10.0
    refused_alone: int = 20
    """So many questions of one batch refused one by one, and none answered, mean that it isn't the questions."""


DEFAULT_LIMITS = Limits()
SYSTEM_CLOCK = Clock()


class RetryBudget:
    """Lets retries be a share of requests; in debt they wait, so that an outage isn't answered with a storm."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens = limits.retry_reserve
        self._counted_at = clock.now()

    def earn(self) -> None:
        """A new request allows for a share of a retry."""
        with self._lock:
            self._add(self._limits.retry_share)

    def spend(self) -> float:
        """Take one retry; returns the seconds it has to wait."""
        with self._lock:
            now = self._clock.now()
            self._add((now - self._counted_at) * self._limits.retries_per_second)
            self._counted_at = now
            self._tokens -= 1
            return max(0.0, -self._tokens / self._limits.retries_per_second)

    def _add(self, tokens: float) -> None:
        self._tokens = min(self._limits.retry_reserve, self._tokens + tokens)


class Breaker:
    """Opens when the registry is down, so that nobody goes on knocking."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._first = self._last = 0.0

    def succeeded(self) -> None:
        """The registry answered, in whatever words."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """A transport error or a 5xx."""
        with self._lock:
            self._last = self._clock.now()
            if self._failures == 0:
                self._first = self._last
            self._failures += 1

    @property
    def failures(self) -> int:
        """Failures in a row up to now."""
        return self._failures

    def is_open(self) -> bool:
        """Whether a request would be useless now."""
        with self._lock:
            return (
                self._failures >= self._limits.breaker_failures
                and self._last - self._first >= self._limits.breaker_seconds
                and self._clock.now() - self._last < self._limits.breaker_rest
            )


class Pace:
    """Holds requests back as the registry's `RateLimit` and `Retry-After` headers ask for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._under_way = 0
        self._permits: int | None = None
        self._renewed_at = 0.0
        self._not_before = 0.0

    def enter(self) -> float:
        """Ask to send: 0 when allowed (then `leave` must follow), else the seconds after which to ask again."""
        with self._lock:
            now = self._clock.now()
            if self._permits is not None and now >= self._renewed_at:
                self._permits = None
            if now < self._not_before:
                return self._not_before - now
            if self._permits is not None and self._permits <= 0:
                return self._renewed_at - now
            self._permits = None if self._permits is None else self._permits - 1
            self._under_way += 1
            return 0.0

    def leave(self, headers: Mapping[str, str], hold: float = 0.0) -> None:
        """Learn from an answer's headers; `hold` keeps everyone waiting for so many seconds."""
        with self._lock:
            now = self._clock.now()
            self._under_way -= 1
            self._not_before = max(self._not_before, now + hold)
            if (allowance := rate_limit(headers)) is not None:
                remaining, reset = allowance
                self._permits = remaining - self._under_way
                self._renewed_at = now + reset


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by `Retry-After`: a number, or a date seen against the answer's own `Date`."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        return float(text)
    try:
        return max(
            0.0, (parsedate_to_datetime(text) - parsedate_to_datetime(headers["date"])).total_seconds()
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def rate_limit(headers: Mapping[str, str]) -> tuple[int, float] | None:
    """The tightest of the limits announced: how many more requests, for how many seconds.

    Reads `RateLimit: "name";r=50;t=30`, its earlier form `RateLimit: remaining=50, reset=30`, and the
    separate `RateLimit-Remaining` and `RateLimit-Reset`; None when there is nothing that can be read.
    """
    text = headers.get("ratelimit", "")
    apart = f"remaining={headers.get('ratelimit-remaining', '')}, reset={headers.get('ratelimit-reset', '')}"
    found = [
        (_whole(policy, r";\s*r=([0-9]{1,12})"), _whole(policy, r";\s*t=([0-9]{1,9})"))
        for policy in text.split(",")
    ]
    found += [
        (_whole(form, r"\bremaining=([0-9]{1,12})"), _whole(form, r"\breset=([0-9]{1,9})"))
        for form in (text, apart)
    ]
    return min(
        ((left, float(reset)) for left, reset in found if left is not None and reset is not None),
        default=None,
    )


def _whole(text: str, pattern: str) -> int | None:
    match = re.search(pattern, text)
    return int(match[1]) if match else None


def backoff(tries: int, limits: Limits, clock: Clock) -> float:
    """Seconds before the next try: doubling, capped, and spread over the upper half by chance."""
    full = min(limits.wait_most, limits.wait_first * 2.0 ** min(tries - 1, 30))
    return full * (0.5 + clock.chance() / 2)
