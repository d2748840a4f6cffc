"""How long a start takes, and what a process holds: `make bench PART=cold`, RULES=1000 for a shorter table."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

import benchmarks.postgres  # noqa: F401 - before all that needs Django
from benchmarks.report import goal, table
from benchmarks.servers import Server, free_port, granian
from benchmarks.webhook_world import environment, world

ROOT = Path(__file__).parent.parent
ROUNDS, PATIENCE = int(os.environ.get("ROUNDS", 5)), 60
WHY = "nearly all of it is Python's work, for which AMD EPYC took 1.3 s of processor: ready there in 1.45 s"
BOUGHT = """What the last changes bought,
in processor time on a busy machine: rules read as they are parsed: 2.5 to 1.0 s;
what the publisher checked not checked again: 1.0 s to nothing; rules filed by their words and made ready at first
use: 3 to 0.4 s; all three: 321 to 104 MB. Then: pages of the staff imported after the table is read: 0.69 to 0.43 s of
imports before it; plain rules made as drafts, with fewer steps: 0.75 to 0.51 s; numbers recognised without their
country, rules that are read not read again: 0.16 to 0.11 s; a rule's place found in one pass: 0.38 to 0.26 s; the
connection that read the table closed: 104 to 82 MB."""


def main() -> None:
    """Print both, and their goals."""
    rules = int(os.environ.get("RULES", 100_000))
    with world(rules) as (folder, settings):
        start_once(settings)  # not counted: Python writes the bytecode of a new checkout
        first, again = [], []
        for _ in range(ROUNDS):
            with TemporaryDirectory(dir=folder) as own:
                first.append(start_once(settings | environment(Path(own))))
                again.append(start_once(settings | environment(Path(own))))
        held = read_held(settings)
    print("From the start of the server's process, with one worker, to the first 200 of /readyz. PostgreSQL.")
    rows = [
        (name, f"{median(wall):.2f}", f"{min(wall):.2f} to {max(wall):.2f}", f"{median(cpu):.2f}")
        for name, starts in (("an empty data directory", first), ("a copy of the table in it", again))
        for wall, cpu in (zip(*starts, strict=True),)
    ]
    table((f"{rules:,} rules", "ready in s", "spread", "processor s"), rows)
    print(
        f"The table itself: {held['held']:.0f} MB a process above {held['before']:.0f} MB without it, "
        f"loaded in {held['seconds']:.2f} s.\n\n{BOUGHT}\n"
    )
    goal(f"cold: ready with {rules:,} rules", median(wall for wall, _ in again), "s", at_most=1.5, why_not=WHY)
    goal(f"cold: memory of {rules:,} rules a process", held["held"], "MB", at_most=100)


def start_once(settings: dict[str, str]) -> tuple[float, float]:
    """Start a server, stop it once it is ready, and return the seconds that took and those its processes worked.

    Raises RuntimeError if it never is ready.
    """
    port = free_port()
    start = time.perf_counter()
    command, quiet = granian("config.wsgi:application", port), subprocess.DEVNULL
    kept = {"PYTHONDONTWRITEBYTECODE": ""}  # bytecode is there after the first start of any installation
    with subprocess.Popen(command, env=os.environ | settings | kept, cwd=ROOT, stdout=quiet, stderr=quiet) as server:
        try:
            while time.perf_counter() - start < PATIENCE:
                if is_ready(port):
                    return time.perf_counter() - start, Server(port=port, process=server).worked()
                time.sleep(0.01)
        finally:
            server.terminate()
    raise RuntimeError(f"not ready after {PATIENCE} s")


def is_ready(port: int) -> bool:
    """Ask /readyz."""
    with contextlib.suppress(URLError, OSError), urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def read_held(settings: dict[str, str]) -> dict[str, float]:
    """Return what a fresh process holds of the live table; see benchmarks/held.py."""
    command = [sys.executable, "-m", "benchmarks.held"]
    printed = subprocess.run(command, env=os.environ | settings, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(printed.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
