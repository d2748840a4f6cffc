"""One engine in a process of its own, asked over lines: ``python -m benchmarks.contenders.child MODULE FILE``.

``answers N`` returns the answers to the first N calls, ``time N`` the mean microseconds of one of them:
of this process's own work, unless the module says that it ``WAITS`` for another process.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benchmarks.contenders.workload import Decide


def main() -> None:
    """Load the engine, say so, then answer line by line until the input ends."""
    module, file = sys.argv[1:]
    work = json.loads(Path(file).read_text(encoding="utf-8"))
    start = process_time()  # all load at once
    engine = import_module(f"benchmarks.contenders.{module}")
    decide: Decide = engine.load(work["rules"])
    _tell(round(process_time() - start, 2))
    calls = [engine.prepare(call) for call in work["calls"]] if hasattr(engine, "prepare") else work["calls"]
    clock = perf_counter if getattr(engine, "WAITS", False) else process_time
    del work
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        what, count = line.split()
        some = calls[: int(count)]
        _tell([decide(call) for call in some] if what == "answers" else _mean(decide, some, clock))


def _mean(decide: Decide, calls: Sequence[Any], clock: Callable[[], float]) -> float:
    start = clock()
    for call in calls:
        decide(call)
    return (clock() - start) / len(calls) * 1e6


def _tell(answer: object) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
