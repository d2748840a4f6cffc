"""The webhook against what a team would write by hand: `make bench PART=webhook`, some four minutes.

Needs wrk (Debian: apt-get install wrk) and, for the servers written for Node.js, node and npm. RULES=10: a short table.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import benchmarks.postgres  # noqa: F401 - before all that needs Django
from benchmarks import latency, outbound
from benchmarks.messages import SECRET, make_requests, write_lines
from benchmarks.servers import DRIVER_CORES, HTTP, Server, free_port, granian, held_to, node, running
from benchmarks.waiting import until_drained
from benchmarks.webhook_world import environment, world

ROUNDS, SECONDS, CONNECTIONS = 5, 2, 32
MESSAGES = 20_000  # each of another call, and more than a process remembers answers of
LANE, VIEW, BARE = "Switchboard, lane", "Switchboard, Django view", "bare Django view"
EXPRESS, FASTIFY = "Express 5, constant", "Fastify, constant"
GOALS = {(LANE, EXPRESS): 5.0, (LANE, BARE): 2.5, (LANE, FASTIFY): 1.0, (VIEW, EXPRESS): 1.5}


@dataclass(kw_only=True)
class Contender:
    """A server, and what was measured of it by rounds.

    Requests a second, microseconds of work a request until it was answered, and later, until it was in the database.
    """

    name: str
    server: Server
    folder: Path | None = None  # where it spools
    sent: int = 0
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    later: list[float] = field(default_factory=list)


def main() -> None:
    """Print the table of contenders, then what a call waits for at a steady rate, and outbound."""
    rules = int(os.environ.get("RULES", 100_000))
    throughput(rules, ROUNDS, SECONDS)
    latency.main()
    outbound.main()


def throughput(rules: int, rounds: int, seconds: int) -> None:
    """Ask all contenders by turns as fast as they answer, and print how they compare."""
    if shutil.which("wrk") is None:
        print("The webhook is not compared: that needs wrk (Debian: apt-get install wrk).")
        return
    install_contenders()
    with world(rules) as (folder, settings), contextlib.ExitStack() as stack, held_to(DRIVER_CORES):
        contenders = list(start_contenders(stack, folder, settings))
        lines = folder / "messages"
        write_lines(lines, make_requests(rules, MESSAGES))
        for turn in range(rounds + 1):  # the first one warms up
            for contender in contenders:
                ask(contender, lines, seconds if turn else 1)
        report(rules, contenders)


def install_contenders() -> None:
    """Install what Node.js needs, where there is npm."""
    if (HTTP / "node_modules").is_dir():
        return
    npm = shutil.which("npm")
    if npm is None:
        print("Express and Fastify are left out: they need Node.js 20 or newer with npm.")
        return
    subprocess.run([npm, "ci", "--prefix", str(HTTP), "--loglevel", "error"], check=True, stdout=subprocess.DEVNULL)


def start_contenders(stack: contextlib.ExitStack, folder: Path, settings: dict[str, str]) -> Iterator[Contender]:
    """Start them all; whoever is not asked waits, and takes next to nothing."""
    for name, (application, script) in CONTENDERS.items():
        port, own = free_port(), folder / (application or script).replace(":", "-")
        own.mkdir()
        command = granian(application, port) if application else node(script)
        if command is not None:
            server = stack.enter_context(running(command, port, settings | environment(own)))
            yield Contender(name=name, server=server, folder=own if name in {LANE, VIEW} else None)


CONTENDERS = {
    LANE: ("benchmarks.http.lane:application", ""),
    VIEW: ("benchmarks.http.view:application", ""),
    BARE: ("benchmarks.http.bare:application", ""),
    EXPRESS: ("", "express.mjs"),
    FASTIFY: ("", "fastify.mjs"),
}


def ask(contender: Contender, lines: Path, seconds: int) -> None:
    """Send it messages for some seconds, and wait until it has put them into the database."""
    before = contender.server.worked()
    sent = drive(contender.server.port, lines, seconds, contender.sent)
    answered = contender.server.worked()
    if contender.folder is not None:
        until_drained(contender.folder)
    contender.sent += int(sent["requests"])
    contender.rates.append(sent["requests"] / sent["seconds"])
    contender.costs.append((answered - before) / sent["requests"] * 1e6)
    contender.later.append((contender.server.worked() - answered) / sent["requests"] * 1e6)


def drive(port: int, lines: Path, seconds: int, first: int) -> dict[str, float]:
    """Let wrk send messages, from this one on, and return what it counted. Raises RuntimeError unless all is 200."""
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "-s",
        str(HTTP / "send.lua"),
        f"http://127.0.0.1:{port}",
    ]
    command += ["--", str(lines), SECRET, str(first)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    counted: dict[str, float] = json.loads(printed.splitlines()[-1])
    if counted["refused"] or counted["broken"]:
        raise RuntimeError(f"port {port}: not every request was answered with 200: {counted}")
    return counted


def report(rules: int, contenders: list[Contender]) -> None:
    """Print medians, spread and ratios. Ratios are of the same round; the first one is left out."""
    print(
        f"\n### Webhook, {rules:,} rules, one core, {CONNECTIONS} connections, {len(contenders[0].rates) - 1} rounds\n"
    )
    print("| server | requests/s (min to max) | CPU µs a request | later, to the database |\n|---|---|---|---|")
    for one in contenders:
        rates = one.rates[1:]
        spread = f"{min(rates):,.0f} to {max(rates):,.0f}"
        later = f"{median(one.later[1:]):.0f}" if one.folder else ""
        print(f"| {one.name} | {median(rates):,.0f} ({spread}) | {median(one.costs[1:]):.0f} | {later} |")
    print("\n| ratio | requests/s (min to max) | CPU | goal |\n|---|---|---|---|")
    by_name = {one.name: one for one in contenders}
    for (ours, theirs), goal in GOALS.items():
        if theirs in by_name:
            print(compare(by_name[ours], by_name[theirs], goal))


def compare(ours: Contender, theirs: Contender, goal: float) -> str:
    """Return the line of the table that says how often we answer while they answer once."""
    ratios = [mine / other for mine, other in zip(ours.rates[1:], theirs.rates[1:], strict=True)]
    cost = median(theirs.costs[1:]) / median(ours.costs[1:])
    spread = f"{min(ratios):.1f} to {max(ratios):.1f}"
    return f"| {ours.name} / {theirs.name} | {median(ratios):.1f}x ({spread}) | {cost:.1f}x | ≥ {goal:g}x |"
