"""The least that a WSGI application can do: what the server itself costs."""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse

ANSWER = b'{"assistantId":"a0000000-0000-4000-8000-000000000001"}'


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Read what came and answer the same to everybody."""
    environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(ANSWER)))])
    return [ANSWER]
