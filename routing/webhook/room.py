"""Bounds how many threads of a worker everything but Vapi's messages may hold.

Outbound calls wait for Vapi, and the rest waits for the database: seconds each when these are in trouble. A worker
serves with 128 threads (see `serve`). So many at most are lent out here that the others always answer callers.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

AT_WORK = 16  # each holds a database connection
WAITING = 64
PATIENCE_SECONDS = 5.0
RETRY_AFTER_SECONDS = 5
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})  # they wait for nothing, and are asked just then
BUSY = json.dumps(
    {
        "message": "Every place of this server is taken: nothing was done. Repeat the request in a few seconds.",
        "error": HTTPStatus.SERVICE_UNAVAILABLE.phrase,
        "statusCode": HTTPStatus.SERVICE_UNAVAILABLE,
    }
).encode()


class Room:
    """A WSGI application that lets few requests into another one at once, and a few more wait for their turn."""

    def __init__(
        self,
        application: WSGIApplication,
        *,
        at_work: int = AT_WORK,
        waiting: int = WAITING,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Stand in front of ``application``."""
        self._application = application
        self._places = threading.BoundedSemaphore(at_work)
        self._queue = threading.BoundedSemaphore(waiting)
        self._patience_seconds = patience_seconds

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, with 503 where no place gets free in time: nothing of it was begun then."""
        if environ.get("PATH_INFO") in PROBES:
            return self._application(environ, start_response)
        if not self._enter():
            return _refuse(start_response)
        try:
            # Files are sent after this, by the server itself, and hold nothing that others wait for.
            return self._application(environ, start_response)
        finally:
            self._places.release()

    def _enter(self) -> bool:
        if self._places.acquire(blocking=False):
            return True
        if not self._queue.acquire(blocking=False):
            return False
        try:
            return self._places.acquire(timeout=self._patience_seconds)
        finally:
            self._queue.release()


def _refuse(start_response: StartResponse) -> Iterable[bytes]:
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(BUSY)))]
    headers.append(("Retry-After", str(RETRY_AFTER_SECONDS)))
    start_response(f"503 {HTTPStatus.SERVICE_UNAVAILABLE.phrase}", headers)
    return [BUSY]
