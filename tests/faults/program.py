"""The real server as processes of its own that a test can kill, and a Vapi that outlives them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.db import connection


@dataclass(kw_only=True)
class StubVapi:
    """Takes every call, after asking the test what happens first; what it took, it lists."""

    address: str = ""
    created: list[dict[str, Any]] = field(default_factory=list)
    before_answer: Callable[[], object] = lambda: None

    def take(self, body: dict[str, Any]) -> dict[str, Any]:
        """Keep the call as Vapi would."""
        call = body | {"id": f"vapi-{len(self.created) + 1}", "createdAt": datetime.now(UTC).isoformat()}
        self.created.append(call)
        return call


@contextlib.contextmanager
def run_stub() -> Iterator[StubVapi]:
    """Run a Vapi on a free port."""
    stub = StubVapi()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            call = stub.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            stub.before_answer()
            self.answer(201, call)

        def do_GET(self) -> None:
            self.answer(200, stub.created)

        def answer(self, status: int, value: object) -> None:
            body = json.dumps(value).encode()
            with contextlib.suppress(OSError):  # whoever asked may be dead
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        stub.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield stub
        server.shutdown()


@dataclass(kw_only=True)
class Program:
    """A running server."""

    url: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """Kill the server and its workers as a power cut would; they are a group of their own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def run_program(vapi_url: str, folder: Path, *, workers: int = 1, threads: int = 4) -> Iterator[Program]:
    """Run the server on the test's database until the end, or until it is killed."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": _database_url(),
        "ROUTING_DATA_DIR": str(folder),
        "ROUTING_POLL_SECONDS": "0.5",
        "VAPI_API_KEY": "private",
        "VAPI_BASE_URL": vapi_url,
    }
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    command += ["--blocking-threads", str(threads), "--log-level", "error"]
    process = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, start_new_session=True)
    program = Program(url=f"http://127.0.0.1:{port}", process=process)
    try:
        _wait_until_ready(program)
        yield program
    finally:
        program.kill()


def _wait_until_ready(program: Program) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and program.process.poll() is None:
        with contextlib.suppress(requests.RequestException):
            requests.get(f"{program.url}/api/v1/calls", timeout=5)
            return
        time.sleep(0.05)
    raise AssertionError("the server did not start")


def _database_url() -> str:
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["TEST_DATABASE_URL"])._replace(path=f"/{name}").geturl()
