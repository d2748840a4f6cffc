"""Long number lists on PostgreSQL: `make bench PART=number_lists`, ENTRIES=100000 for shorter ones."""

from __future__ import annotations

import csv
import gc
import io
import os
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time_ns

import benchmarks.postgres  # noqa: F401 - before all that needs Django
from benchmarks.long_list import fill
from benchmarks.postgres import patient_cursor
from benchmarks.report import goal, table
from benchmarks.timing import milliseconds
from routing.engine.live import LiveData
from routing.engine.numbers import Number, read_number
from routing.models import NumberList, NumberListEntry, TableSettings, Target
from routing.services.import_numbers import apply_import, plan_import
from routing.services.publish import publish
from routing.services.read_numbers import read_numbers
from routing.snapshot import store

IMPORTED, ASKED = 100_000, 10_000
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


def main() -> None:
    """Print what the entries cost a process, and what an import takes."""
    size = int(os.environ.get("ENTRIES", 1_000_000))
    number_list = NumberList.objects.create(name="Long", key="long")
    _fill(number_list, size)
    _publish()
    gc.collect()
    before, start = _resident(), perf_counter()
    snapshot = store.refresh()
    seconds = perf_counter() - start
    gc.collect()
    held, numbers = _resident() - before, count(2_000_000)
    changed = milliseconds(lambda: _change(number_list, f"+1212{next(numbers)}"))
    asked = _membership(store.current().live, size)  # of entries with changes on top, which is slower
    rows = [(f"{len(snapshot.live.entries):,}", f"{seconds:.1f}", f"{held:.0f}", f"{asked:.2f}", f"{changed:.0f}")]
    table(("entries", "read, s", "held by a process, MB", "membership, µs", "a change read, ms"), rows)
    goal(f"membership in {size:,} entries", asked, "µs", at_most=2)
    goal(f"memory of {size:,} entries a process", held, "MB", at_most=150)
    goal("a changed entry is live (the poll's half second included)", changed / 1000 + 0.5, "s", at_most=1)
    _import()


def _import() -> None:
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(("number", "label"))
    # As people write them: half in E.164, half with blanks.
    for place in range(IMPORTED):
        number = f"+1415{2_000_000 + place:07}"
        lines.writerow((number if place % 2 else f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:]}", f"N{place}"))
    content = text.getvalue().encode()
    number_list = NumberList.objects.create(name="Imported", key="imported")
    start = perf_counter()
    rows = list(read_numbers(content, zone=UTC))
    read = perf_counter()
    plan = plan_import(rows, number_list)
    planned = perf_counter()
    apply_import(plan, number_list)
    written = perf_counter()
    print(
        f"import of {IMPORTED:,} numbers: read {read - start:.1f} s, compared {planned - read:.1f} s, "
        f"written {written - planned:.1f} s"
    )
    number_list.delete()


def _fill(number_list: NumberList, size: int) -> None:
    with patient_cursor() as cursor:
        fill(number_list, 1, size + 1)
        cursor.execute(f"VACUUM ANALYZE {NumberListEntry._meta.db_table}")


def _publish() -> None:
    target = Target.objects.create(key="sales", name="Sales", kind="assistant", vapi_id="asst_1")
    TableSettings.objects.update(default_target=target)
    publish(author=None, note="", now=NOW)


def _membership(live: LiveData, size: int) -> float:
    """Return the microseconds that asking takes, half of the numbers being on the list."""
    step = max(1, 2 * size // ASKED)
    numbers = [read_number(f"+1415{2_000_000 + place:07}", "") for place in range(0, 2 * size, step)]
    return median(_work(live, numbers) for _ in range(7))


def _work(live: LiveData, numbers: list[Number]) -> float:
    start = thread_time_ns()  # our own work: what else the machine does is not counted
    for number in numbers:
        live.facts_for(number, NOW)
    return (thread_time_ns() - start) / 1000 / len(numbers)


def _change(number_list: NumberList, number: str) -> None:
    number_list.entries.create(number=number)
    if number not in store.refresh().live.entries:
        raise RuntimeError("the entry is not live")


def _resident() -> float:
    """Return the megabytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
