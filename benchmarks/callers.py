"""Signed calls at a steady rate, as many to each process of a server, which tell what each process knows and when."""

from __future__ import annotations

import hmac
import http.client
import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.tables import make_calls
from routing.engine.context import Channel

LINES = 4  # connections to each process
PATIENCE = 180.0  # seconds: 100,000 rules are read before the first answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One answer: when it came, after how many milliseconds, from which process, and the turn it tells of, if any."""

    at: float
    ms: float
    pid: int
    turn: int | None


@dataclass(kw_only=True)
class Callers:
    """Threads that call, each on a connection of its own."""

    port: int
    rate: float  # calls a second, of all together
    secret: str
    probe: str
    others: list[str]
    answers: list[Answer] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def call(self, line: http.client.HTTPConnection, pid: int, customer: str) -> None:
        """Ask who takes a call."""
        call = {"id": str(uuid.uuid4()), "type": "inboundPhoneCall", "customer": {"number": customer}}
        body = json.dumps({"message": {"type": "assistant-request", "call": call}}).encode()
        stamp = str(int(time.time()))
        signature = hmac.digest(self.secret.encode(), f"{stamp}.".encode() + body, "sha256").hex()
        headers = {"Content-Type": "application/json", "X-Timestamp": stamp, "X-Signature": signature}
        began = time.monotonic()
        line.request("POST", "/vapi/webhook", body, headers)
        response = line.getresponse()
        text = response.read()
        at = time.monotonic()
        answer = json.loads(text) if response.status == 200 else {}
        if "assistantId" not in answer:
            self.faults.append(f"{response.status} {text[:100]!r}")
        turn = answer.get("assistantOverrides", {}).get("variableValues", {}).get("turn")
        self.answers.append(
            Answer(at=at, ms=(at - began) * 1000, pid=pid, turn=turn if customer == self.probe else None)
        )

    def run(self, line: http.client.HTTPConnection, pid: int, place: int, lines: int) -> None:
        """Call in turn with the other threads; three of four calls are those that tell."""
        turn, began = place, time.monotonic()
        while not self.stopped.wait(max(0.0, began + turn / self.rate - time.monotonic())):
            customer = self.others[turn % len(self.others)] if turn // lines % 4 == 0 else self.probe
            self.call(line, pid, customer)
            turn += lines

    def between(self, start: float, end: float) -> list[Answer]:
        """Return the answers to calls in that time."""
        return [answer for answer in list(self.answers) if start <= answer.at - answer.ms / 1000 < end]

    def live_at(self, turn: int, pids: set[int], since: float) -> float:
        """Wait until every process told of this turn; return when the last one did first."""
        place, first, end = len(self.answers), dict[int, float](), time.monotonic() + PATIENCE
        place = max(0, place - 500)  # it may have been told while the change was being written
        while time.monotonic() < end:
            for answer in self.answers[place:]:
                if answer.turn is not None and answer.turn >= turn and answer.at >= since:
                    first.setdefault(answer.pid, answer.at)
            if first.keys() >= pids:
                return max(first.values())
            time.sleep(0.01)
        raise RuntimeError(f"turn {turn} is not live in all processes; {self.faults[:3]}")


@contextmanager
def calling(port: int, pids: set[int], rules: int, *, rate: float, secret: str, probe: str) -> Iterator[Callers]:
    """Let callers call meanwhile."""
    others = [str(call.customer) for call in make_calls(rules) if call.channel is Channel.INBOUND]
    callers = Callers(port=port, rate=rate, secret=secret, probe=probe, others=others)
    lines = _connect(port, pids)
    threads = [
        threading.Thread(target=callers.run, args=(line, pid, place, len(lines)))
        for place, (line, pid) in enumerate(lines)
    ]
    for thread in threads:
        thread.start()
    try:
        yield callers
    finally:
        callers.stopped.set()
        for thread in threads:
            thread.join()


def _connect(port: int, pids: set[int]) -> list[tuple[http.client.HTTPConnection, int]]:
    """Open connections until each process has its share; the kernel chooses whom it gives each."""
    held: dict[int, list[http.client.HTTPConnection]] = {pid: [] for pid in pids}
    end = time.monotonic() + PATIENCE
    while any(len(lines) < LINES for lines in held.values()):
        if time.monotonic() > end:
            raise RuntimeError("some processes of the server take no connection")
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        line.request("GET", "/healthz")
        line.getresponse().read()
        pid = _answering(line, pids)
        if pid is None or len(held[pid]) == LINES:
            line.close()
        else:
            held[pid].append(line)
    # Process by process in turn, so that none is asked in a bunch.
    return [(held[pid][place], pid) for place in range(LINES) for pid in sorted(pids)]


def _answering(line: http.client.HTTPConnection, pids: set[int]) -> int | None:
    """Return the process that holds the other end, by the kernel's tables."""
    ours = f":{line.sock.getsockname()[1]:04X}"
    rows = (row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:])
    inode = next((row[9] for row in rows if row[2].endswith(ours)), None)
    for pid in pids:
        for held in Path(f"/proc/{pid}/fd").iterdir():
            try:
                if str(held.readlink()) == f"socket:[{inode}]":
                    return pid
            except FileNotFoundError:
                continue
    return None
