"""Which call is in hand, so that every log line about it can name it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LONGEST = 64
NO_CALL = ""

_in_hand: ContextVar[str] = ContextVar("call_in_hand", default=NO_CALL)


def call_in_hand() -> str:
    """Return the id of the call that this thread works on, or nothing."""
    return _in_hand.get()


@contextmanager
def handling_call(call_id: str) -> Iterator[None]:
    """Name the call while the block runs. The id may come from outside: what could break a log line is cut off."""
    token = _in_hand.set(_fit(call_id))
    try:
        yield
    finally:
        _in_hand.reset(token)


def _fit(text: str) -> str:
    return text[:LONGEST] if text.isprintable() else NO_CALL
