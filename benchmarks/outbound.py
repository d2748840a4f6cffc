"""What `POST /api/v1/call` costs on PostgreSQL beyond the time that Vapi takes."""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections.abc import Iterable, Sequence
from statistics import median, quantiles

from benchmarks.report import goal, table
from benchmarks.servers import DRIVER_CORES, HTTP, free_port, granian, held_to, running
from benchmarks.webhook_world import world
from routing.models import ApiKey

RULES, ROUNDS, CALLS, WARM = 10_000, 5, 80, 50
GOAL_MS = 5
WHY = "eight ways to PostgreSQL and back, for key, claim, row and outcome; 5.56 ms on AMD EPYC, of which 2 waiting"
TRIED = """Claim and row sent to PostgreSQL in one trip (libpq's pipeline) changed nothing where it is on the same
machine: 11.4 to 13.8 ms before, 11.0 to 14.2 after, nine medians each by turns. The time is Python's."""
LINE = "n0"  # the first number of the table


def main(rules: int = RULES, calls: int = CALLS) -> None:
    """Place calls one after the other at a Vapi of our own, and print what is left without its time."""
    _, key = ApiKey.objects.create_key("benchmark", "secret")
    port, upstream = free_port(), free_port()
    vapi = {"VAPI_API_KEY": "private", "VAPI_BASE_URL": f"http://127.0.0.1:{upstream}"}
    command = [sys.executable, str(HTTP / "upstream.py")]
    with (
        world(rules) as (_, settings),
        held_to(DRIVER_CORES),
        running(command, upstream, {}),
        running(granian("config.wsgi:application", port), port, settings | vapi) as server,
    ):
        place(port, "/api/v1/call", key, range(WARM))
        whole, theirs, work = [], [], 0.0
        for start in range(WARM, WARM + ROUNDS * calls, calls):
            numbers, before = range(start, start + calls), server.worked()
            whole += place(port, "/api/v1/call", key, numbers)
            work += server.worked() - before
            theirs += place(upstream, "/call", key, numbers)
    print(f"### POST /api/v1/call on PostgreSQL, {rules:,} rules, one call after the other, {ROUNDS} rounds by turns")
    rows = [("through Switchboard", *_percentiles(whole), f"{work * 1000 / len(whole):.1f}")]
    rows.append(("at the stand-in for Vapi, asked directly", *_percentiles(theirs), ""))
    table(("", "p50 ms", "p99 ms", "work ms a call, all threads"), rows)
    print(TRIED + "\n")
    goal("POST /call, own cost at p50", median(whole) - median(theirs), "ms", at_most=GOAL_MS, why_not=WHY)


def _percentiles(taken: Sequence[float]) -> tuple[str, str]:
    return f"{median(taken):.1f}", f"{quantiles(taken, n=100)[98]:.1f}"


def place(port: int, path: str, key: str, numbers: Iterable[int]) -> list[float]:
    """Place calls, each to another number, and return the milliseconds of each."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    taken = []
    for number in numbers:
        body = json.dumps({"phoneNumberId": LINE, "customer": {"number": f"+1305{2_000_000 + number}"}})
        start = time.perf_counter()
        line.request("POST", path, body, headers)
        response = line.getresponse()
        content = response.read()
        taken.append((time.perf_counter() - start) * 1000)
        if response.status != 201:
            raise RuntimeError(f"{response.status}: {content[:200]!r}")
    line.close()
    return taken
