"""What a part prints: Markdown tables, and goals that ``benchmarks/RESULTS.md`` gathers at its top."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_GOAL = re.compile(r"^- goal: (?P<what>.+?) \| (?P<wanted>.+?) \| (?P<measured>.+?) \| (?P<verdict>.+)$", re.MULTILINE)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table; all columns but the first are figures."""
    print("\n| " + " | ".join(head) + " |")
    print("|---" + "|--:" * (len(head) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
    print()


def goal(
    what: str,
    value: float,
    unit: str,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    why_not: str = "",
) -> bool:
    """Print a figure against its goal and tell whether it is met; ``why_not`` stands there if it is missed.

    ``unit`` stands behind the figure: ``µs``, ``x``, ``rows/s``.
    """
    met = (at_most is None or value <= at_most) and (at_least is None or value >= at_least)
    wanted = f"≤ {at_most:,g}" if at_most is not None else f"≥ {at_least:,g}"
    verdict = "met" if met else f"missed{': ' if why_not else ''}{why_not}"
    print(f"- goal: {what} | {wanted} {unit} | {figure(value)} {unit} | {verdict}", flush=True)
    return met


def read_goals(text: str) -> list[tuple[str, str, str, str]]:
    """Return what, wanted, measured and verdict of each goal that was printed into the text."""
    return [(one["what"], one["wanted"], one["measured"], one["verdict"]) for one in _GOAL.finditer(text)]


def figure(value: float) -> str:
    """Write three digits that say something: 0.00123, 1.23, 12.3, 123, 12,345."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
