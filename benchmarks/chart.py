"""A line chart as SVG, both axes logarithmic, readable on a light and on a dark page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 320, 70, 46, 40, 130
COLOURS = ("#2f6fde", "#d9730d", "#3a9d5d", "#a24bc4")
Points = Sequence[tuple[float, float]]


def draw(title: str, x_name: str, y_name: str, lines: Mapping[str, Points]) -> str:
    """Return the chart; all figures are above 0."""
    points = [point for line in lines.values() for point in line]
    xs = sorted({x for x, _ in points})
    x_range, y_range = (math.log10(xs[0]), math.log10(max(xs[-1], xs[0] * 2))), _decades([y for _, y in points])
    body = "\n".join([*_grid(xs, x_range, y_range), *_lines(lines, x_range, y_range)])
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"
 font-family="sans-serif" font-size="12" fill="#777">
<title>{escape(title)}</title>
<text x="{LEFT}" y="20" font-size="14">{escape(title)}</text>
<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_name)}</text>
<text text-anchor="middle" transform="translate(14 {HEIGHT / 2:.0f}) rotate(-90)">{escape(y_name)}</text>
{body}
</svg>
"""


Decades = tuple[float, float]


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _x(value: float, decades: Decades) -> float:
    return LEFT + (math.log10(value) - decades[0]) / (decades[1] - decades[0]) * (WIDTH - LEFT - RIGHT)


def _y(value: float, decades: Decades) -> float:
    share = (math.log10(value) - decades[0]) / (decades[1] - decades[0])
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)


def _grid(xs: Sequence[float], x_range: Decades, y_range: tuple[int, int]) -> Iterator[str]:
    for value in xs:
        x = _x(value, x_range)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#7774"/>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{value:,.10g}</text>'
    for value in _heights(*y_range):
        y = _y(value, y_range)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#7774"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,.10g}</text>'


def _heights(low: int, high: int) -> Iterator[float]:
    """Yield powers of ten, and what stands between them where there are only two."""
    for power in range(low, high):
        yield from (factor * 10.0**power for factor in ((1, 2, 5) if high - low == 1 else (1,)))
    yield 10.0**high


def _lines(lines: Mapping[str, Points], x_range: Decades, y_range: Decades) -> Iterator[str]:
    ends = _apart([_y(points[-1][1], y_range) + 4 for points in lines.values()])
    for (name, points), colour, end in zip(lines.items(), COLOURS, ends, strict=False):
        places = [(_x(x, x_range), _y(y, y_range)) for x, y in points]
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        yield f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)
        yield f'<text x="{places[-1][0] + 8:.1f}" y="{end:.1f}" fill="{colour}">{escape(name)}</text>'


def _apart(heights: list[float]) -> list[float]:
    """Move names that would overlap downwards, the lowest most."""
    moved, last = dict[int, float](), -math.inf
    for place in sorted(range(len(heights)), key=heights.__getitem__):
        moved[place] = last = max(heights[place], last + 14)
    return [moved[place] for place in range(len(heights))]
