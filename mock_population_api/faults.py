"""Faults on demand: what shall go wrong, for whom, on which route, how often. Seeded, so that a run can be repeated.

A rule is set through `PUT /v1/faults`; the n-th request of a client to a route meets it or not by a draw that depends
on the rule's seed, client, route and n alone. A question with a magic number meets a fault without any rule
(`scenarios`).
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mock_population_api.problems import Problem
from mock_population_api.scenarios import scenario_in
from mock_population_api.security import Caller, Clock, now

PROBLEMS = {
    "too_many_requests": "rate_exceeded",
    "internal_error": "internal_error",
    "bad_gateway": "bad_gateway",
    "unavailable": "unavailable",
    "gateway_timeout": "gateway_timeout",
    "token_expired": "token_expired",
    "maintenance": "maintenance",
    # nobody reads this one: the connection is gone, and the work wasn't done
    "reset": "unavailable",
}
"""Fault that is an answer of its own → code of the problem."""

LINE_FAULTS = ("reset", "lost_answer", "cut_off", "slow_drip")
"""Faults of the connection; the last three come after the work was done."""

CONTENT_FAULTS = (
    "partial_batch", "stale_replica", "new_field", "unknown_value", "duplicate_page", "unordered_page",
)  # fmt: skip
"""Faults in what an answer says."""

KINDS = tuple(dict.fromkeys(("latency", *PROBLEMS, *LINE_FAULTS, *CONTENT_FAULTS)))

_WAITING = frozenset({"too_many_requests", "unavailable", "maintenance"})
ANY = "*"


@dataclass(frozen=True)
class Fault:
    """One fault, met by one request."""

    kind: str
    seconds: float
    """Of latency or drip; to wait, where the answer says so; how old a stale replica is."""

    def problem(self) -> Problem | None:
        """The problem that the fault answers with, None where it does something else."""
        code = PROBLEMS.get(self.kind)
        if code is None:
            return None
        headers = {"Retry-After": str(max(1, round(self.seconds)))} if self.kind in _WAITING else None
        return Problem(code, headers=headers)


@dataclass(frozen=True)
class FaultRule:
    """What goes wrong for whom, and how often."""

    fault: str
    client: str = ANY
    route: str = ANY
    share: float = 1.0
    """Of the requests it is meant for."""
    seed: int = 0
    seconds: float = 1.0
    after: int = 0
    """Requests of each client to each route that pass before it begins."""
    times: int | None = None
    """How often it happens at most, per client and route."""
    lasts_seconds: float | None = None
    """After so long it is over."""


class Faults:
    """The rules in force. May be shared by threads."""

    def __init__(self, clock: Clock = now, scenarios: bool = False) -> None:
        self._clock = clock
        self._scenarios = scenarios
        self._lock = threading.Lock()
        self._rules: tuple[FaultRule, ...] = ()
        self._set_at = clock()
        self._seen: Counter[tuple[int, str, str]] = Counter()
        self._made: Counter[tuple[int, str, str]] = Counter()
        self._tried: Counter[tuple[str, str]] = Counter()

    def rules(self) -> tuple[FaultRule, ...]:
        """What is in force, first come first."""
        return self._rules

    def set(self, rules: Sequence[FaultRule]) -> None:
        """Put these in force instead of all others, and begin counting anew."""
        with self._lock:
            self._rules, self._set_at = tuple(rules), self._clock()
            self._seen.clear()
            self._made.clear()

    def draw(self, caller: Caller, route: str, body: bytes) -> Fault | None:
        """What goes wrong with this request; the first rule that strikes counts."""
        scenario = scenario_in(body) if self._scenarios else None
        with self._lock:
            if scenario is not None:
                self._tried[caller.client, caller.request_id] += 1
                once_over = scenario.once and self._tried[caller.client, caller.request_id] > 1
                return None if once_over else Fault(scenario.fault, scenario.seconds)
            moment = self._clock()
            struck = [
                place for place in range(len(self._rules)) if self._strikes(place, caller, route, moment)
            ]
        rule = self._rules[struck[0]] if struck else None
        return Fault(rule.fault, rule.seconds) if rule else None

    def _strikes(self, place: int, caller: Caller, route: str, moment: datetime) -> bool:
        rule = self._rules[place]
        if rule.client not in {ANY, caller.client} or rule.route not in {ANY, route}:
            return False
        if rule.lasts_seconds is not None and moment > self._set_at + timedelta(seconds=rule.lasts_seconds):
            return False
        key = (place, caller.client, route)
        self._seen[key] += 1
        number = self._seen[key] - rule.after
        if number < 1 or (rule.times is not None and self._made[key] >= rule.times):
            return False
        strikes = _chance(f"{rule.seed} {place} {caller.client} {route} {number}") < rule.share
        self._made[key] += strikes
        return strikes


def _chance(words: str) -> float:
    """A number from 0 to 1 that depends on `words` alone."""
    return int.from_bytes(hashlib.blake2b(words.encode(), digest_size=8).digest()) / 2**64
