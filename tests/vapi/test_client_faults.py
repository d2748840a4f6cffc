"""Faults below HTTP: when Vapi cannot have got a request, and when it may have placed a call."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from routing.vapi import client as client_module
from routing.vapi.client import CallPlacer
from routing.vapi.errors import VapiError
from tests.vapi.asking import ALL, BODY, connect

Behaviour = Callable[[socket.socket], None]


def read_request(connection: socket.socket) -> None:
    """Read head and body; what is sent comes in one or two pieces."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)


def reset(connection: socket.socket) -> None:
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang_up(connection: socket.socket) -> None:
    read_request(connection)


def stay_silent(connection: socket.socket) -> None:
    read_request(connection)
    connection.recv(1)  # returns when the client gives up


def stop_halfway(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"id": "half')


def talk_nonsense(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"220 smtp.example.test ESMTP\r\n\r\n")


@contextmanager
def run_server(behave: Behaviour) -> Iterator[tuple[str, list[int]]]:
    """Serve every connection with one behaviour; gives the address and a list that grows with each connection."""
    accepted: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                accepted.append(1)
                with connection:
                    behave(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", accepted
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.parametrize("behave", [reset, hang_up, stay_silent, stop_halfway, talk_nonsense])
@pytest.mark.parametrize(
    ("request_", "retryable", "ambiguous"),
    [(ALL["call"], False, True), (ALL["web call"], False, True), (ALL["get"], True, False)],
    ids=["call", "web call", "get"],
)
def test_a_fault_after_sending_leaves_open_whether_a_call_was_placed(
    monkeypatch: pytest.MonkeyPatch,
    behave: Behaviour,
    request_: Callable[[CallPlacer], dict[str, Any]],
    retryable: bool,
    ambiguous: bool,
) -> None:
    monkeypatch.setattr(client_module, "TIMEOUT", (3, 0.2))

    with run_server(behave) as (url, accepted), pytest.raises(VapiError) as caught:
        request_(connect(url))

    assert caught.value.status is None
    assert (caught.value.retryable, caught.value.ambiguous) == (retryable, ambiguous)
    assert len(accepted) == 1


def test_nobody_listening_means_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(VapiError, match="cannot be reached") as caught:
        connect(f"http://127.0.0.1:{port}").create_call(BODY)

    assert (caught.value.status, caught.value.retryable, caught.value.ambiguous) == (None, True, False)


@pytest.mark.parametrize("base_url", ["http://vapi.invalid", "ftp://127.0.0.1", "http://"])
def test_an_address_that_leads_nowhere_means_nothing_was_sent(base_url: str) -> None:
    with pytest.raises(VapiError) as caught:
        connect(base_url).create_call(BODY)

    assert not caught.value.ambiguous


def test_a_full_backlog_times_out_before_anything_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "TIMEOUT", (0.2, 5))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())

        with pytest.raises(VapiError) as caught:
            connect(f"http://127.0.0.1:{listener.getsockname()[1]}").create_call(BODY)

        for filler in fillers:
            filler.close()
    assert (caught.value.retryable, caught.value.ambiguous) == (True, False)


def test_a_tls_handshake_that_breaks_off_is_in_doubt() -> None:
    def speak_plainly(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with run_server(speak_plainly) as (url, _), pytest.raises(VapiError) as caught:
        connect(url.replace("http:", "https:")).create_call(BODY)

    assert caught.value.ambiguous


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 5000\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b" ")
                time.sleep(0.01)

    monkeypatch.setattr(client_module, "BUDGET_SECONDS", 0.2)

    with run_server(drip) as (url, accepted), pytest.raises(VapiError) as caught:
        connect(url).create_call(BODY)

    assert (caught.value.status, caught.value.ambiguous, len(accepted)) == (None, True, 1)
