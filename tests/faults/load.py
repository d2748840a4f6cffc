"""Callers by the dozen: threads that ask the webhook at a steady rate, on connections that they keep."""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

SECRET = "for-fault-tests"
HEADERS = {"Content-Type": "application/json", "X-Vapi-Secret": SECRET}
LINE_ID = "33333333-3333-4333-8333-333333333333"
VIP, ANYBODY = "+12025550100", "+12125550123"
CONCIERGE, RECEPTION = "a0000000-0000-4000-8000-000000000003", "a0000000-0000-4000-8000-000000000001"
EXPECTED = {VIP: CONCIERGE, ANYBODY: RECEPTION}
THREADS = 8
TIMEOUT = 7.5  # seconds; Vapi waits no longer


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What became of one caller. ``status`` 0: there was no answer at all."""

    call_id: str
    customer: str
    status: int
    target: str
    ms: float
    at: float
    fault: str = ""
    body: str = ""

    @property
    def is_right(self) -> bool:
        """Tell whether the caller reached who should take the call."""
        return self.status == 200 and self.target == EXPECTED[self.customer]


@dataclass(kw_only=True, slots=True)
class Caller:
    """One connection."""

    port: int
    keeps: bool = True
    line: http.client.HTTPConnection | None = None

    def call(self, customer: str) -> Answered:
        """Ask for a call's target."""
        call_id, at, started = str(uuid.uuid4()), time.monotonic(), time.perf_counter()
        status, target, fault, body = 0, "", "", ""
        try:
            status, target, body = self._ask(call_id, customer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            fault = repr(error)
            self.hang_up()
        ms = (time.perf_counter() - started) * 1000
        told = {"status": status, "target": target, "fault": fault, "body": body}
        return Answered(call_id=call_id, customer=customer, ms=ms, at=at, **told)  # type: ignore[arg-type]

    def hang_up(self) -> None:
        """Close the connection."""
        if self.line is not None:
            self.line.close()
            self.line = None

    def _ask(self, call_id: str, customer: str) -> tuple[int, str, str]:
        if self.line is None:
            self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        call = {"id": call_id, "phoneNumberId": LINE_ID, "customer": {"number": customer}}
        body = json.dumps({"message": {"type": "assistant-request", "call": call}})
        self.line.request("POST", "/vapi/webhook", body, HEADERS)
        response = self.line.getresponse()
        text = response.read().decode()
        answer = json.loads(text)
        if not self.keeps:
            self.hang_up()
        return response.status, str(answer.get("assistantId") or answer.get("error") or answer), text


@dataclass(kw_only=True)
class Load:
    """Steady traffic, until it is stopped."""

    port: int
    rate: float
    keeps: bool = True
    answered: list[Answered] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def mark(self) -> int:
        """Return a place in the answers, to measure from or to."""
        return len(self.answered)

    def run(self, number: int, started: float) -> None:
        """Be one thread of it: every eighth call, each at its own time."""
        caller, turn = Caller(port=self.port, keeps=self.keeps), number
        while not self.stopped.wait(max(0.0, started + turn / self.rate - time.monotonic())):
            self.answered.append(caller.call(VIP if turn % 3 == 0 else ANYBODY))
            turn = max(turn + THREADS, int((time.monotonic() - started) * self.rate / THREADS) * THREADS + number)
        caller.hang_up()


@contextlib.contextmanager
def under_load(port: int, rate: float = 50, *, keeps: bool = True) -> Iterator[Load]:
    """Let callers call meanwhile; afterwards every one of them has been answered, or not."""
    load, started = Load(port=port, rate=rate, keeps=keeps), time.monotonic()
    threads = [threading.Thread(target=load.run, args=(number, started)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stopped.set()
        for thread in threads:
            thread.join()


def percentile(answered: list[Answered], share: float = 0.99) -> float:
    """Return the milliseconds in which this share of the calls was answered."""
    ordered = sorted(one.ms for one in answered)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def wrong(answered: list[Answered]) -> list[Answered]:
    """Return the calls that did not reach who should take them."""
    return [one for one in answered if not one.is_right]


def wait_for(holds: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait until something holds and return how many seconds that took."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - started
