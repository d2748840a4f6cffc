"""How many requests of other kinds may be under way, and what becomes of those beyond."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.types import StartResponse

import pytest

from routing.webhook.room import Room
from tests.snapshot.live_rows import eventually


class Slow:
    """An application that works until it is told to end."""

    def __init__(self) -> None:
        self.entered: list[str] = []
        self.end = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        self.entered.append(environ["PATH_INFO"])
        self.end.wait(10)
        start_response("200 OK", [])
        return []


def ask(room: Room, path: str = "/admin/") -> tuple[str, dict[str, str]]:
    got: list[tuple[str, dict[str, str]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Any:
        got.append((status, dict(headers)))

    room({"PATH_INFO": path}, start_response)
    return got[0]


def test_who_finds_no_place_in_time_is_sent_away_before_anything_is_done() -> None:
    slow = Slow()
    room = Room(slow, at_work=1, waiting=1, patience_seconds=0.02)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, room)
        assert eventually(lambda: len(slow.entered) == 1)
        status, headers = ask(room)
        slow.end.set()

        assert first.result()[0] == "200 OK"
    assert (status, headers["Retry-After"], len(slow.entered)) == ("503 Service Unavailable", "5", 1)
    assert ask(room)[0] == "200 OK"


def test_a_few_wait_for_their_turn() -> None:
    slow = Slow()
    room = Room(slow, at_work=1, waiting=2, patience_seconds=10)
    with ThreadPoolExecutor(3) as pool:
        all_of_them = [pool.submit(ask, room) for _ in range(3)]
        assert eventually(lambda: len(slow.entered) == 1)
        slow.end.set()

    assert [one.result()[0] for one in all_of_them] == ["200 OK"] * 3


def test_probes_are_answered_when_no_place_is_free() -> None:
    slow = Slow()
    slow.end.set()
    room = Room(slow, at_work=0, waiting=0, patience_seconds=0)

    assert ask(room, "/healthz")[0] == "200 OK"
    assert ask(room)[0].startswith("503")


def test_a_place_is_free_again_after_a_failure() -> None:
    def fail(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        raise RuntimeError

    room = Room(fail, at_work=1, waiting=0, patience_seconds=0)
    for _ in range(3):
        with pytest.raises(RuntimeError):  # where a place was lost, the answer is 503
            ask(room)
