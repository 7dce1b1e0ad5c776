"""Charts as inline SVG: no script, no colour that a grey printer loses, every figure also in a table beside.

Shapes carry classes; how they look is in `templates/report.css`, so a strict content policy needs no inline style.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

TILES = {
    "12": (0, 0), "15": (1, 0), "08": (2, 0), "04": (3, 0),
    "11": (0, 1), "14": (1, 1), "25": (2, 1), "19": (3, 1), "20": (4, 1),
    "01": (2, 2), "24": (3, 2), "22": (4, 2),
    "37": (2, 3), "33": (3, 3), "31": (4, 3),
    "38": (2, 4),
    "40": (2, 5), "42": (3, 5),
    "44": (3, 6), "46": (4, 6),
    "48": (4, 7),
    "52": (3, 8), "51": (4, 8),
    "66": (3, 9), "56": (4, 9),
    "80": (1, 10), "75": (2, 10), "68": (3, 10),
    "91": (0, 11), "82": (1, 11), "79": (2, 11),
    "96": (0, 12), "92": (1, 12), "86": (2, 12),
}  # fmt: skip
"""Province (34) → column and row of its tile: neighbours stay near each other; it is not a map."""

SHADES = (0.5, 0.75, 0.9, 0.95, 0.98)
"""Where a tile gets darker: below the first it is lightest, from the last on darkest."""

_TILE_WIDTH, _TILE_HEIGHT, _GAP = 66, 36, 3


@dataclass(frozen=True)
class Tile:
    """One province on the tile chart."""

    name: str
    label: str
    """The figure on it, empty where there is nothing."""
    share: float | None
    title: str
    """What a reader hears or sees on pointing: name and both numbers."""


def stacked(parts: Sequence[tuple[str, int]], title: str, width: int = 640, height: int = 14) -> Markup:
    """One bar cut in proportion to the counts; each part is a class (`linked`, `review`, `unlinked`) and a count."""
    whole = sum(count for _, count in parts)
    pieces, at = [], 0.0
    for name, count in parts:
        length = width * count / whole if whole else 0.0
        pieces.append(_rect(at, 0, length, height, f"part {name}"))
        at += length
    return _svg(width, height, title, [_rect(0, 0, width, height, "track"), *pieces], "stacked")


def bar(share: float, title: str, start: float = 0.0, width: int = 120, height: int = 9) -> Markup:
    """A bar from `start` to `start + share`, both shares of the whole width."""
    fill = _rect(width * start, 0, max(width * share, 0.75) if share else 0, height, "part linked")
    return _svg(width, height, title, [_rect(0, 0, width, height, "track"), fill], "bar")


def tile_chart(tiles: Mapping[str, Tile], title: str) -> Markup:
    """A tile for each of the 34 provinces, darker where more is linked, its figure on it."""
    columns, rows = (1 + max(place[axis] for place in TILES.values()) for axis in (0, 1))
    shapes = [_tile(tiles.get(code), *TILES[code]) for code in TILES]
    return _svg(
        columns * (_TILE_WIDTH + _GAP) - _GAP, rows * (_TILE_HEIGHT + _GAP) - _GAP, title, shapes, "tiles"
    )


def _tile(tile: Tile | None, column: int, row: int) -> Markup:
    x, y = column * (_TILE_WIDTH + _GAP), row * (_TILE_HEIGHT + _GAP)
    if tile is None:
        return _rect(x, y, _TILE_WIDTH, _TILE_HEIGHT, "tile empty")
    shade = "empty" if tile.share is None else f"shade{sum(tile.share >= limit for limit in SHADES)}"
    middle = x + _TILE_WIDTH / 2
    return Markup("<g class='{}'><title>{}</title>{}{}{}</g>").format(
        f"tile {shade}",
        tile.title,
        _rect(x, y, _TILE_WIDTH, _TILE_HEIGHT, "face"),
        _text(middle, y + 15, tile.name, "name"),
        _text(middle, y + 29, tile.label, "figure"),
    )


def _rect(x: float, y: float, width: float, height: float, name: str) -> Markup:
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>').format(
        *(_short(value) for value in (x, y, width, height)), name
    )


def _text(x: float, y: float, text: str, name: str) -> Markup:
    return Markup('<text x="{}" y="{}" class="{}">{}</text>').format(_short(x), _short(y), name, text)


def _svg(width: int, height: int, title: str, shapes: Sequence[Markup], name: str) -> Markup:
    fit = "none" if name in {"stacked", "bar"} else "xMidYMid"  # bars may stretch, figures may not
    return Markup(
        '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="{}" role="img" aria-label="{}">{}</svg>'
    ).format(name, width, height, fit, escape(title), Markup("").join(shapes))


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
