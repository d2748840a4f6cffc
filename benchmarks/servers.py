"""Servers as processes of their own, held to one core, and the time that they work."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from routing.management.commands.serve import server_command

HTTP = Path(__file__).parent / "http"
START_SECONDS = 60
TICKS = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
# The server has a core of its own where there are two; drivers and databases have the others.
SERVER_CORES, DRIVER_CORES = frozenset(CORES[:1]), frozenset(CORES[1:] or CORES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A running server and its workers, which are a group of processes."""

    port: int
    process: subprocess.Popen[bytes]

    def worked(self) -> float:
        """Return the seconds of processor time that it and its workers have taken so far."""
        return sum(worked(pid) for pid in self._pids())

    def _pids(self) -> list[int]:
        main = self.process.pid
        return [main, *map(int, Path(f"/proc/{main}/task/{main}/children").read_text().split())]


@contextlib.contextmanager
def running(
    command: Sequence[str], port: int, environment: dict[str, str], cores: frozenset[int] = SERVER_CORES
) -> Iterator[Server]:
    """Run a server on these cores, from when it listens."""
    process = subprocess.Popen(
        command,
        env=os.environ | {"PORT": str(port)} | environment,
        cwd=settings.BASE_DIR,
        start_new_session=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield Server(port=port, process=process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def granian(application: str, port: int, *, threads: int | None = None, workers: int = 1) -> list[str]:
    """Return the command that serves a WSGI application as `manage.py serve` does."""
    command = [sys.executable, *server_command("127.0.0.1", port, workers=workers)]
    command[command.index("config.wsgi:application")] = application
    if threads is not None:
        command[command.index("--blocking-threads") + 1] = str(threads)
    return command


def node(script: str) -> list[str] | None:
    """Return the command that runs one of the servers for Node.js; None where that is not installed."""
    program = shutil.which("node")
    return [program, str(HTTP / script)] if program and (HTTP / "node_modules").is_dir() else None


@contextlib.contextmanager
def held_to(cores: frozenset[int], pid: int = 0) -> Iterator[None]:
    """Let a process, by default this one, run on these cores only."""
    before = os.sched_getaffinity(pid)
    os.sched_setaffinity(pid, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(pid, before)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not listen on port {port}")


def worked(pid: int, *, with_ended: bool = False) -> float:
    """Return the seconds of processor time that a process has taken so far, or with its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11 : 15 if with_ended else 13])) / TICKS
