"""A WSGI request as the plain values that `answer` takes; both adapters read it here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote
from wsgiref.util import request_uri

from django.conf import settings

PATHS = frozenset({"/vapi/webhook", "/vapi/webhook/"})
LONGEST_BODY = 5 * 1024 * 1024
LONGEST_LENGTH = 20  # digits; Python refuses to read very many
PIECE = 64 * 1024


@dataclass(slots=True)  # not frozen: one is made for every message, and Python makes frozen ones slowly
class Intake:
    """What came in, read when somebody asks for it: few secrets look at more than two headers and the body.

    The body too: a thread waits for the end of it, and strangers that never send one must not hold them all.
    """

    environ: dict[str, Any]
    read: bytes | None = None

    @property
    def body(self) -> bytes:
        """What follows the headers, cut one byte above the longest one we take."""
        if self.read is None:
            self.read = _read_body(self.environ)
        return self.read

    @property
    def is_cut(self) -> bool:
        """Whether more was read than we take, so that no signature can hold."""
        return self.read is not None and len(self.read) > LONGEST_BODY

    @property
    def method(self) -> str:
        """The word of the request's first line."""
        return str(self.environ["REQUEST_METHOD"])

    @property
    def url(self) -> str:
        """The address that Vapi was given: behind a proxy only PUBLIC_URL knows it."""
        environ = self.environ
        if not settings.PUBLIC_URL:
            return request_uri(environ)
        path = quote(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""), safe="/;=,", encoding="latin-1")
        query = environ.get("QUERY_STRING")
        return f"{settings.PUBLIC_URL}{path}" + (f"?{query}" if query else "")

    def header(self, name: str) -> str:
        """Return a header by its name in lower case, without outer blanks; nothing where there is none."""
        value = self.environ.get(_environ_name(name))
        return value.strip() if isinstance(value, str) else ""


@lru_cache(maxsize=64)  # the names stand in the secrets' plans
def _environ_name(header: str) -> str:
    return f"HTTP_{header.upper().replace('-', '_')}"


def read_intake(environ: dict[str, Any]) -> Intake:
    """Take the request (PEP 3333)."""
    return Intake(environ)


def _read_body(environ: dict[str, Any]) -> bytes:
    """Read at most one byte more than we take. A chunked body has no length, and ends where the server says so."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdecimal() and len(length) < LONGEST_LENGTH:
        left = min(int(length), LONGEST_BODY + 1)
    else:
        left = LONGEST_BODY + 1 if environ.get("wsgi.input_terminated") else 0
    pieces = []
    while left > 0 and (piece := environ["wsgi.input"].read(min(left, PIECE))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)
