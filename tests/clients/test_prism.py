"""What we send over HTTP, checked by Prism against Vapi's API description: it refuses what Vapi would refuse."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.clients.conftest import HERE
from tests.clients.server import Served, free_port, serving, wait_for

OTHER = "c0000000-0000-4000-8000-000000000001"
NUMBERS = itertools.count(20_000_000)
ASKED: dict[str, dict[str, Any]] = {
    "assistant": {},
    "overrides": {"assistantOverrides": {"variableValues": {"a": 1}}, "routing": {"attributes": {"plan": "gold"}}},
    "campaign": {"routing": {"campaign": "spring"}},
    "squad": {"customer": {"number": "+12025550100"}},
    "customer's overrides": {"customer": {"number": "+12025550100", "assistantOverrides": {"firstMessage": "Hi."}}},
    "named assistant": {"assistantId": OTHER},
    "named squad": {"squadId": OTHER},
    "inline assistant": {"assistant": {"firstMessage": "Hi."}},
    "name": {"name": "Survey"},
    "scheduled": {"schedulePlan": {"earliestAt": "2030-03-01T15:00:00Z", "latestAt": "2030-03-01T16:00:00Z"}},
    "message": {"message": {"type": "assistant-request"}},
}
WEB: dict[str, dict[str, Any]] = {
    "nothing": {},
    "auto": {"assistantId": "auto"},
    "facts": {"assistant": {"userId": "u-1"}},
    "variables": {"assistantId": "auto", "assistantOverrides": {"variableValues": {"name": "Ada"}}},
}


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose Vapi is Prism."""
    port = free_port()
    prism = HERE / "node_modules" / ".bin" / "prism"
    command = [str(prism), "mock", "--errors", "-h", "127.0.0.1", "-p", str(port), str(HERE / "openapi-mock.json")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        wait_for(url)
        with serving(
            tmp_path_factory.mktemp("prism"), VAPI_API_KEY="private", VAPI_PUBLIC_KEY="public", VAPI_BASE_URL=url
        ) as server:
            yield server
        process.terminate()


def ask(served: Served, path: str, body: dict[str, Any], key: str) -> requests.Response:
    return requests.post(f"{served.api}{path}", json=body, headers={"Authorization": f"Bearer {key}"}, timeout=30)


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_every_phone_call_is_accepted(checked: Served, asked: dict[str, Any]) -> None:
    answer = ask(checked, "/call", {"customer": {"number": f"+5255{next(NUMBERS)}"}} | asked, checked.secret_key)

    assert (answer.status_code, answer.text[:500] * (answer.status_code != 201)) == (201, "")


def test_every_part_of_a_batch_is_accepted(checked: Served) -> None:
    squad, blocked = {"number": "+12025550100"}, {"number": "+12025550166"}
    mexican = {"number": f"+5255{next(NUMBERS)}", "assistantOverrides": {"firstMessage": "Hola."}}

    answer = ask(checked, "/call", {"customers": [mexican, squad, blocked]}, checked.secret_key)

    assert (answer.status_code, answer.text[:500] * (answer.status_code != 201)) == (201, "")
    assert blocked in [error["customer"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("asked", WEB.values(), ids=WEB)
def test_every_web_call_is_accepted(checked: Served, asked: dict[str, Any]) -> None:
    answer = ask(checked, "/call/web", asked, checked.publishable_key)

    assert (answer.status_code, answer.text[:500] * (answer.status_code != 201)) == (201, "")


def test_prism_refuses_what_vapi_does_not_know(checked: Served) -> None:
    answer = ask(
        checked, "/call", {"customer": {"number": f"+5255{next(NUMBERS)}"}, "colour": "red"}, checked.secret_key
    )

    assert answer.status_code == 400
