"""The webhook in front of Django: a caller is waiting, and Django's request cycle costs more than a decision."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from time import perf_counter
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from routing.recorder import background
from routing.telemetry import reporter
from routing.webhook.answer import CONTENT_TYPE, answer
from routing.webhook.intake import PATHS, read_intake
from routing.webhook.room import Room

STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class WebhookLane:
    """A WSGI application that answers Vapi's messages itself and hands everything else to another one.

    Django's request cycle would close stale database connections. Nothing is queried on this path, so there are none to
    close: the table is in memory, and what happened goes to the local spool. Only the first message of a process may
    wait for the database; the connection that it opens is left to the next request that goes to Django.
    """

    def __init__(self, application: WSGIApplication) -> None:
        """Stand in front of ``application``, which is Django's."""
        self._application = Room(application)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request. The first one of a process also starts to drain what dead processes left in the spool."""
        started = perf_counter()
        background.start()
        reporter.start()
        if environ["REQUEST_METHOD"] != "POST" or environ.get("PATH_INFO") not in PATHS:
            return self._application(environ, start_response)
        given = answer(read_intake(environ), now=datetime.now(UTC), started=started)
        headers = [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(given.body)))]
        start_response(STATUS_LINES[given.status], headers)
        return [given.body]
