"""Exact binomial arithmetic: the interval of a rate, and whether a stated rate can be what was observed."""

import math

COINCIDENCE = 0.025
"""A tail this thin is no longer put down to chance (one side of 95 %)."""


def upper_bound(events: int, trials: int) -> float:
    """Upper end of the two-sided 95 % interval of a rate (Clopper and Pearson 1934), by bisection on the binomial sum."""
    low, high = events / max(trials, 1), 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(events, trials, middle) > COINCIDENCE else (low, middle)
    return high


def at_most(events: int, trials: int, rate: float) -> float:
    """P(at most so many events in so many trials)."""
    if events < 0:
        return 0.0
    logs = [
        math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
        + k * math.log(max(rate, 1e-300)) + (trials - k) * math.log1p(-min(rate, 1 - 1e-12))
        for k in range(min(events, trials) + 1)
    ]  # fmt: skip
    return min(1.0, sum(map(math.exp, logs)))


def within_factor(observed: int, trials: int, stated: float, factor: float = 2.0) -> str:
    """Whether an observed error rate is within a factor of the stated one.

    Outside it, an exact one-sided test decides whether so many (so few) errors could be chance if the true rate lay at the
    nearer end of the factor: without it a bin of few records would be called wrong for one error.

    Returns:
        `within`, `too few to tell`, `overconfident` (more errors than stated) or `underconfident`.
    """
    most, least = min(stated * factor, 1.0), stated / factor
    if not trials or least * trials <= observed <= most * trials:
        return "within"
    if observed > most * trials:
        return "overconfident" if 1 - at_most(observed - 1, trials, most) < COINCIDENCE else "too few to tell"
    return "underconfident" if at_most(observed, trials, least) < COINCIDENCE else "too few to tell"
