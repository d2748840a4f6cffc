"""The outside of a server message, and lenient looks into it.

Real messages carry explicit nulls everywhere and differ from the published schema, so nothing in here raises for what a
field holds: what is not there or not usable is None.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from typing import Any

import orjson

from routing.engine.context import attribute_text

Message = dict[str, Any]

LONGEST_TEXT = 255
LONGEST_ID = 64
# Databases refuse NUL, and halves of surrogate pairs cannot be encoded at all.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

_ASSISTANT_REQUEST = re.compile(rb'"type"\s*:\s*"assistant-request"')


class NotJson(ValueError):
    """A body that is no JSON text."""


def read_server_message(body: bytes) -> Message:
    """Return what stands under ``message``; some senders leave that envelope out.

    A ``call`` beside the envelope (old samples of Vapi's documentation) fills in what the inner one does not say.
    JSON that is no object is a message without a type. Raises NotJson.
    """
    document = _read_json(body)
    if not isinstance(document, dict):
        return {}
    message = document.get("message")
    if not isinstance(message, dict):
        return document
    if isinstance(document.get("call"), dict):
        return message | {"call": document["call"] | look_object(message, "call")}
    return message


def is_assistant_request(body: bytes) -> bool:
    """Tell whether a body that is not JSON, or nested too deeply, still looks like the question who takes a call."""
    return _ASSISTANT_REQUEST.search(body) is not None


def _read_json(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except ValueError:
        return _read_unusual_json(body)


def _read_unusual_json(body: bytes) -> object:
    """Read what is JSON to Python only: NaN, halves of characters, another encoding, a thousand levels."""
    try:
        return json.loads(body)
    except RecursionError as error:
        raise NotJson("the body is nested too deeply") from error
    except ValueError:
        return _read_damaged_json(body)


def _read_damaged_json(body: bytes) -> object:
    """Read it again without what spoils one value only: a broken character, a number longer than Python reads."""
    try:
        text = body.decode(json.detect_encoding(body), "replace")
        return json.loads(text, strict=False, parse_int=_read_integer)
    except (ValueError, RecursionError) as error:
        raise NotJson("the body is not JSON") from error


def _read_integer(text: str) -> int | None:
    return int(text) if len(text) <= LONGEST_TEXT else None


def look(message: Message, path: str) -> object:
    """Return what stands at a dotted path, None where a step leads nowhere."""
    found: Any = message
    for step in _steps(path):
        if type(found) is not dict or (found := found.get(step)) is None:
            return None
    return found


@cache
def _steps(path: str) -> tuple[str, ...]:
    """Cut a path once; all of them stand in our code."""
    return tuple(path.split("."))


def look_object(message: Message, path: str) -> dict[str, Any]:
    """Return the object at a dotted path, an empty one where there is none."""
    found = look(message, path)
    return found if isinstance(found, dict) else {}


def look_text(message: Message, *paths: str) -> str | None:
    """Return the first text that stands at one of the paths."""
    for path in paths:
        if (text := read_text(look(message, path))) is not None:
            return text
    return None


def read_text(found: object) -> str | None:
    """Return a value as a text; a number counts as its digits, blanks and whatever else as nothing."""
    if found is None:
        return None
    text = found if type(found) is str else None if isinstance(found, bool) else attribute_text(found)
    return None if text is None else keep_text(text) or None


def read_id(found: object) -> str | None:
    """Return a value as an id, None where it is none; a longer one than the call log holds becomes its SHA-256."""
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if isinstance(found, str) and (kept := keep_text(found, len(found))):
        return kept if len(kept) <= LONGEST_ID else hashlib.sha256(kept.encode()).hexdigest()
    return None


def keep_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return the text as every database can store it, without outer blanks and cut to ``longest`` characters."""
    if not text.isprintable():  # what is to be taken out is not
        text = _UNSTORABLE.sub("", text)
    return text.strip()[:longest]
