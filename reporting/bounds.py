"""How far from a count or a share the truth may lie: one-sided bounds, without a table or a library."""

from collections.abc import Callable
from math import exp, lgamma, log, log1p

CONFIDENCE = 0.95
_ROUNDS = 60


def poisson_bound(expected: float, confidence: float = CONFIDENCE) -> int:
    """The smallest count that a Poisson variable exceeds no more often than allowed.

    Args:
        expected: Its mean.
        confidence: P(it stays within the bound), at least.
    """
    if expected <= 0:
        return 0
    count, within = 0, exp(-expected) if expected < 700 else 0.0
    while within < confidence:
        count += 1
        within += exp(count * log(expected) - expected - lgamma(count + 1))
        # what is left of the tail can't be told from rounding any more
        if count > 20 * (expected + 10):
            break
    return count


def share_bounds(hits: int, of: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The exact interval of a share (Clopper and Pearson 1934), each side at the given confidence.

    Args:
        hits: How often it was seen.
        of: In how many.
        confidence: P(the true share is not above the upper bound), and the same for the lower one.
    """
    return 1 - _upper(of - hits, of, 1 - confidence), _upper(hits, of, 1 - confidence)


def _upper(hits: int, of: int, tail: float) -> float:
    """The share under which so few hits, or fewer, have just the chance of the tail."""
    return 1.0 if hits >= of else _where(lambda share: _at_most(hits, of, share), tail)


def _where(falling: Callable[[float], float], value: float) -> float:
    """Where a function that falls from 1 to 0 over the shares takes a value."""
    low, high = 0.0, 1.0
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > value else (low, middle)
    return high


def _at_most(hits: int, of: int, share: float) -> float:
    """P(at most so many hits) of a binomial variable."""
    if share <= 0 or share >= 1:
        return 1.0 if share <= 0 else 0.0
    ways, odds = lgamma(of + 1), log(share) - log1p(-share)

    def chance(k: int) -> float:
        return exp(ways - lgamma(k + 1) - lgamma(of - k + 1) + k * odds + of * log1p(-share))

    if 2 * hits > of:
        return max(0.0, 1 - sum(map(chance, range(hits + 1, of + 1))))
    return sum(map(chance, range(hits + 1)))
