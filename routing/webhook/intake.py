"""A WSGI request as the plain values that `answer` takes; both adapters read it here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from wsgiref.util import request_uri

from django.conf import settings

from routing.webhook.answer import LONGEST_BODY

PIECE = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Intake:
    """What came in. ``headers`` have lower-case names; ``body`` is cut one byte above the longest one we take."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


def read_intake(environ: dict[str, Any]) -> Intake:
    """Read the request, the body included (PEP 3333)."""
    return Intake(
        method=environ["REQUEST_METHOD"],
        url=_read_url(environ),
        headers=_read_headers(environ),
        body=_read_body(environ),
    )


def _read_url(environ: dict[str, Any]) -> str:
    """Return the address that Vapi was given: behind a proxy only PUBLIC_URL knows it."""
    if not settings.PUBLIC_URL:
        return request_uri(environ)
    path = quote(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""), safe="/;=,", encoding="latin-1")
    query = environ.get("QUERY_STRING")
    return f"{settings.PUBLIC_URL}{path}" + (f"?{query}" if query else "")


def _read_headers(environ: dict[str, Any]) -> dict[str, str]:
    return {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") and isinstance(value, str)
    }


def _read_body(environ: dict[str, Any]) -> bytes:
    """Read at most one byte more than we take. A chunked body has no length, and ends where the server says so."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdecimal():
        left = min(int(length), LONGEST_BODY + 1)
    else:
        left = LONGEST_BODY + 1 if environ.get("wsgi.input_terminated") else 0
    pieces = []
    while left > 0 and (piece := environ["wsgi.input"].read(min(left, PIECE))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)
