"""Charts of the search, as `reporting.charts` makes them: inline SVG, looks in the style sheet, every figure also in a table beside."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reporting.bounds import share_bounds

SCALE = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0)
"""Probabilities that stand at the same distance from each other: where decisions fall there is the most room."""

_STEP, _BIN, _LEFT, _TOP, _BELOW = 34, 58, 52, 10, 30


@dataclass(frozen=True)
class ReliabilityBin:
    """Pairs of about the same stated probability."""

    stated: float
    observed: float
    pairs: int
    label: str
    """What stands below: how many pairs."""


def funnel_bar(entering: float, linked: float, title: str, width: int = 150, height: int = 11) -> Markup:
    """One pass: the records that enter it, and in dark those that it links, both as shares of all."""
    shapes = [
        _rect(0, 0, width, height, "track"),
        _rect(0, 0, width * entering, height, "part review"),
        _rect(0, 0, max(width * linked, 0.75) if linked else 0, height, "part linked"),
    ]
    return _svg(width, height, title, shapes, "bar funnel", "none")


def reliability_chart(bins: Sequence[ReliabilityBin], ticks: Sequence[str], title: str) -> Markup:
    """Stated against observed, bin by bin, on a scale that widens towards certainty.

    Args:
        bins: In order.
        ticks: How the probabilities of the scale are written, from 0 to 1.
        title: What a reader hears.
    """
    height, width = _STEP * (len(SCALE) - 1), (len(SCALE) - 1) * _BIN
    shapes = [_grid(at, label, width) for at, label in enumerate(ticks)]
    for place, one in enumerate(bins):
        shapes.append(_bin(_LEFT + _BIN * (place + 0.5), one))
    whole = Markup("").join(shapes)
    return _svg(_LEFT + width + 6, _TOP + height + _BELOW, title, [whole], "reliability", "xMinYMin")


def _height(probability: float) -> float:
    """Where a probability lies on the scale."""
    at = next((at for at in range(1, len(SCALE)) if probability <= SCALE[at]), len(SCALE) - 1)
    low, high = SCALE[at - 1], SCALE[at]
    return _TOP + _STEP * (len(SCALE) - 1 - (at - 1) - (probability - low) / (high - low))


def _grid(at: int, label: str, width: float) -> Markup:
    y = _TOP + _STEP * (len(SCALE) - 1 - at)
    return _line(_LEFT, y, _LEFT + width, y, "grid") + _text(_LEFT - 7, y + 4, label, "tick end")


def _bin(x: float, one: ReliabilityBin) -> Markup:
    low, high = share_bounds(round(one.observed * one.pairs), one.pairs, 0.975)
    stated, observed = _height(one.stated), _height(one.observed)
    dot = Markup('<circle cx="{}" cy="{}" r="5" class="dot"/>').format(_short(x), _short(observed))
    spread = _line(x, _height(low), x, _height(high), "spread")
    below = _text(x, _TOP + _STEP * (len(SCALE) - 1) + 20, one.label, "tick")
    return spread + _line(x - 15, stated, x + 15, stated, "stated") + dot + below


def _rect(x: float, y: float, width: float, height: float, name: str) -> Markup:
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>').format(
        *(_short(value) for value in (x, y, width, height)), name
    )


def _line(x1: float, y1: float, x2: float, y2: float, name: str) -> Markup:
    return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>').format(
        *(_short(value) for value in (x1, y1, x2, y2)), name
    )


def _text(x: float, y: float, text: str, name: str) -> Markup:
    return Markup('<text x="{}" y="{}" class="{}">{}</text>').format(_short(x), _short(y), name, text)


def _svg(width: float, height: float, title: str, shapes: Sequence[Markup], name: str, fit: str) -> Markup:
    return Markup(
        '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="{}" role="img" aria-label="{}">{}</svg>'
    ).format(name, _short(width), _short(height), fit, title, Markup("").join(shapes))


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
