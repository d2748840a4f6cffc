"""Documents as JSON text, written and read in pieces.

The json module works on one value without a break, and no other thread of the process runs meanwhile: 100,000
rules would hold up every call for half a second.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from time import sleep
from typing import Any

AT_ONCE = 100  # values of a list
LONG = 2_048  # bytes: hashlib lets other threads run from so many on
BREATH_SECONDS = 0.0002


def json_pieces(value: Any) -> Iterator[str]:
    """Yield a value's canonical JSON: keys in order, no spaces, letters as they are.

    Parts of an object may be iterators, and are written as lists.
    """
    if not isinstance(value, Mapping):
        yield _text(value)
        return
    yield "{"
    for place, name in enumerate(sorted(value)):
        yield f"{',' if place else ''}{_text(name)}:"
        part = value[name]
        if isinstance(part, Iterator) or (isinstance(part, list) and len(part) > AT_ONCE):
            yield from _list_pieces(iter(part))
        else:
            yield _text(part)
    yield "}"


def breathing_pieces(value: Any) -> Iterator[bytes]:
    """Yield the same encoded, for who hashes or writes it, with a rest after each long piece.

    To hash and to write is to let go of Python's lock for an instant: too short for another thread to take it, but each
    time that one begins anew to wait for its turn. Without the rests calls were held up for 80 ms, with them for 1 ms.
    """
    for piece in json_pieces(value):
        yield (encoded := piece.encode())
        if len(encoded) >= LONG:
            sleep(BREATH_SECONDS)


def checksum_of(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document's canonical JSON, in hexadecimal."""
    digest = hashlib.sha256()
    for piece in breathing_pieces(document):
        digest.update(piece)
    return digest.hexdigest()


class PieceEncoder(json.JSONEncoder):
    """Encodes in pieces; for `json.dumps(…, cls=…)` and model fields."""

    def encode(self, o: Any) -> str:
        """Return the canonical JSON."""
        return "".join(json_pieces(o))


class PieceDecoder(json.JSONDecoder):
    """Decodes so that other threads run in between: Python looks for them whenever a function of its own is called."""

    def __init__(self) -> None:
        super().__init__(object_hook=_same)


def _same(value: dict[str, Any]) -> dict[str, Any]:
    return value


def _list_pieces(values: Iterator[Any]) -> Iterator[str]:
    yield "["
    before = ""
    while some := list(islice(values, AT_ONCE)):
        yield f"{before}{_text(some)[1:-1]}"
        before = ","
    yield "]"


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
