"""A fresh process that loads the live table and says what that took: ``python -m benchmarks.held`` prints JSON."""

from __future__ import annotations

import gc
import json
import os
from pathlib import Path
from time import perf_counter

import django

django.setup()

from routing.snapshot import store  # noqa: E402 - after the set-up
from routing.webhook import answer  # noqa: E402, F401 - imported by a server too, so not counted


def main() -> None:
    """Print the megabytes before and after, and the seconds between."""
    gc.collect()
    before, start = _resident(), perf_counter()
    held = store.refresh()
    seconds = perf_counter() - start
    gc.collect()
    counts = {"rules": len(held.ruleset.rules), "entries": len(held.live.entries)}
    print(json.dumps(counts | {"before": before, "held": _resident() - before, "seconds": seconds}))


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
