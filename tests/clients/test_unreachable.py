"""Vapi cannot be reached: the SDKs repeat our 503 by themselves, and still nobody's phone rings twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pytest_httpserver import HTTPServer

from tests.clients.conftest import Sdk
from tests.clients.server import Served, Upstream, free_port, serving
from tests.snapshot.live_rows import eventually

ATTEMPTS = 3  # of either SDK


@pytest.fixture(scope="module")
def port() -> int:
    """A port at which Vapi is expected, and where nobody listens."""
    return free_port()


@pytest.fixture(scope="module")
def cut_off(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that cannot reach Vapi."""
    with serving(
        tmp_path_factory.mktemp("cut_off"), VAPI_API_KEY="private", VAPI_BASE_URL=f"http://127.0.0.1:{port}"
    ) as server:
        yield server


def states_of(served: Served, number: str) -> list[str]:
    """Return how our log says the calls to a number stand, newest first."""
    answer = requests.get(
        f"{served.api}/calls",
        params={"customer": number},
        headers={"Authorization": f"Bearer {served.secret_key}"},
        timeout=10,
    )
    answer.raise_for_status()
    return [call["state"] for call in answer.json()["results"]]


def create(sdk: Sdk, served: Served, customer: dict[str, str]) -> Any:
    return sdk.create(token=served.secret_key, url=served.api, customer=customer)


def test_every_attempt_fails_and_none_is_counted_as_placed(sdk: Sdk, cut_off: Served, mexican: dict[str, str]) -> None:
    error = create(sdk, cut_off, mexican)["error"]

    assert error["status"] == 503
    assert "no call was placed" in error["body"]["message"]
    assert states_of(cut_off, mexican["number"]) == ["failed"] * ATTEMPTS


def test_vapi_comes_back_between_two_attempts(sdk: Sdk, cut_off: Served, port: int, mexican: dict[str, str]) -> None:
    fake, vapi = Upstream(), HTTPServer(host="127.0.0.1", port=port, threaded=True)
    vapi.expect_request("/call", method="POST").respond_with_handler(fake.answer)

    def come_back() -> None:
        if eventually(lambda: "failed" in states_of(cut_off, mexican["number"])):
            vapi.start()

    helper = threading.Thread(target=come_back)
    helper.start()
    try:
        call = create(sdk, cut_off, mexican)["call"]
        again = create(sdk, cut_off, mexican)["call"]
    finally:
        helper.join()
        vapi.stop()

    assert len(fake.sent) == len(fake.perhaps_placed) == 1
    assert again["id"] == call["id"]
    states = states_of(cut_off, mexican["number"])
    assert (states[0], set(states[1:])) == ("placed", {"failed"})
