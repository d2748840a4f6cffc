"""How long a caller waits at a steady rate, alone and beside the reports of ended calls."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from statistics import median, quantiles

from benchmarks.messages import PATH, SECRET, make_reports, make_requests, sign
from benchmarks.report import goal, table
from benchmarks.servers import DRIVER_CORES, free_port, granian, held_to, running
from benchmarks.waiting import until_drained
from benchmarks.webhook_world import world

RULES, RATE, SECONDS = 10_000, 200, 10.0
REPORT_BYTES = 50_000
THREADS = 8
GOAL_MS = 10
WHY = "on AMD EPYC 1.91 ms alone and 2.19 beside the reports; how long Python takes here stands above"
TIMEOUT = 7.5  # seconds; Vapi waits no longer


def main(rules: int = RULES, seconds: float = SECONDS) -> None:
    """Print the percentiles of what a caller waits."""
    half = int(RATE * seconds)
    bodies = list(make_requests(rules, RATE + 2 * half))
    with world(rules) as (folder, settings), held_to(DRIVER_CORES):
        port = free_port()
        with running(granian("config.wsgi:application", port), port, settings):
            ask_steadily(port, bodies[:RATE], RATE)  # connections, threads and caches
            alone = ask_steadily(port, bodies[RATE : RATE + half], RATE)
            with reporting(port, list(make_reports(RATE, REPORT_BYTES))):
                beside = ask_steadily(port, bodies[RATE + half :], RATE)
            until_drained(folder)
    print(f"### {RATE} requests/s, {rules:,} rules")
    reports = f"beside {RATE} end-of-call-reports/s of {REPORT_BYTES // 1000} kB"
    table(("", "p50 ms", "p99 ms", "longest ms"), [_line("alone", alone), _line(reports, beside)])
    goal(f"webhook at {RATE}/s, p99", _p99(alone), "ms", at_most=GOAL_MS, why_not=WHY)
    goal(f"webhook at {RATE}/s, p99 {reports}", _p99(beside), "ms", at_most=GOAL_MS, why_not=WHY)


def ask_steadily(port: int, bodies: Sequence[bytes], rate: float) -> list[float]:
    """Send each message at its own time and return the milliseconds from that time to its answer."""
    start, waited = time.perf_counter() + 0.05, [0.0] * len(bodies)

    def caller(first: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        for place in range(first, len(bodies), THREADS):
            due = start + place / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            send(line, bodies[place])
            waited[place] = (time.perf_counter() - due) * 1000
        line.close()

    threads = [threading.Thread(target=caller, args=(first,)) for first in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not all(waited):
        raise RuntimeError("not every message was answered with 200")
    return waited


@contextmanager
def reporting(port: int, bodies: Sequence[bytes]) -> Iterator[None]:
    """Let reports of ended calls come at the same rate meanwhile."""
    stopped, stream = threading.Event(), cycle(bodies)

    def report() -> None:
        while not stopped.is_set():
            ask_steadily(port, [next(stream) for _ in range(RATE // 4)], RATE)

    thread = threading.Thread(target=report)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def send(line: http.client.HTTPConnection, body: bytes) -> bytes:
    """Send one signed message and return the answer. Raises RuntimeError unless it is 200."""
    timestamp, signature = sign(body)
    headers = {"Content-Type": "application/json", "X-Vapi-Secret": SECRET}
    line.request("POST", PATH, body, headers | {"X-Timestamp": timestamp, "X-Signature": signature})
    response = line.getresponse()
    content = response.read()
    if response.status != 200:
        raise RuntimeError(f"{response.status}: {content[:200]!r}")
    return content


def _line(name: str, waited: Sequence[float]) -> tuple[str, ...]:
    return name, f"{median(waited):.1f}", f"{_p99(waited):.1f}", f"{max(waited):.1f}"


def _p99(waited: Sequence[float]) -> float:
    return quantiles(waited, n=100)[98]
