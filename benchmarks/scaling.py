"""How cost grows with rules, entries and processes: `make bench PART=scaling`, some three minutes; needs wrk.

It draws docs/scaling/*.svg and puts its tables into docs/scaling.md, or into the folder of RESULTS where that is set.
ENTRIES=10000 and RULES=1000 leave the longer ones out.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.chart import draw
from benchmarks.cold import read_held
from benchmarks.decide import indexed, linear, loaded, mean_of
from benchmarks.long_list import fill
from benchmarks.postgres import patient_cursor
from benchmarks.report import figure, table
from benchmarks.results import machine
from benchmarks.scaling_processes import processes
from benchmarks.tables import make_calls, make_table
from benchmarks.webhook_world import environment, let_live
from routing.models import NumberList

ROOT = Path(__file__).parent.parent
RULES = (10, 100, 1_000, 10_000, 100_000)
WALKED = {10: 500, 100: 200, 1_000: 50, 10_000: 10, 100_000: 3}
ENTRIES = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS = 3
Curve = list[tuple[float, float]]
Charts = dict[str, str]  # title: SVG


class Heard(io.StringIO):
    """Keeps what is printed, and shows it at once: whoever waits for minutes wants to see it go on."""

    def write(self, text: str, /) -> int:
        """Keep and show."""
        sys.__stdout__.write(text)  # type: ignore[union-attr]
        return super().write(text)


def main() -> None:
    """Measure, print, draw, and put the tables into the document."""
    docs = Path(os.environ["RESULTS"]).parent if os.environ.get("RESULTS") else ROOT / "docs"
    (docs / "scaling").mkdir(exist_ok=True)
    for name, measure in PARTS.items():
        with contextlib.redirect_stdout(Heard()) as heard:
            charts = measure()
        images = [_write(docs, f"{name}-{place}.svg", *chart) for place, chart in enumerate(charts.items(), 1)]
        _put(docs / "scaling.md", name, "\n\n".join((*images, f"{machine()}:\n{heard.getvalue()}")))


def _write(docs: Path, file: str, title: str, chart: str) -> str:
    """Write a chart and return the Markdown that shows it."""
    (docs / "scaling" / file).write_text(chart, encoding="utf-8")
    return f"![{title}](scaling/{file})"


def _put(document: Path, name: str, said: str) -> None:
    """Put a table in its place in the document, if there is one."""
    if document.exists():
        block = re.compile(rf"(<!-- {name}: written by make bench PART=scaling -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = block.sub(lambda found: f"{found[1]}{said.strip()}\n{found[2]}", document.read_text(encoding="utf-8"))
        document.write_text(text, encoding="utf-8")


def _rules() -> Charts:
    """Time a decision by the number of rules."""
    found: Curve = []
    walked: Curve = []
    for size in _upto(RULES, "RULES"):
        ruleset, calls = loaded(make_table(size)), make_calls(size)
        mean_of(indexed, ruleset, calls)
        found.append((size, median(mean_of(indexed, ruleset, calls) for _ in range(ROUNDS))))
        walked.append((size, median(mean_of(linear, ruleset, calls[: WALKED[size]]) for _ in range(ROUNDS))))
    rows = [(f"{size:,}", figure(one), figure(two)) for (size, one), (_, two) in zip(found, walked, strict=True)]
    table(("rules", "a decision, µs", "walking the list, µs"), rows)
    title = "A decision by the number of rules"
    return {title: draw(title, "rules", "µs", {"by index": found, "walking the list": walked})}


def _memory() -> Charts:
    return _memory_of_rules() | _memory_of_entries()


def _memory_of_rules() -> Charts:
    held: Curve = []
    rows = []
    with TemporaryDirectory() as folder:
        for size in _upto(RULES[2:], "RULES"):
            let_live(size)
            one = read_held(environment(Path(folder)))
            held.append((size, one["held"]))
            rows.append((f"{size:,}", figure(one["held"]), f"{one['seconds']:.2f}"))
    table(("rules", "MB a process", "loaded in s"), rows)
    title = "Memory of a process by rules"
    return {title: draw(title, "rules", "MB", {"rules": held})}


def _memory_of_entries() -> Charts:
    held: Curve = []
    rows = []
    let_live(10, lists=("long",))
    number_list = NumberList.objects.create(name="Long", key="long")
    present = 0
    with TemporaryDirectory() as folder:
        for size in _upto(ENTRIES, "ENTRIES"):
            with patient_cursor():
                fill(number_list, present, size)
            present = size
            one = read_held(environment(Path(folder)))
            held.append((size, max(one["held"], 0.1)))
            rows.append((f"{one['entries']:,}", figure(one["held"]), f"{one['seconds']:.2f}"))
    number_list.delete()
    table(("entries of number lists", "MB a process", "loaded in s"), rows)
    title = "Memory of a process by entries of number lists"
    return {title: draw(title, "entries", "MB", {"entries": held})}


def _processes() -> Charts:
    curve = processes(min(10_000, int(os.environ.get("RULES", 10_000))))
    if not curve:
        return {}
    title = "Requests by processes, on one machine"
    return {title: draw(title, "processes", "requests/s", curve)}


def _upto(sizes: tuple[int, ...], option: str) -> Iterator[int]:
    most = int(os.environ.get(option, sizes[-1]))
    return (size for size in sizes if size <= max(most, sizes[0]))


PARTS: dict[str, Callable[[], Charts]] = {"rules": _rules, "memory": _memory, "processes": _processes}

if __name__ == "__main__":
    main()
