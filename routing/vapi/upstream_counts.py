"""Counts what Vapi answers, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from routing.telemetry.counting import count, observe
from routing.telemetry.families import VAPI_REQUESTS, VAPI_SECONDS
from routing.vapi.errors import VapiError


@contextmanager
def counting_request(operation: str) -> Iterator[None]:
    """Count and time the request made in the block. ``operation`` is method and path, without any id."""
    started = perf_counter()
    outcome = "error"  # what is raised is no VapiError: a fault of ours
    try:
        yield
        outcome = "ok"
    except VapiError as error:
        outcome = _outcome(error)
        raise
    finally:
        count(VAPI_REQUESTS, operation, outcome)
        observe(VAPI_SECONDS, perf_counter() - started, operation)


def _outcome(error: VapiError) -> str:
    if error.status is None:
        return "no-answer" if error.ambiguous else "unreachable"
    if error.status == 429:
        return "429"
    return f"{error.status // 100}xx" if error.status >= 400 else "unreadable"
