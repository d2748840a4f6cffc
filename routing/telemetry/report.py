"""The counts of one process, or of several added up, as a value that can be written to a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, ...]  # the family's name, then the values of its labels


@dataclass(slots=True)
class Timings:
    """How many values fell into each bucket, the last of which has no end, and the sum of all."""

    buckets: list[int]
    total: float = 0.0

    def add(self, other: Timings) -> None:
        """Add what was timed elsewhere. An older version may have had other buckets: such timings are left out."""
        if len(other.buckets) == len(self.buckets):
            self.buckets = [mine + theirs for mine, theirs in zip(self.buckets, other.buckets, strict=True)]
            self.total += other.total


@dataclass(slots=True)
class Report:
    """Counts and timings, which only grow, and the gauges of this moment."""

    counts: dict[Key, int] = field(default_factory=dict)
    timings: dict[Key, Timings] = field(default_factory=dict)
    gauges: dict[Key, float] = field(default_factory=dict)

    def add(self, other: Report) -> None:
        """Add what only grows."""
        for key, count in other.counts.items():
            self.counts[key] = self.counts.get(key, 0) + count
        for key, timings in other.timings.items():
            if key in self.timings:
                self.timings[key].add(timings)
            else:
                self.timings[key] = Timings(list(timings.buckets), timings.total)


def write_report(report: Report) -> dict[str, Any]:
    """Return the report as JSON values."""
    return {
        "counts": [[list(key), count] for key, count in report.counts.items()],
        "timings": [[list(key), timings.buckets, timings.total] for key, timings in report.timings.items()],
        "gauges": [[list(key), value] for key, value in report.gauges.items()],
    }


def read_report(raw: Mapping[str, Any]) -> Report:
    """Return the report that was written so; raises LookupError, TypeError or ValueError for anything else."""
    return Report(
        counts={_read_key(key): int(count) for key, count in raw["counts"]},
        timings={_read_key(key): Timings([int(n) for n in buckets], float(s)) for key, buckets, s in raw["timings"]},
        gauges={_read_key(key): float(value) for key, value in raw["gauges"]},
    )


def parse(text: bytes) -> dict[str, Any]:
    """Return the JSON object in a file; a damaged one, after a power cut for example, counts for nothing."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _read_key(parts: Iterable[object]) -> Key:
    return tuple(str(part) for part in parts)
