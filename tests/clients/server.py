"""The real server in a process of its own, with the demo loaded, and the Vapi that it talks to."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import requests
from werkzeug import Request, Response

from routing.vapi.errors import VapiError
from routing.vapi.sandbox import Sandbox
from tests.vapi_schema.checker import find_errors

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMAS = {"/call": "CreateCallDTO", "/call/web": "CreateWebCallDTO"}
SECONDS_TO_START = 60


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server that runs, and the demo's keys."""

    url: str
    secret_key: str
    publishable_key: str

    @property
    def api(self) -> str:
        """The base URL that an SDK gets."""
        return f"{self.url}/api/v1"


@dataclass(kw_only=True)
class Upstream:
    """Vapi as far as calls are created: it refuses what the schema refuses, and answers as the sandbox does.

    ``faults`` come first, one a request: a status to answer with, "drop" to cut the connection without an answer, or
    "hang" to answer nothing until ``released``. After "drop" and "hang" the call counts as placed.
    """

    faults: deque[int | str] = field(default_factory=deque)
    sent: list[dict[str, Any]] = field(default_factory=list)
    perhaps_placed: list[dict[str, Any]] = field(default_factory=list)
    released: Event = field(default_factory=Event)
    _sandbox: Sandbox = field(default_factory=lambda: Sandbox(Path(tempfile.mkdtemp()) / "calls.jsonl"))

    def answer(self, request: Request) -> Response:
        """Answer a create, or fail as told."""
        body = json.loads(request.data)
        self.sent.append(body)
        fault = self.faults.popleft() if self.faults else None
        if isinstance(fault, int) and fault < 500:
            return _json({"message": "Told to refuse.", "error": "Refused", "statusCode": fault}, fault)
        if complaints := find_errors(SCHEMAS[request.path], body):
            return _json({"message": complaints, "error": "Bad Request", "statusCode": 400}, 400)
        self.perhaps_placed.append(body)
        if isinstance(fault, int):
            return _json({"message": "Told to break.", "error": "Broken", "statusCode": fault}, fault)
        if fault == "hang":
            self.released.wait(40)
        if fault == "drop":
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return self._place(request.path, body)

    def _place(self, path: str, body: dict[str, Any]) -> Response:
        place = self._sandbox.create_web_call if path.endswith("web") else self._sandbox.create_call
        try:
            return _json(place(body), 201)
        except VapiError as error:
            return _json(error.body, error.status or 500)


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Served]:
    """Run the server on SQLite in a folder, with these settings, until the end of the block."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"} | {
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "ROUTING_DATA_DIR": str(folder),
        "ROUTING_POLL_SECONDS": "0.5",
        "SECRET_KEY": "",
        "ENCRYPTION_KEYS": "",
    }
    environment |= {
        "VAPI_API_KEY": "",
        "VAPI_PUBLIC_KEY": "",
        "VAPI_BASE_URL": "",
        "VAPI_WEBHOOK_SECRET": "",
    } | settings
    manage = [sys.executable, str(ROOT / "manage.py")]
    subprocess.run([*manage, "migrate", "--verbosity", "0"], env=environment, check=True)
    demo = subprocess.run([*manage, "demo", "--json"], env=environment, check=True, capture_output=True, text=True)
    keys = json.loads(demo.stdout)
    process = subprocess.Popen([*manage, "serve", "--port", str(port)], env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/healthz")
        yield Served(url=url, secret_key=keys["secret_key"], publishable_key=keys["publishable_key"])
    finally:
        process.terminate()
        process.wait(60)


def wait_for(url: str) -> None:
    """Return when something answers there; raises TimeoutError."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        try:
            requests.get(url, timeout=2)
        except requests.ConnectionError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"Nothing answers at {url}.")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")
