"""How well people agree who decided on the same records without knowing of each other: Cohen's kappa, with its interval."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import sqrt

from connectors.review_store import Decision, Key
from connectors.review_tables import State
from matching.decision import Verdict

_Z = 1.959964
"""Of a 95 % interval."""


@dataclass(frozen=True)
class Pair:
    """Two independent decisions on one record."""

    first: Verdict
    second: Verdict
    agree: bool
    """Whether they say the same; two who choose different candidates don't."""


@dataclass(frozen=True)
class Agreement:
    """Of all pairs."""

    pairs: int
    agreeing: int
    kappa: float | None
    """None where it can't be told: no pairs, or everybody always said one thing."""
    low: float | None
    high: float | None
    table: tuple[tuple[Verdict, Verdict, int], ...]
    """How often the first said this and the second that, what they differ on first."""


def pairs(decisions: Iterable[Decision], drawn: Callable[[Key], bool]) -> list[Pair]:
    """The first words of the first two people on each record that was drawn for two.

    Args:
        decisions: All on some records.
        drawn: Whether a record is one that two people decide on.
    """
    found = []
    for key, some in groupby(
        sorted(decisions, key=lambda one: (one.key, one.number)), key=lambda one: one.key
    ):
        words: dict[str, Decision] = {}
        for one in some:
            if not one.settles and one.state != State.TAKEN_BACK:
                words.setdefault(one.reviewer, one)
        if len(words) > 1 and drawn(key):
            found.append(_pair(*list(words.values())[:2]))
    return found


def _pair(first: Decision, second: Decision) -> Pair:
    same_person = first.verdict != Verdict.SAME or first.numbers == second.numbers
    return Pair(first.verdict, second.verdict, first.verdict == second.verdict and same_person)


def agreement(found: Sequence[Pair]) -> Agreement:
    """Cohen's kappa, the first person's words against the second's.

    The interval is the usual one for large samples (J. Cohen, "A coefficient of agreement for nominal scales", 1960).
    """
    counted = Counter((one.first, one.second) for one in found)
    table = sorted(
        ((*pair, count) for pair, count in counted.items()), key=lambda row: (row[0] == row[1], -row[2])
    )
    agreeing = sum(one.agree for one in found)
    count = len(found)
    if not count:
        return Agreement(0, 0, None, None, None, ())
    observed = agreeing / count
    by_chance = sum(
        sum(one.first == verdict for one in found) * sum(one.second == verdict for one in found)
        for verdict in Verdict
    ) / (count * count)
    if by_chance >= 1:
        return Agreement(count, agreeing, None, None, None, tuple(table))
    kappa = (observed - by_chance) / (1 - by_chance)
    half = _Z * sqrt(observed * (1 - observed) / count) / (1 - by_chance)
    return Agreement(count, agreeing, kappa, max(-1.0, kappa - half), min(1.0, kappa + half), tuple(table))
