"""Waiting until a server has nothing left to do, so that what is measured next has the machine for itself."""

from __future__ import annotations

import time
from pathlib import Path

LONGEST_SECONDS = 120.0
QUIET_SECONDS = 0.7  # longer than the thread that drains sleeps between its rounds


def until_drained(folder: Path) -> float:
    """Wait until the spool below this folder is empty; returns the seconds. Raises TimeoutError."""
    start = time.monotonic()
    while any(_is_filled(path) for path in (folder / "data" / "spool").glob("*.jsonl")):
        if time.monotonic() - start > LONGEST_SECONDS:
            raise TimeoutError(f"the spool in {folder} is not empty after {LONGEST_SECONDS:.0f} s")
        time.sleep(0.05)
    taken = time.monotonic() - start
    time.sleep(QUIET_SECONDS)
    return taken


def _is_filled(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False
