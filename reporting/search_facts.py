"""What the search of a run says about itself, kind by kind, out of what its partitions keep as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reporting.bounds import poisson_bound, share_bounds

Facts = Mapping[str, Any]
"""Of one partition: `compared`, `settled` (pass → count), `rules` (rule → pairs, found, alone), `reliability` (bins: from, to, pairs, stated,
observed), `expected_false`, `threshold`, `missed`."""


@dataclass(frozen=True)
class RuleLine:
    """What one blocking rule did."""

    rule: str
    pairs: int
    found: float | None
    """Share of the sample whose entry it finds; None without a sample."""
    alone: float | None
    """Share whose entry no other rule finds."""


@dataclass(frozen=True)
class SearchKind:
    """The search of one kind of record."""

    kind: str
    compared: Mapping[str, int]
    """Pass → pairs compared."""
    rules: tuple[RuleLine, ...]
    linked: int
    """Links that the search made; those carried over from earlier runs don't count."""
    threshold: float
    """The lowest probability from which a partition linked."""
    expected_false: float
    """Of the links, from their probabilities."""
    missed: float | None
    """Estimated share of people in the registry whom no blocking rule finds."""
    sampled: int
    """Verified records searched again without their number, in the bins of probability that reach the threshold."""
    wrong: int
    """Of these, those whose best candidate is somebody else."""

    @property
    def at_most(self) -> int:
        """False links that are not exceeded with 95 % chance, if the probabilities are true."""
        return poisson_bound(self.expected_false)

    @property
    def rate_by_sample(self) -> float | None:
        """False links per link, at most, as far as the sample alone shows it; None without a sample."""
        return share_bounds(self.wrong, self.sampled)[1] if self.sampled else None


def search_kind(kind: str, parts: Sequence[Facts]) -> SearchKind | None:
    """The facts of a kind's partitions as one; None where none keeps any.

    Shares of samples are averaged by the size of the samples, and counts added up.
    """
    known = [part for part in parts if part.get("compared")]
    if not known:
        return None
    sizes = [_sample(part) for part in known]
    sure = [one for part in known for one in part.get("reliability", ()) if one[1] > part["threshold"]]
    sampled = sum(int(one[2]) for one in sure)
    right = sum(round(one[2] * one[4]) for one in sure)
    return SearchKind(
        kind=kind,
        compared=_added(part["compared"] for part in known),
        rules=_rules(known, sizes),
        linked=sum(_added(part.get("settled", {}) for part in known).values()),
        threshold=min(part["threshold"] for part in known),
        expected_false=sum(part.get("expected_false", 0.0) for part in known),
        missed=_mean([part.get("missed") for part in known], [max(1, size) for size in sizes]),
        sampled=sampled,
        wrong=sampled - right,
    )


def _sample(part: Facts) -> int:
    return sum(int(one[2]) for one in part.get("reliability", ()))


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for name, count in one.items():
            total[name] = total.get(name, 0) + count
    return total


def _rules(parts: Sequence[Facts], sizes: Sequence[int]) -> tuple[RuleLine, ...]:
    names = dict.fromkeys(name for part in parts for name in part.get("rules", {}))

    def share(name: str, what: str) -> float | None:
        return _mean([part.get("rules", {}).get(name, {}).get(what) for part in parts], sizes)

    return tuple(
        RuleLine(
            name,
            sum(part.get("rules", {}).get(name, {}).get("pairs", 0) for part in parts),
            share(name, "found"),
            share(name, "alone"),
        )
        for name in names
    )


def _mean(values: Sequence[float | None], sizes: Sequence[int]) -> float | None:
    """Weighted by sizes; None where nothing is known."""
    known = [(value, size) for value, size in zip(values, sizes, strict=True) if value is not None and size]
    whole = sum(size for _, size in known)
    return sum(value * size for value, size in known) / whole if whole else None
