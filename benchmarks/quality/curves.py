"""Recall against false links as the threshold falls, for any program that gives each record one best candidate and a score."""

from dataclasses import asdict, dataclass

import numpy as np

RATES = (0.5, 1.0, 2.0)
"""False links in 10,000 at which programs are compared."""

CUSTOMARY = 0.99
"""The probability from which a program is commonly trusted."""


@dataclass(frozen=True)
class Point:
    """What a threshold gives."""

    threshold: float
    linked: int
    false_links: int
    recall: float
    per_10000: float

    def as_dict(self) -> dict[str, float]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Curve:
    """All thresholds, strictest first: arrays of one length. Records of equal score are linked together or not at all."""

    threshold: np.ndarray
    linked: np.ndarray
    false_links: np.ndarray
    findable: int

    def at(self, position: int) -> Point:
        """One threshold."""
        linked, wrong = int(self.linked[position]), int(self.false_links[position])
        recall = (linked - wrong) / max(self.findable, 1)
        return Point(float(self.threshold[position]), linked, wrong, recall, 1e4 * wrong / max(linked, 1))

    @property
    def recall(self) -> np.ndarray:
        """Right links of all findable records."""
        return (self.linked - self.false_links) / max(self.findable, 1)

    @property
    def per_10000(self) -> np.ndarray:
        """False links in 10,000 links."""
        return 1e4 * self.false_links / np.maximum(self.linked, 1)

    def best_within(self, rate: float) -> Point | None:
        """The most recall of any threshold with at most so many false links in 10,000; None where none keeps it."""
        keeps = self.per_10000 <= rate
        return self.at(int(np.argmax(np.where(keeps, self.recall, -1)))) if keeps.any() else None

    def at_least(self, threshold: float) -> Point | None:
        """All that reach a score; None where nothing does."""
        reached = int(np.count_nonzero(self.threshold >= threshold))
        return self.at(reached - 1) if reached else None

    def thinned(self, points: int = 400) -> list[tuple[float, float]]:
        """(false links in 10,000, recall) at about so many thresholds: half evenly by links, half around false links."""
        steps = np.flatnonzero(np.diff(self.false_links, prepend=0))
        around = np.unique(np.concatenate([np.maximum(steps - 1, 0), steps]))
        picked = [those[_evenly(len(those), points // 2)] for those in (np.arange(len(self.linked)), around)]
        return [
            (float(self.per_10000[at]), float(self.recall[at])) for at in np.unique(np.concatenate(picked))
        ]


def _evenly(length: int, points: int) -> np.ndarray:
    return (
        np.unique(np.linspace(0, length - 1, min(points, length)).astype(int)) if length else np.zeros(0, int)
    )


def curve(scores: np.ndarray, right: np.ndarray, findable: int) -> Curve:
    """The curve of best candidates.

    Args:
        scores: one per record that has a candidate, higher is surer.
        right: whether it is the record's entry.
        findable: records that have an entry at all.
    """
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.append(falling[1:] != falling[:-1], True) if len(falling) else np.zeros(0, bool)
    wrong = np.cumsum(~right[order])
    return Curve(falling[last], np.arange(1, len(falling) + 1)[last], wrong[last], findable)


def readings(of: Curve) -> dict[str, dict[str, float] | None]:
    """The points at which programs are compared: within each of RATES, and from P >= CUSTOMARY; None where there is no such point."""
    points = {f"within_{rate:g}": of.best_within(rate) for rate in RATES}
    points[f"own_{CUSTOMARY:g}"] = of.at_least(CUSTOMARY)
    return {name: point.as_dict() if point else None for name, point in points.items()}


def point_line(point: dict[str, float]) -> str:
    """A point as text."""
    return (
        f"recall {point['recall']:.4f}  false {point['false_links']:4} of {point['linked']}  "
        f"per 10,000 {point['per_10000']:.2f}  from P {point['threshold']:.6f}"
    )
