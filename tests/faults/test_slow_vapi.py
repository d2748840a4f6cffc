"""Vapi is slow or broken while calls are placed: inbound stays quick, and nobody is called twice."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import struct
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from tests.faults.conftest import Deploy
from tests.faults.deployment import Deployment
from tests.faults.load import ANYBODY, percentile, under_load, wrong
from tests.faults.report import Promise, report

pytestmark = pytest.mark.faults

HANGING = 50
LIMIT_MS = 100 * 4  # the promise, and room for a busy machine


@dataclass(kw_only=True)
class BrokenVapi:
    """Reads requests whole, then does to the connection what the test wants."""

    behave: Callable[[socket.socket], object]
    taken: list[bytes] = field(default_factory=list)
    address: str = ""


@contextlib.contextmanager
def broken_vapi(behave: Callable[[socket.socket], object]) -> Iterator[BrokenVapi]:
    """Run one on a free port."""
    vapi = BrokenVapi(behave=behave)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            length = 0
            while (line := self.rfile.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            vapi.taken.append(self.rfile.read(length))
            with contextlib.suppress(OSError):
                vapi.behave(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads, block_on_close, request_queue_size = True, False, 128

    with Server(("127.0.0.1", 0), Handler) as server:
        vapi.address = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield vapi
        server.shutdown()


def place(deployment: Deployment, key: str, number: int = 0, timeout: float = 60) -> tuple[int, dict[str, str]]:
    """Ask for an outbound call of its own."""
    body = json.dumps({"customer": {"number": f"+1212555{number:04}" if number else ANYBODY}}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Idempotency-Key": f"k{number}"}
    request = urllib.request.Request(f"http://127.0.0.1:{deployment.port}/api/v1/call", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return response.status, dict(response.headers)
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers)


def make_key(deployment: Deployment) -> str:
    code = "from routing.models import ApiKey; print('KEY', ApiKey.objects.create_key('faults', 'secret')[1])"
    return deployment.manage("shell", "-c", code).partition("KEY ")[2].split()[0]


def test_inbound_stays_quick_while_fifty_outbound_calls_hang(on_postgres: Deploy) -> None:
    """Sabotage seen to fail: let `WebhookLane` hand requests to Django without `Room`, with 8 blocking threads."""
    with broken_vapi(lambda _: time.sleep(30)) as vapi:
        deployment = on_postgres(extra={"VAPI_API_KEY": "private", "VAPI_BASE_URL": vapi.address})
        key = make_key(deployment)
        with deployment.running(), ThreadPoolExecutor(HANGING) as pool:
            asked = [pool.submit(place, deployment, key, number) for number in range(1, HANGING + 1)]
            time.sleep(1)
            with under_load(deployment.port) as load:
                time.sleep(10)
                probe, _ = deployment.get("/healthz")
            statuses = Counter(one.result()[0] for one in asked)
        states = Counter(row[0] for row in stored_states(deployment))

    assert wrong(load.answered) == []
    assert len(load.answered) > 300
    assert probe == 200
    # Unknown calls are told with 424; those that found no place were not begun.
    assert set(statuses) <= {424, 503}, statuses
    assert (states["unknown"], len(vapi.taken)) == (statuses[424], statuses[424])
    p99 = percentile(load.answered)
    report(
        Promise.VAPI_FAILS,
        f"{HANGING} outbound calls hang at Vapi",
        f"inbound p99 {p99:.1f} ms, {len(load.answered)} calls all right; outbound answers {dict(statuses)}",
    )
    assert p99 < LIMIT_MS


def stored_states(deployment: Deployment) -> list[tuple[str]]:
    rows = "Call.objects.filter(channel='outbound').values_list('state', flat=True)"
    code = f"from routing.models import Call; print('ROWS', *{rows})"
    return [(state,) for state in deployment.manage("shell", "-c", code).partition("ROWS")[2].split()]


def slowly(seconds: float, behave: Callable[[socket.socket], object]) -> Callable[[socket.socket], object]:
    """Return the same behaviour after some time."""

    def wait(line: socket.socket) -> object:
        time.sleep(seconds)
        return behave(line)

    return wait


def answer(status: str, body: bytes, kind: str = "application/json", cut: int = 0) -> Callable[[socket.socket], object]:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return lambda line: line.sendall(head.encode() + body[: len(body) - cut])


def reset(line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


# What Vapi does, what our answer is, what the row says then, and how often Vapi is asked when the request comes again.
BROKEN: dict[str, tuple[Callable[[socket.socket], object], int, str, int]] = {
    "resets the connection": (reset, 424, "unknown", 1),
    "answers half a body": (answer("201 Created", b'{"id": "vapi-1", "status": "queued"}', cut=9), 424, "unknown", 1),
    "answers HTML": (answer("200 OK", b"<html>hello</html>", "text/html"), 424, "unknown", 1),
    "answers 500": (answer("500 Internal Server Error", b"{}"), 424, "unknown", 1),
    "answers 502": (answer("502 Bad Gateway", b"<html>bad</html>", "text/html"), 424, "unknown", 1),
    "answers 400": (answer("400 Bad Request", b'{"message": "no", "statusCode": 400}'), 400, "refused", 2),
    "answers 429": (answer("429 Too Many Requests", b'{"message": "slow", "statusCode": 429}'), 429, "failed", 2),
}


def test_a_broken_vapi_is_never_asked_twice_where_a_call_may_have_been_placed(on_sqlite: Deploy) -> None:
    """Sabotage seen to fail: let `VapiClient` mark nothing as ambiguous, or repeat a create."""
    told = {}
    with broken_vapi(lambda _: None) as vapi:
        deployment = on_sqlite(extra={"VAPI_API_KEY": "private", "VAPI_BASE_URL": vapi.address})
        key = make_key(deployment)
        with deployment.running():
            for number, (name, (behave, *_)) in enumerate(BROKEN.items(), 1):
                vapi.behave = behave
                before = len(vapi.taken)
                first, second = place(deployment, key, number)[0], place(deployment, key, number)[0]
                told[name] = (first, second, len(vapi.taken) - before)
            states = [state for (state,) in stored_states(deployment)]

    assert told == {name: (status, status, times) for name, (_, status, _, times) in BROKEN.items()}
    assert states.count("unknown") == 5
    report(
        Promise.VAPI_FAILS,
        "Vapi resets, answers half, HTML, 4xx, 5xx",
        "asked once where the call may exist; 424 and the row unknown",
    )


def test_a_vapi_that_refuses_connections_was_asked_nothing(on_sqlite: Deploy) -> None:
    """Sabotage seen to fail: let `_may_have_been_sent` say yes to a refused connection."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    deployment = on_sqlite(extra={"VAPI_API_KEY": "private", "VAPI_BASE_URL": address})
    key = make_key(deployment)
    with deployment.running():
        statuses = [place(deployment, key, number)[0] for number in (1, 1)]
        states = {state for (state,) in stored_states(deployment)}

    assert statuses[0] >= 500
    assert "unknown" not in states
    report(Promise.VAPI_FAILS, "Vapi refuses connections", f"{statuses[0]}, the request may come again")
