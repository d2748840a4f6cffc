"""How cost grows with rules, entries and processes: `make bench PART=scaling`, some three minutes; needs wrk.

It draws docs/scaling/*.svg and writes its tables into docs/scaling.md too, beside RESULTS where that is set.
ENTRIES=10000 and RULES=1000 leave the longer ones out.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.chart import draw
from benchmarks.cold import read_held
from benchmarks.decide import indexed, linear, loaded, mean_of
from benchmarks.messages import make_requests, write_lines
from benchmarks.postgres import patient_cursor
from benchmarks.report import figure, table
from benchmarks.results import machine
from benchmarks.servers import CORES, free_port, granian, running
from benchmarks.tables import make_calls, make_table
from benchmarks.waiting import until_drained
from benchmarks.webhook import drive
from benchmarks.webhook_world import environment, let_live, world
from routing.models import NumberList, NumberListEntry

ROOT = Path(__file__).parent.parent
RULES = (10, 100, 1_000, 10_000, 100_000)
WALKED = {10: 500, 100: 200, 1_000: 50, 10_000: 10, 100_000: 3}
ENTRIES = (1_000, 10_000, 100_000, 1_000_000)
PROCESSES, SECONDS, ROUNDS = (1, 2, 4, 8), 3, 3
BLOCK = re.compile(r"(<!-- measured: written by make bench PART=scaling -->\n).*?(<!-- /measured -->)", re.DOTALL)
Curve = list[tuple[float, float]]


def main() -> None:
    """Measure, print, draw, and write the tables into the document."""
    docs = Path(os.environ["RESULTS"]).parent if os.environ.get("RESULTS") else ROOT / "docs"
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        charts = {"decide.svg": _rules(), "rules.svg": _memory_of_rules(), "entries.svg": _memory_of_entries()}
        _processes()
    print(said.getvalue())
    (docs / "scaling").mkdir(exist_ok=True)
    for name, chart in charts.items():
        (docs / "scaling" / name).write_text(chart, encoding="utf-8")
    document = docs / "scaling.md"
    if document.exists():
        text = BLOCK.sub(lambda found: f"{found[1]}\n{machine()}\n{said.getvalue()}{found[2]}", document.read_text())
        document.write_text(text, encoding="utf-8")


def _rules() -> str:
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
    return draw("A decision by the number of rules", "rules", "µs", {"by index": found, "walking the list": walked})


def _memory_of_rules() -> str:
    held: Curve = []
    rows = []
    with TemporaryDirectory() as folder:
        for size in _upto(RULES[2:], "RULES"):
            let_live(size)
            one = read_held(environment(Path(folder)))
            held.append((size, one["held"]))
            rows.append((f"{size:,}", figure(one["held"]), f"{one['seconds']:.2f}"))
    table(("rules", "MB a process", "loaded in s"), rows)
    return draw("Memory of a process by rules", "rules", "MB", {"rules": held})


def _memory_of_entries() -> str:
    held: Curve = []
    rows = []
    let_live(10)
    number_list = NumberList.objects.create(name="Long", key="long")
    present = 0
    with TemporaryDirectory() as folder:
        for size in _upto(ENTRIES, "ENTRIES"):
            _fill(number_list, present, size)
            present = size
            one = read_held(environment(Path(folder)))
            held.append((size, max(one["held"], 0.1)))
            rows.append((f"{size:,}", figure(one["held"]), f"{one['seconds']:.2f}"))
    number_list.delete()
    table(("entries of number lists", "MB a process", "loaded in s"), rows)
    return draw("Memory of a process by entries of number lists", "entries", "MB", {"entries": held})


def _fill(number_list: NumberList, first: int, upto: int) -> None:
    columns = "number_list_id, number, label, variables"
    with patient_cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {NumberListEntry._meta.db_table} ({columns})"
            " SELECT %s, '+1415' || 2000000 + n, '', '{}'::jsonb FROM generate_series(%s, %s) AS n",
            [number_list.pk, first + 1, upto],
        )


def _processes() -> None:
    """Ask servers of 1 to 8 processes as fast as they answer, on all cores, which the driver and PostgreSQL share."""
    if shutil.which("wrk") is None:
        print("Processes are not compared: that needs wrk (Debian: apt-get install wrk).")
        return
    rules = min(10_000, int(os.environ.get("RULES", 10_000)))
    with world(rules) as (folder, settings):
        lines = folder / "messages"
        write_lines(lines, make_requests(rules, 20_000))
        rows = [_asked(workers, folder, lines, settings) for workers in PROCESSES]
    head = ("processes", "requests/s", "spread", "CPU µs a request", "to the database, records/s")
    table((head[0] + f" ({len(CORES)} cores, {rules:,} rules)", *head[1:]), rows)


def _asked(workers: int, folder: Path, lines: Path, settings: dict[str, str]) -> tuple[str, ...]:
    own = folder / f"workers-{workers}"
    own.mkdir()
    command, port = granian("config.wsgi:application", free_port(), workers=workers), 0
    port = int(command[command.index("--port") + 1])
    rates, costs, drained, sent = [], [], [], 0
    with running(command, port, settings | environment(own), frozenset(CORES)) as server:
        time.sleep(2)  # until the last process listens too
        for turn in range(ROUNDS + 1):
            before, start = server.worked(), time.monotonic()
            counted = drive(port, lines, SECONDS, sent)
            sent += int(counted["requests"])
            rates.append(counted["requests"] / counted["seconds"])
            costs.append((server.worked() - before) / counted["requests"] * 1e6)
            until_drained(own)
            drained.append(counted["requests"] / (time.monotonic() - start))
            if not turn:
                rates, costs, drained = [], [], []
    spread = f"{min(rates):,.0f} to {max(rates):,.0f}"
    return f"{workers}", f"{median(rates):,.0f}", spread, f"{median(costs):.0f}", f"{median(drained):,.0f}"


def _upto(sizes: tuple[int, ...], option: str) -> Iterator[int]:
    most = int(os.environ.get(option, sizes[-1]))
    return (size for size in sizes if size <= max(most, sizes[0]))


if __name__ == "__main__":
    main()
