"""The webhook against what a team would write by hand: `make bench PART=webhook`, some four minutes.

Needs wrk (Debian: apt-get install wrk) and, for the servers written for Node.js, node and npm. RULES=10: a short table;
ROUNDS and SECONDS: how often each server is asked, and for how long. Work is the processor time of the server's
processes, so it hardly depends on what else the machine does; requests a second do.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import benchmarks.postgres  # noqa: F401 - before all that needs Django
from benchmarks import answering, latency, outbound
from benchmarks.http.later import HOLD
from benchmarks.messages import SECRET, make_requests, write_lines
from benchmarks.report import goal, table
from benchmarks.servers import DRIVER_CORES, HTTP, START_SECONDS, Server, free_port, granian, held_to, node, running
from benchmarks.waiting import until_drained
from benchmarks.webhook_world import environment, world

ROUNDS, SECONDS, CONNECTIONS = 5, 2, 32
MESSAGES = 20_000  # each of another call, and more than a process remembers answers of
LANE, VIEW, BARE = "Switchboard, lane", "Switchboard, Django view", "bare Django view"
CONSTANT = "constant, no framework"
EXPRESS, FASTIFY = "Express 5, constant", "Fastify, constant"
WHY = """The constant is answered by the same server and the same threads: nobody in Python goes below what it takes.
The rest of the lane's work, timed inside one message after the other (10,000 rules, µs of the thread, AMD EPYC): the
record written 14, the signature 8, what the message says 7, deciding 6, counting 6, the row's columns 4, JSON read 4
and written 3, the answer 2, the body 2. No single step can be left out to win the missed goals, and one alone in a loop
takes half of that: what a step finds in the processor's caches counts, not how it is written. There is no waiting for
each other in it: 0.6 switches of threads a request. The goals are of a prototype of 35 µs, beside which a bare Django
took 106; the one here, without any middleware, takes less than we do.

The machine counts: on AMD EPYC (23 November) the lane took 72 µs, bare Django 66, Express 196, Fastify 42, so 2.67x
Express, 0.87x bare Django and 0.59x Fastify, and the Django view 1.3x Express. An Intel Xeon of 2.8 GHz takes twice as
long for Python and 1.3 to 2 times for Node.js. What the last changes bought there, 300 messages in a row: what a
message says read by plain steps instead of paths, 5.5 to 3.6 µs; a signature's plan that knows its tokens, 6.1 to
5.0 µs."""
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
    """Print the contenders, our own work without a server, what a caller waits for at a steady rate, and outbound."""
    rules = int(os.environ.get("RULES", 100_000))
    throughput(rules, int(os.environ.get("ROUNDS", ROUNDS)), int(os.environ.get("SECONDS", SECONDS)))
    answering.main(rules)
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
        for contender in contenders:
            wake(contender.server.port, next(make_requests(rules, 1)))
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
    CONSTANT: ("benchmarks.http.constant:application", ""),
    EXPRESS: ("", "express.mjs"),
    FASTIFY: ("", "fastify.mjs"),
}


def wake(port: int, body: bytes) -> None:
    """Wait for the first answer: a server of ours reads its table before it."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)) as line:
        latency.send(line, body)


def ask(contender: Contender, lines: Path, seconds: int) -> None:
    """Send it messages for some seconds, and only then let it put them into the database."""
    with holding(contender.folder):
        before = contender.server.worked()
        sent = drive(contender.server.port, lines, seconds, contender.sent)
        answered = contender.server.worked()
    if contender.folder is not None:
        until_drained(contender.folder)
    contender.sent += int(sent["requests"])
    contender.rates.append(sent["requests"] / sent["seconds"])
    contender.costs.append((answered - before) / sent["requests"] * 1e6)
    contender.later.append((contender.server.worked() - answered) / sent["requests"] * 1e6)


@contextlib.contextmanager
def holding(folder: Path | None) -> Iterator[None]:
    """Let the server that spools there keep its records meanwhile."""
    if folder is None:
        yield
        return
    hold = folder / "data" / HOLD
    hold.parent.mkdir(exist_ok=True)  # the server makes it with its first record
    hold.touch()
    try:
        yield
    finally:
        hold.unlink()


def drive(port: int, lines: Path, seconds: int, first: int) -> dict[str, float]:
    """Let wrk send messages, from this one on, and return what it counted. Raises RuntimeError unless all is 200."""
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "--timeout",
        "20s",
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
    rounds = len(contenders[0].rates) - 1
    print(f"### {rules:,} rules, one core, {CONNECTIONS} connections, {rounds} rounds by turns")
    head = ("server", "requests/s", "spread", "work µs a request", "spread", "later, to the database")
    table(head, [_row(one) for one in contenders])
    by_name = {one.name: one for one in contenders}
    pairs = [(by_name[ours], by_name[theirs], least) for (ours, theirs), least in GOALS.items() if theirs in by_name]
    table(("", "work", "requests/s", "spread", "work with draining"), [_compare(*pair[:2]) for pair in pairs])
    print(WHY + "\n")
    for ours, theirs, least in pairs:
        name, ratio = f"{ours.name} against {theirs.name}, work", median(_ratios(theirs.costs, ours.costs))
        goal(name, ratio, "x", at_least=least, why_not="the words of this part tell what its time is")


def _row(one: Contender) -> tuple[str, ...]:
    rates, costs = one.rates[1:], one.costs[1:]
    later = f"{median(one.later[1:]):.0f}" if one.folder else ""
    spread = f"{min(rates):,.0f} to {max(rates):,.0f}", f"{min(costs):.0f} to {max(costs):.0f}"
    return one.name, f"{median(rates):,.0f}", spread[0], f"{median(costs):.0f}", spread[1], later


def _compare(ours: Contender, theirs: Contender) -> tuple[str, ...]:
    """Return the line that says how often we answer while they answer once."""
    rates = _ratios(ours.rates, theirs.rates)
    whole = [answer + later for answer, later in zip(ours.costs, ours.later, strict=True)]
    work, drained = median(_ratios(theirs.costs, ours.costs)), median(_ratios(theirs.costs, whole))
    spread = f"{min(rates):.2f} to {max(rates):.2f}"
    return f"{ours.name} / {theirs.name}", f"{work:.2f}x", f"{median(rates):.2f}x", spread, f"{drained:.2f}x"


def _ratios(over: list[float], under: list[float]) -> list[float]:
    return [one / other for one, other in zip(over[1:], under[1:], strict=True)]
