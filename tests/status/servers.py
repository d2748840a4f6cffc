"""The real server with the flags of `serve`, for tests that kill its workers or start it without a database."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families

Series = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(kw_only=True)
class Server:
    """A running server; every request has a connection of its own, so that any worker may take it.

    A worker that is killed takes the connections with it that it was about to accept: those are made again.
    """

    url: str

    def get(self, path: str, **headers: str) -> requests.Response:
        """Ask for a page."""
        return self._ask("GET", path, headers=headers)

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        """Send JSON."""
        return self._ask("POST", path, json=body, headers=headers)

    def _ask(self, method: str, path: str, **content: Any) -> requests.Response:
        for _ in range(5):
            with contextlib.suppress(requests.ConnectionError):
                return requests.request(method, f"{self.url}{path}", timeout=10, **content)
            time.sleep(0.1)
        raise AssertionError(f"{method} {path}: no answer")

    def scrape(self) -> dict[Series, float]:
        """Return every series of /metrics with its value."""
        answer = self.get("/metrics")
        assert answer.status_code == 200, answer.text
        return read_series(answer.text)


def read_series(text: str) -> dict[Series, float]:
    """Parse Prometheus' text format with its own parser."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    series = {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}
    assert len(series) == len(samples), "a series stands there twice"
    return series


def labels_of(series: dict[Series, float], name: str, label: str) -> set[str]:
    """Return the values that a label has."""
    return {dict(labels)[label] for found, labels in series if found == name}


@contextlib.contextmanager
def run_server(folder: Path, *, workers: int = 2, **settings_of_it: str) -> Iterator[Server]:
    """Run the server until the end of the block; all that it started is dead then."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ROUTING_DATA_DIR": str(folder),
        "ROUTING_POLL_SECONDS": "0.2",
        **settings_of_it,
    }
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application", "--no-ws"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers), "--blocking-threads", "4"]
    command += ["--respawn-failed-workers", "--log-level", "error"]
    process = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, start_new_session=True)
    try:
        server = Server(url=f"http://127.0.0.1:{port}")
        assert eventually(lambda: server.get("/healthz").ok), "the server did not start"
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def eventually(holds: Any, seconds: float = 20) -> bool:
    """Return whether it holds before the time is over; a server that cannot be reached does not answer yet."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(requests.RequestException, AssertionError):
            if holds():
                return True
        time.sleep(0.05)
    return False
