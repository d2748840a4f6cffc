"""Servers of several processes, as on several machines, that write into one PostgreSQL; a part of `scaling`."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from django.db import connection

from benchmarks.messages import make_requests, write_lines
from benchmarks.report import figure, table
from benchmarks.servers import CORES, DRIVER_CORES, SERVER_CORES, Server, free_port, granian, held_to, running, worked
from benchmarks.waiting import until_drained
from benchmarks.webhook import drive
from benchmarks.webhook_world import environment, world

# Machines, processes on each, and whether they have a core of their own, so that nobody else works on it.
STAGES = ((1, 1, True), (1, 2, False), (2, 2, False), (2, 4, False))
SECONDS, ROUNDS, MESSAGES = 2, 3, 20_000
VAPI_SECONDS = 7.5  # until Vapi gives up
MESSAGES_A_CALL = 3  # assistant-request, status-update, end-of-call-report: the fewest
Curve = list[tuple[float, float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """A server with a data directory of its own."""

    server: Server
    folder: Path


@dataclass(kw_only=True)
class Stage:
    """What was measured of so many processes, by rounds.

    Answers a second; answers a second until all of them were in the database too; and microseconds of work a request,
    of the servers and of PostgreSQL.
    """

    name: str
    processes: int
    answered: list[float] = field(default_factory=list)
    stored: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    connections: int = 0

    def row(self) -> tuple[str, ...]:
        """Return the line of the table."""
        spread = f"{min(self.answered):,.0f} to {max(self.answered):,.0f}"
        costs = f"{median(self.ours):.0f}", f"{median(self.database):.0f}"
        return (
            self.name, f"{median(self.answered):,.0f}", spread, f"{median(self.stored):,.0f}", *costs,
            f"{self.connections}",
        )  # fmt: skip


def processes(rules: int) -> dict[str, Curve]:
    """Ask servers of 1 to 8 processes as fast as they answer, print what they do, and return the curves."""
    if shutil.which("wrk") is None:
        print("Processes are not compared: that needs wrk (Debian: apt-get install wrk).")
        return {}
    with world(rules) as (folder, settings):
        lines = folder / "messages"
        write_lines(lines, make_requests(rules, MESSAGES))
        stages = [_measure(stage, folder, lines, settings) for stage in STAGES]
    head = ("machines, of so many processes", "answers/s", "spread", "answered and stored/s", "µs of work a request")
    table((*head, "of PostgreSQL, µs", "connections"), [stage.row() for stage in stages])
    _say(stages[0], rules)
    return {
        "answered": [(stage.processes, median(stage.answered)) for stage in stages],
        "and stored": [(stage.processes, median(stage.stored)) for stage in stages],
    }


def _say(one: Stage, rules: int) -> None:
    """Say what the figures of one process on a core of its own mean for calls."""
    answers, stored, cost = median(one.answered), median(one.stored), median(one.database)
    print(
        f"{len(CORES)} cores for servers, driver and PostgreSQL together, {rules:,} rules; “machines” are servers with "
        "a data directory each.\n"
        f"One process on a core of its own answers {answers:,.0f} requests a second. If {answers * VAPI_SECONDS:,.0f} "
        f"came at one instant, the last would be answered within Vapi's {VAPI_SECONDS:g} s.\n"
        f"It keeps up, call log included, with {stored:,.0f} requests a second: {stored / MESSAGES_A_CALL:,.0f} calls "
        f"of {MESSAGES_A_CALL} messages.\n"
        f"A core of PostgreSQL takes the records of {figure(1e6 / max(cost, 1))} requests a second."
    )


def _measure(stage: tuple[int, int, bool], folder: Path, lines: Path, settings: dict[str, str]) -> Stage:
    machines, workers, is_apart = stage
    name = f"{machines} of {workers}{', a core of its own' if is_apart else ''}"
    found = Stage(name=name, processes=machines * workers)
    with contextlib.ExitStack() as stack:
        if is_apart:
            stack.enter_context(held_to(DRIVER_CORES))
        cores = SERVER_CORES if is_apart else frozenset(CORES)
        started = [stack.enter_context(_machine(folder, settings, workers, cores)) for _ in range(machines)]
        time.sleep(1 + machines * workers)  # until the last process listens and has read the table
        sent = _ask(started, lines, 1, 0, None)
        for _ in range(ROUNDS):
            sent = _ask(started, lines, SECONDS, sent, found)
        found.connections = _connections()
    return found


@contextlib.contextmanager
def _machine(folder: Path, settings: dict[str, str], workers: int, cores: frozenset[int]) -> Iterator[Machine]:
    port = free_port()
    own = folder / f"machine-{port}"
    own.mkdir()
    command = granian("config.wsgi:application", port, workers=workers)
    with running(command, port, settings | environment(own), cores) as server:
        yield Machine(server=server, folder=own)


def _ask(machines: Sequence[Machine], lines: Path, seconds: int, first: int, found: Stage | None) -> int:
    """Drive all machines at once until all is in the database; return the place of the next message."""
    ours, database = _work(machines), _database_work()
    with ThreadPoolExecutor(len(machines)) as drivers:
        counted = list(drivers.map(lambda one: drive(one.server.port, lines, seconds, first), machines))
    requests = sum(one["requests"] for one in counted)
    quiet = [until_drained(one.folder) for one in machines]
    if found is not None:
        found.answered.append(sum(one["requests"] / one["seconds"] for one in counted))
        found.stored.append(requests / (max(one["seconds"] for one in counted) + sum(quiet)))
        found.ours.append((_work(machines) - ours) / requests * 1e6)
        found.database.append((_database_work() - database) / requests * 1e6)
    return first + int(max(one["requests"] for one in counted))


def _work(machines: Sequence[Machine]) -> float:
    return sum(one.server.worked() for one in machines)


def _database_work() -> float:
    """Return the seconds of processor time that PostgreSQL has taken, with what has ended."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        (folder,) = cursor.fetchone()
    main = int(Path(folder, "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    return worked(main, with_ended=True) + sum(worked(int(pid)) for pid in children)


def _connections() -> int:
    """Return how many connections the servers hold."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        (count,) = cursor.fetchone()
    return int(count) - 1
