"""Sends a request to the webhook through each of its adapters, as a server would."""

import io
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

from django.core.handlers.wsgi import WSGIHandler
from django.test import Client

from routing.webhook.answer import Answer, answer
from routing.webhook.intake import read_intake
from routing.webhook.lane import WebhookLane

Reply = tuple[int, bytes, str]
Send = Callable[..., Reply]
ADDRESS = "http://127.0.0.1:8000/vapi/webhook"


def send_to_django(
    body: bytes, headers: Mapping[str, str], *, method: str = "POST", path: str = "/vapi/webhook"
) -> Reply:
    """Send it to the view, through Django's whole request cycle."""
    client = Client(enforce_csrf_checks=True)
    response = client.generic(
        method, path, body, content_type="application/json", headers={"Host": "127.0.0.1:8000", **headers}
    )
    return response.status_code, response.content, response.headers.get("Content-Type", "")


def send_to_lane(
    body: bytes, headers: Mapping[str, str], *, method: str = "POST", path: str = "/vapi/webhook"
) -> Reply:
    """Send it to the lane in front of Django, checked for PEP 3333 on both sides."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        started.append((status, fields))
        return lambda data: None

    application = validator(WebhookLane(WSGIHandler()))
    chunks = application(make_environ(body, headers, method, path), start_response)
    content = b"".join(chunks)
    chunks.close()  # type: ignore[attr-defined]
    ((status, fields),) = started
    return int(status.split()[0]), content, dict(fields).get("Content-Type", "")


def ask_directly(body: bytes, headers: Mapping[str, str], *, now: datetime) -> Answer:
    """Ask the function that both adapters ask."""
    return answer(read_intake(make_environ(body, headers, "POST", "/vapi/webhook")), now=now, started=perf_counter())


def make_environ(body: bytes, headers: Mapping[str, str], method: str, path: str) -> dict[str, Any]:
    """Return what a WSGI server makes of a request."""
    url = urlsplit(path)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": url.path,
        "QUERY_STRING": url.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "HTTP_HOST": "127.0.0.1:8000",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
    }
    setup_testing_defaults(environ)
    return environ | {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
