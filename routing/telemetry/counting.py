"""Counts in the memory of this process. A count costs less than a microsecond: a caller is waiting."""

from __future__ import annotations

import os
import threading
from bisect import bisect_left

from routing.telemetry.families import Family
from routing.telemetry.report import Key, Report, Timings

MOST_SERIES = 2_000  # labels are bounded already; whoever forgets that fills no memory
OTHER = "other"


class Counters:
    """Counts and timings since the start of the process. Threads may share them."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a forked child does: its parent reports its own counts."""
        self._lock = threading.Lock()
        self._counts: dict[Key, int] = {}
        self._timings: dict[Key, Timings] = {}

    def count(self, family: Family, *labels: str, by: int = 1) -> None:
        """Count something that happened; ``labels`` in the order of the family's."""
        key = (family.name, *labels)
        with self._lock:
            if key not in self._counts:
                key = _bounded(key, len(self._counts))
                self._counts.setdefault(key, 0)
            self._counts[key] += by

    def observe(self, family: Family, seconds: float, *labels: str) -> None:
        """Put a duration into its bucket."""
        key = (family.name, *labels)
        with self._lock:
            timings = self._timings.get(key)
            if timings is None:
                key = _bounded(key, len(self._timings))
                timings = self._timings.setdefault(key, Timings([0] * (len(family.buckets) + 1)))
            timings.buckets[bisect_left(family.buckets, seconds)] += 1
            timings.total += seconds

    def report(self) -> Report:
        """Return a copy of everything counted so far."""
        report = Report()
        with self._lock:
            report.add(Report(counts=self._counts, timings=self._timings))
        return report


def _bounded(key: Key, size: int) -> Key:
    return key if size < MOST_SERIES else (key[0], *[OTHER] * (len(key) - 1))


_counters = Counters()
os.register_at_fork(after_in_child=_counters.forget)
count = _counters.count
observe = _counters.observe
report_counts = _counters.report
forget_counts = _counters.forget
