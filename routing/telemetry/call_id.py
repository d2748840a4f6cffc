"""Which call is in hand, so that every log line about it can name it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from contextvars import ContextVar

LONGEST = 64
NO_CALL = ""

_in_hand: ContextVar[str] = ContextVar("call_in_hand", default=NO_CALL)


def call_in_hand() -> str:
    """Return the id of the call that this thread works on, or nothing."""
    return _in_hand.get()


def handling_call(call_id: str) -> AbstractContextManager[None]:
    """Name the call while the block runs. The id may come from outside: what could break a log line is cut off."""
    return _Hold(_fit(call_id))


class _Hold(AbstractContextManager[None]):
    """A class, because a generator costs three times as much, and a caller is waiting."""

    __slots__ = ("_call_id", "_token")

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id

    def __enter__(self) -> None:
        self._token = _in_hand.set(self._call_id)

    def __exit__(self, *raised: object) -> None:
        _in_hand.reset(self._token)


def _fit(text: str) -> str:
    return text[:LONGEST] if text.isprintable() else NO_CALL
