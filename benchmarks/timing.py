"""Measuring one thing several times."""

from __future__ import annotations

import gc
from collections.abc import Callable
from statistics import median
from time import perf_counter

ROUNDS = 3


def milliseconds(action: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the median of what the action takes."""
    taken = []
    for _ in range(rounds):
        gc.collect()
        start = perf_counter()
        action()
        taken.append((perf_counter() - start) * 1000)
    return median(taken)
