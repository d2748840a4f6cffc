"""What `POST /api/v1/call` costs on PostgreSQL beyond the time that Vapi takes."""

from __future__ import annotations

import http.client
import json
import sys
import time
from statistics import median, quantiles

from benchmarks.servers import DRIVER_CORES, HTTP, free_port, granian, held_to, running
from benchmarks.webhook_world import world
from routing.models import ApiKey

RULES, CALLS, WARM = 10_000, 400, 50
GOAL_MS = 5
LINE = "n0"  # the first number of the table


def main(rules: int = RULES, calls: int = CALLS) -> None:
    """Place calls one after the other at a Vapi of our own, and print what is left without its time."""
    _, key = ApiKey.objects.create_key("benchmark", "secret")
    port, upstream = free_port(), free_port()
    vapi = {"VAPI_API_KEY": "private", "VAPI_BASE_URL": f"http://127.0.0.1:{upstream}"}
    command = [sys.executable, str(HTTP / "upstream.py")]
    server = granian("config.wsgi:application", port)
    with (
        world(rules) as (_, settings),
        held_to(DRIVER_CORES),
        running(command, upstream, {}),
        running(server, port, settings | vapi),
    ):
        whole, theirs = place(port, "/api/v1/call", key, calls), place(upstream, "/call", key, calls)
    own = median(whole) - median(theirs)
    print(f"\n### POST /api/v1/call on PostgreSQL, {rules:,} rules, one call after the other\n")
    print("| | p50 ms | p99 ms | goal |\n|---|---|---|---|")
    for name, taken in (("through Switchboard", whole), ("at the stand-in for Vapi, asked directly", theirs)):
        print(f"| {name} | {median(taken):.1f} | {quantiles(taken, n=100)[98]:.1f} | |")
    print(f"| own cost | {own:.1f} | | p50 ≤ {GOAL_MS} |")


def place(port: int, path: str, key: str, calls: int) -> list[float]:
    """Place calls, each to another number, and return the milliseconds of each but the first ones."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    taken = []
    for number in range(calls + WARM):
        body = json.dumps({"phoneNumberId": LINE, "customer": {"number": f"+1305{2_000_000 + number}"}})
        start = time.perf_counter()
        line.request("POST", path, body, headers)
        response = line.getresponse()
        content = response.read()
        taken.append((time.perf_counter() - start) * 1000)
        if response.status != 201:
            raise RuntimeError(f"{response.status}: {content[:200]!r}")
    line.close()
    return taken[WARM:]
