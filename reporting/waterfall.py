"""How a match weight comes about, as a picture: from the start, each comparison up or down, to the sum.

Hand-written SVG that stands alone or inside a page under a strict content policy: looks are attributes, there is no style sheet, no script and
nothing to load. Up is filled, down is hollow, the sum is tinted and outlined, so that a grey printer loses nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, floor

from markupsafe import Markup

_INK, _SOFT, _LINE, _UP, _SUM = "#1b2430", "#5a6675", "#d7dde4", "#1f4e79", "#b9cde0"
_FONT = "Be Vietnam Pro, Segoe UI, Noto Sans, Helvetica Neue, Arial, sans-serif"
_WIDTH, _LABELS, _EDGE, _ROW, _TOP, _BAR = 880, 300, 62, 40, 40, 18


@dataclass(frozen=True)
class Step:
    """One line of the picture."""

    label: str
    detail: str
    """In smaller letters below; empty for none."""
    weight: float
    """log2."""
    value: str
    """The weight as people write it."""


@dataclass(frozen=True)
class Mark:
    """A line across all steps: a weight that means something."""

    label: str
    weight: float


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float

    def __call__(self, weight: float) -> float:
        """Where a weight lies."""
        room = _WIDTH - _LABELS - 2 * _EDGE
        return _LABELS + _EDGE + room * (weight - self.low) / (self.high - self.low)


def waterfall(steps: Sequence[Step], total: Step, mark: Mark | None, title: str) -> Markup:
    """The picture.

    Args:
        steps: What adds up, in order.
        total: What it adds up to.
        mark: A weight to compare with, None for none.
        title: Stands above it, and is what a reader hears.
    """
    ends = list(accumulate((step.weight for step in steps), initial=0.0))
    known = [*ends, total.weight, *([mark.weight] if mark else [])]
    scale = _Scale(min(known), max(*known, min(known) + 1))
    bottom = _TOP + _ROW * (len(steps) + 1)
    shapes = [
        _text(0, 16, title, 13.5, _INK, weight=650),
        *(_tick(scale, at, bottom) for at in _ticks(scale)),
    ]
    if mark:
        shapes.append(_mark(scale(mark.weight), bottom, mark.label))
    for place, step in enumerate(steps):
        shapes += [
            _words(place, step),
            _step(scale, place, ends[place], step),
            _join(scale(ends[place + 1]), place),
        ]
    shapes += [
        _rule(_TOP + _ROW * len(steps)),
        _words(len(steps), total, strong=True),
        _total(scale, len(steps), total),
    ]
    return _svg(bottom + 28, title, shapes)


def document(picture: Markup) -> str:
    """The picture as a file of its own."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{picture}\n'


def _ticks(scale: _Scale) -> list[int]:
    apart = next((step for step in (5, 10, 20) if (scale.high - scale.low) / step <= 9), 50)
    return [at * apart for at in range(ceil(scale.low / apart), floor(scale.high / apart) + 1)]


def _tick(scale: _Scale, at: int, bottom: float) -> Markup:
    x, ink = scale(at), _SOFT if at == 0 else _LINE
    return _line(x, _TOP - 6, x, bottom, ink) + _text(
        x, bottom + 18, str(at).replace("-", "−"), 11, _SOFT, "middle"
    )


def _mark(x: float, bottom: float, label: str) -> Markup:
    beside, anchor = (x - 6, "end") if x > _WIDTH - 200 else (x + 6, "start")
    shown = _text(beside, 16, label, 11, _INK, anchor)
    return _line(x, 6, x, bottom, _INK, dashes="5 4") + shown


def _words(place: int, step: Step, *, strong: bool = False) -> Markup:
    y = _TOP + _ROW * place
    if not step.detail:
        return _text(0, y + 24, step.label, 13.5, _INK, weight=650 if strong else 500)
    label = _text(0, y + 17, step.label, 13.5, _INK, weight=650 if strong else 500)
    return label + _text(0, y + 32, step.detail, 11.5, _SOFT)


def _step(scale: _Scale, place: int, start: float, step: Step) -> Markup:
    """A bar from where the step before ended; nothing is a small stroke."""
    left, right = sorted((scale(start), scale(start + step.weight)))
    y = _TOP + _ROW * place + (_ROW - _BAR) / 2
    if right - left < 1:
        shape, x, anchor = _line(left, y, left, y + _BAR, _INK), right + 7, "start"
    elif step.weight > 0:
        shape, x, anchor = _rect(left, y, right - left, _UP), right + 7, "start"
    else:
        shape, x, anchor = _rect(left, y, right - left, "#ffffff"), left - 7, "end"
    return shape + _text(x, y + 13.5, step.value, 12.5, _INK, anchor, weight=600)


def _total(scale: _Scale, place: int, total: Step) -> Markup:
    left, right = sorted((scale(0), scale(total.weight)))
    y = _TOP + _ROW * place + (_ROW - _BAR) / 2
    x, anchor = (right + 7, "start") if total.weight >= 0 else (left - 7, "end")
    shown = _text(x, y + 13.5, total.value, 13, _INK, anchor, weight=700)
    return _rect(left, y, max(right - left, 1), _SUM) + shown


def _join(x: float, place: int) -> Markup:
    """From the end of a bar to the next one."""
    y = _TOP + _ROW * place + (_ROW + _BAR) / 2
    return _line(x, y, x, y + _ROW - _BAR, _SOFT, dashes="2 2")


def _rule(y: float) -> Markup:
    return _line(0, y, _WIDTH, y, _INK)


def _rect(x: float, y: float, width: float, fill: str) -> Markup:
    return Markup(
        '<rect x="{}" y="{}" width="{}" height="{}" fill="{}" stroke="{}" stroke-width="1.4"/>'
    ).format(_short(x), _short(y), _short(width), _BAR, fill, _UP)


def _line(x1: float, y1: float, x2: float, y2: float, ink: str, dashes: str = "none") -> Markup:
    return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-dasharray="{}"/>').format(
        *map(_short, (x1, y1, x2, y2)), ink, dashes
    )


def _text(
    x: float, y: float, text: str, size: float, ink: str, anchor: str = "start", *, weight: int = 400
) -> Markup:
    return Markup(
        '<text x="{}" y="{}" font-size="{}" fill="{}" text-anchor="{}" font-weight="{}">{}</text>'
    ).format(_short(x), _short(y), _short(size), ink, anchor, weight, text)


def _svg(height: float, title: str, shapes: Sequence[Markup]) -> Markup:
    size = Markup('viewBox="-8 0 {} {}" width="{}" height="{}"').format(
        _WIDTH + 16, height, _WIDTH + 16, height
    )
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="waterfall" {} role="img" aria-label="{}" '
        'font-family="{}"><rect x="-8" width="{}" height="{}" fill="#ffffff"/>{}</svg>'
    ).format(size, title, _FONT, _WIDTH + 16, height, Markup("").join(shapes))


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
