"""The server itself, asked byte by byte as no well-behaved client would."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from pytest_django import Settings

from routing.engine.document import read_document
from routing.services.publish import publish
from routing.snapshot.rows import rows_from_table
from tests.faults.program import Program, run_program
from tests.webhook.world import SECRET, TABLE, call_from

pytestmark = pytest.mark.faults
BODY = json.dumps(call_from("+12025550100")).encode()
HOOK = "POST /vapi/webhook HTTP/1.1"
HOST = "Host: 127.0.0.1"
KNOWN = f"X-Vapi-Secret: {SECRET}"
LENGTH = f"Content-Length: {len(BODY)}"
SILENCE_SECONDS = 0.4  # a second answer, of a request hidden in the first, would come within this time
CHUNKED = "Transfer-Encoding: chunked"


@pytest.fixture
def server(
    transactional_db: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Program]:
    settings.ROUTING_DATA_DIR = tmp_path
    rows_from_table(read_document(TABLE))
    publish(author=None, note="", now=timezone.now())
    monkeypatch.setenv("VAPI_WEBHOOK_SECRET", SECRET)
    with run_program("http://127.0.0.1:9", tmp_path) as program:
        yield program


def lines(*head: str, body: bytes = b"") -> bytes:
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def chunks(body: bytes, size: int = 20) -> bytes:
    pieces = [body[place : place + size] for place in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])


def ask(program: Program, sent: bytes) -> tuple[list[int], bytes]:
    """Return the status of each answer that comes before the server hangs up or falls silent, and all bytes."""
    url, got = urlsplit(program.url), b""
    with socket.create_connection((url.hostname, url.port or 0), timeout=10) as line:
        try:
            line.sendall(sent)
            line.settimeout(SILENCE_SECONDS)
            while piece := line.recv(65536):
                got += piece
        except OSError:
            pass
    statuses = [int(part.split(b" ", 2)[1]) for part in got.split(b"\n") if part.startswith(b"HTTP/1.1 ")]
    return statuses, got


CASES = {
    "plain": (lines(HOOK, HOST, KNOWN, LENGTH, body=BODY), [200]),
    "chunked": (lines(HOOK, HOST, KNOWN, CHUNKED, body=chunks(BODY)), [200]),
    "chunked, too long": (lines(HOOK, HOST, KNOWN, CHUNKED, body=chunks(b" " * (5 * 1024 * 1024 + 1), 65536)), [413]),
    "5 MiB + 1": (lines(HOOK, HOST, KNOWN, "Content-Length: 5242881", body=b" " * 5242881), [413]),
    "100 KB of a stranger": (lines(HOOK, HOST, "Content-Length: 100000", body=b" " * 100_000), [401]),
    "no length": (lines(HOOK, HOST, KNOWN), [400]),
    "two lengths": (lines(HOOK, HOST, KNOWN, LENGTH, "Content-Length: 1", body=BODY), [400]),
    "signed length": (lines(HOOK, HOST, KNOWN, "Content-Length: +5", body=BODY), [400]),
    "length of 10,000 digits": (lines(HOOK, HOST, KNOWN, f"Content-Length: {'9' * 10000}", body=BODY), [400]),
    "CL.TE": (lines(HOOK, HOST, KNOWN, f"Content-Length: {len(chunks(BODY)) + 60}", CHUNKED, body=chunks(BODY)), [200]),
    "TE.CL": (lines(HOOK, HOST, KNOWN, CHUNKED, "Content-Length: 4", body=chunks(BODY)), [200]),
    "TE.TE": (lines(HOOK, HOST, KNOWN, CHUNKED, "Transfer-Encoding: x", body=chunks(BODY)), [400]),
    "unknown coding": (lines(HOOK, HOST, KNOWN, "Transfer-Encoding: xchunked", body=chunks(BODY)), [400]),
    "space before colon": (lines(HOOK, HOST, KNOWN, "Transfer-Encoding : chunked", body=chunks(BODY)), [400]),
    "bad chunk size": (lines(HOOK, HOST, KNOWN, CHUNKED, body=b"zz\r\n{}\r\n0\r\n\r\n"), [400]),
    "secret after a bare line end": (lines(HOOK, HOST, f"X-A: b\n{KNOWN}", LENGTH, body=BODY), [200]),
    "folded secret": (lines(HOOK, HOST, "X-A: b", f" {KNOWN}", LENGTH, body=BODY), [400]),
    "underscored secret": (lines(HOOK, HOST, KNOWN.replace("-", "_"), LENGTH, body=BODY), [401]),
    "two secrets": (lines(HOOK, HOST, "X-Vapi-Secret: x", KNOWN, LENGTH, body=BODY), [401]),
    "NUL in the secret": (lines(HOOK, HOST, KNOWN + "\0", LENGTH, body=BODY), [400]),
    "headers of 1 MB": (lines(HOOK, HOST, f"X-A: {'a' * 1_000_000}", KNOWN, LENGTH, body=BODY), [431]),
    "10,000 headers": (lines(HOOK, HOST, *(f"X-A{n}: a" for n in range(10000)), LENGTH, body=BODY), [431]),
    "method of nobody": (lines("HACK /vapi/webhook HTTP/1.1", HOST, KNOWN, LENGTH, body=BODY), [405]),
    "method overridden": (lines(HOOK, HOST, KNOWN, "X-HTTP-Method-Override: DELETE", LENGTH, body=BODY), [200]),
    "TRACE": (lines("TRACE /vapi/webhook HTTP/1.1", HOST, KNOWN), [405]),
    "other content type": (lines(HOOK, HOST, KNOWN, "Content-Type: text/xml", LENGTH, body=BODY), [200]),
    "xml": (lines(HOOK, HOST, KNOWN, "Content-Length: 10", body=b"<?xml ?><x"), [400]),
    "other host": (lines(HOOK, "Host: evil.test", KNOWN, LENGTH, body=BODY), [200]),
    "other host, stranger": (lines(HOOK, "Host: evil.test", LENGTH, body=BODY), [401]),
    "other host, admin": (lines("GET /admin/login/ HTTP/1.1", "Host: evil.test"), [400]),
    "forwarded host, admin": (lines("GET /admin/ HTTP/1.1", HOST, "X-Forwarded-Host: evil.test"), [302]),
    "two hosts": (lines("GET /healthz HTTP/1.1", HOST, "Host: evil.test"), [200]),
    # The server hands on "127.0.0.1,evil.test", which is the name of no host.
    "two hosts, admin": (lines("GET /admin/login/ HTTP/1.1", HOST, "Host: evil.test"), [400]),
    "no host": (lines(HOOK, KNOWN, LENGTH, body=BODY), [200]),
    "//": (lines("POST //vapi/webhook HTTP/1.1", HOST, LENGTH, body=BODY), [404]),
    "encoded slash": (lines("POST /vapi%2fwebhook HTTP/1.1", HOST, LENGTH, body=BODY), [401]),
    "dots": (lines("POST /static/../vapi/webhook HTTP/1.1", HOST, LENGTH, body=BODY), [404]),
    "static dots": (lines("GET /static/../config/settings.py HTTP/1.1", HOST), [404]),
    "static encoded dots": (lines("GET /static/%2e%2e/config/settings.py HTTP/1.1", HOST), [404]),
    "static encoded slashes": (lines("GET /static/..%2f..%2fconfig/settings.py HTTP/1.1", HOST), [404]),
    "NUL in the path": (lines("GET /vapi/webhook%00 HTTP/1.1", HOST), [404]),
    "slash behind": (lines("POST /vapi/webhook/ HTTP/1.1", HOST, KNOWN, LENGTH, body=BODY), [200]),
    "no UTF-8 path": (lines("GET /%ff%fe HTTP/1.1", HOST), [404]),
    "long path": (lines(f"GET /{'a' * 60_000} HTTP/1.1", HOST), [404]),
    "whole address": (lines("POST http://evil.test/vapi/webhook HTTP/1.1", HOST, LENGTH, body=BODY), [401]),
    "api slash": (lines("POST /api/v1/call/ HTTP/1.1", HOST, "Content-Length: 2", body=b"{}"), [401]),
    "api encoded": (lines("GET /api/v1/calls%2f..%2fcall HTTP/1.1", HOST), [404]),
    "nonsense": (b"\x16\x03\x01\x02\x00\x01\x00" * 20, [400]),
}


def test_every_request_gets_the_one_answer_it_deserves(server: Program) -> None:
    """Two statuses would mean that the server saw a second request where there was one.

    Sabotage seen to fail: a lane that takes every path with "vapi/webhook" in it.
    """
    given = {name: ask(server, sent) for name, (sent, _) in CASES.items()}

    assert {name: statuses for name, (statuses, _) in given.items()} == {name: CASES[name][1] for name in CASES}
    for name, (_, answer) in given.items():
        assert b"Traceback" not in answer, name
        assert b"squadId" not in answer or KNOWN.encode() in CASES[name][0], name


def test_strangers_who_never_finish_hold_no_thread(server: Program) -> None:
    """The server has four. Sabotage seen to fail: an `Intake` that reads the body before anybody asks for it."""
    url = urlsplit(server.url)
    unfinished = lines(HOOK, HOST, "X-Vapi-Secret: wrong", "Content-Length: 1000", body=b"{")
    with contextlib.ExitStack() as held:
        for _ in range(20):
            line = held.enter_context(socket.create_connection((url.hostname, url.port or 0)))
            line.sendall(unfinished)
        time.sleep(1)

        assert ask(server, CASES["plain"][0])[0] == [200]
