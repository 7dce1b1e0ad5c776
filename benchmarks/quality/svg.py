"""Recall against false links as a small SVG, hand-written, legible without colour."""

import math
from dataclasses import dataclass

WIDTH, HEIGHT = 300, 260
"""One panel with its margins, in pixels."""

LEFT, TOP, RIGHT, BOTTOM = 52, 34, 10, 44
LEAST, MOST = 0.05, 20.0
"""False links in 10,000 at both ends of the logarithmic axis; a curve before its first false link is drawn at the left end."""

TICKS = (0.1, 0.5, 1, 2, 5, 10, 20)


@dataclass(frozen=True)
class Series:
    """One curve: (false links in 10,000, recall), strictest first."""

    name: str
    points: list[tuple[float, float]]
    dashed: bool


Panel = tuple[str, list[Series], tuple[float, float]]
"""Title, curves, and the point to mark."""


def picture(panels: list[Panel]) -> str:
    """The panels side by side, as SVG text."""
    width = WIDTH * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT + 24}" font-family="sans-serif" font-size="11" fill="#222">',
        "<title>Recall against false links in 10,000 links; synthetic data</title>",
        f'<rect width="{width}" height="{HEIGHT + 24}" fill="#fff"/>',
    ]
    parts += [
        f'<g transform="translate({WIDTH * at},0)">{_panel(*panel)}</g>' for at, panel in enumerate(panels)
    ]
    parts += _legend(panels[0][1]) if panels else []
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(title: str, curves: list[Series], marked: tuple[float, float]) -> str:
    low = _floor(curves, marked)
    parts = [
        f'<text x="{LEFT}" y="20" font-size="13" font-weight="bold">{title}</text>',
        *_grid(low),
        *(_line(one, low) for one in curves),
        f'<circle cx="{_x(marked[0]):.1f}" cy="{_y(marked[1], low):.1f}" r="4" fill="#000"/>',
    ]
    return "".join(parts)


def _floor(curves: list[Series], marked: tuple[float, float]) -> float:
    """Where the recall axis begins: a round figure below what every curve reaches by one false link in 10,000."""
    reached = [max((recall for rate, recall in one.points if rate <= 1), default=0.0) for one in curves]
    lowest = min(*reached, marked[1], 0.995)
    step = 0.01 if lowest > 0.9 else 0.1
    return max(0.0, math.floor(lowest / step - 0.5) * step)


def _x(rate: float) -> float:
    share = (math.log(max(LEAST, min(rate, MOST))) - math.log(LEAST)) / (math.log(MOST) - math.log(LEAST))
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(recall: float, low: float) -> float:
    return TOP + (1 - recall) / (1 - low) * (HEIGHT - TOP - BOTTOM)


def _grid(low: float) -> list[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    recalls = [low + (1 - low) * at / 5 for at in range(6)]
    digits = 0 if low < 0.5 else 1
    return [
        *(
            f'<line x1="{LEFT}" x2="{right}" y1="{_y(recall, low):.1f}" y2="{_y(recall, low):.1f}" stroke="#ddd"/>'
            f'<text x="{LEFT - 5}" y="{_y(recall, low) + 4:.1f}" text-anchor="end">{100 * recall:.{digits}f} %</text>'
            for recall in recalls
        ),
        *(
            f'<line x1="{_x(rate):.1f}" x2="{_x(rate):.1f}" y1="{TOP}" y2="{bottom}" stroke="#eee"/>'
            f'<text x="{_x(rate):.1f}" y="{bottom + 14}" text-anchor="middle">{rate:g}</text>'
            for rate in TICKS
        ),
        f'<text x="{(LEFT + right) / 2}" y="{bottom + 30}" text-anchor="middle">false links in 10,000 links</text>',
        f'<rect x="{LEFT}" y="{TOP}" width="{right - LEFT}" height="{bottom - TOP}" fill="none" stroke="#888"/>',
    ]


def _line(one: Series, low: float) -> str:
    """From where the curve enters the panel, one point per pixel."""
    seen = [(rate, recall) for rate, recall in one.points if recall >= low and rate <= MOST]
    pixels = dict.fromkeys((round(_x(rate)), round(_y(recall, low))) for rate, recall in seen)
    points = " ".join(f"{x},{y}" for x, y in pixels)
    dash, stroke = (' stroke-dasharray="5 3"', "#777") if one.dashed else ("", "#000")
    return f'<polyline points="{points}" fill="none" stroke="{stroke}" stroke-width="1.8"{dash}/>'


def _legend(curves: list[Series]) -> list[str]:
    parts, x = [], LEFT
    for one in curves:
        dash, stroke = (' stroke-dasharray="5 3"', "#777") if one.dashed else ("", "#000")
        parts.append(
            f'<line x1="{x}" x2="{x + 26}" y1="{HEIGHT + 8}" y2="{HEIGHT + 8}" stroke="{stroke}" stroke-width="1.8"{dash}/>'
            f'<text x="{x + 31}" y="{HEIGHT + 12}">{one.name}</text>'
        )
        x += 130
    return [
        *parts,
        f'<circle cx="{x + 8}" cy="{HEIGHT + 8}" r="4"/><text x="{x + 17}" y="{HEIGHT + 12}">default settings</text>',
    ]
