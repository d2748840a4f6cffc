"""What an API key does not allow: other people's answers, addresses to be fetched, columns to be set."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from routing.models import ApiKey, Call
from routing.models.access import PREFIX_LENGTH
from tests.api.conftest import Api, api, make_api, page, published, vapi
from tests.api.world import ANYBODY, OTHER, RECEPTION, FakeVapi

__all__ = ["api", "page", "published", "vapi"]
CUSTOMER = {"number": ANYBODY}
# Fields of Vapi's that name an address, and some that nobody knows; {} stands for the address of the trap.
ADDRESSES: dict[str, tuple[str, dict[str, Any]]] = {
    "server of the overrides": ("call", {"assistantOverrides": {"server": {"url": "{}"}}}),
    "tool's server": ("call", {"assistantOverrides": {"model": {"tools": [{"server": {"url": "{}"}}]}}}),
    "assistant described": ("call", {"assistant": {"server": {"url": "{}"}, "serverUrl": "{}"}}),
    "callback": ("call", {"callbackUrl": "{}", "webhook": "{}", "url": "{}"}),
    "metadata": ("call", {"assistantOverrides": {"metadata": {"url": "{}"}}}),
    "customer's address": ("call", {"customer": {"sipUri": "sip:{}"}}),
    "transport": ("call", {"transport": {"url": "{}", "webCallUrl": "{}"}}),
    "web call": ("call/web", {"assistantOverrides": {"server": {"url": "{}"}}, "roomUrl": "{}"}),
    "resolve": ("resolve", {"routing": {"attributes": {"url": "{}"}}, "server": {"url": "{}"}}),
}


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    """A server that nobody has any business with."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        yield listening


@pytest.mark.parametrize("name", ADDRESSES)
def test_no_address_in_a_body_is_fetched(vapi: FakeVapi, api: Api, trap: socket.socket, name: str) -> None:
    """Sabotage seen to fail: a `VapiClient` that asks the first address it finds in a body."""
    path, body = ADDRESSES[name]
    text = json.dumps({"customer": CUSTOMER} | body).replace("{}", f"http://127.0.0.1:{trap.getsockname()[1]}/x")

    answer = api.post(path, text)

    assert answer.status_code < 500
    with pytest.raises(TimeoutError):
        trap.accept()


def test_the_database_looks_for_a_hash_and_never_for_the_key(api: Api) -> None:
    """How long a look-up takes could tell how much of a key is right; of a hash that is of no use.

    Sabotage seen to fail: `ApiKeyManager.find` that filters by the key's beginning first.
    """
    wrong = api.key[:-1] + ("x" if api.key[-1] != "x" else "y")

    seen = []
    for key in (api.key, wrong):
        with CaptureQueriesContext(connection) as asked:
            answer = Api(key=key).get("calls")
        seen.append([query["sql"] for query in asked if "apikey" in query["sql"] and "SELECT" in query["sql"]])
        assert answer.status_code == (200 if key == api.key else 401)

    assert len(seen[0]) == len(seen[1]) == 1
    assert not any(part in sql for sql in (*seen[0], *seen[1]) for part in (api.key[:PREFIX_LENGTH], wrong[-12:]))


def test_columns_of_ours_cannot_be_set_by_a_body(api: Api) -> None:
    """The sandbox refuses what Vapi refuses; the row tells of that attempt, and nothing in it is the body's.

    Sabotage seen to fail: a row that is made with the fields of the body laid over what was decided.
    """
    forged = {
        "id": OTHER,
        "pk": 1,
        "revision": 99,
        "reason": "EXPLICIT",
        "sandbox": False,
        "api_key": 7,
        "state": "ended",
        "channel": "inbound",
        "target_key": "no",
        "decided_at": "2001-01-01T00:00:00Z",
        "status": "ended",
    }

    answer = api.post("call", {"customer": CUSTOMER, "name": "A"} | forged)

    assert not [name for name in forged if f"property {name} should not exist" not in answer.content.decode()]
    row = Call.objects.values(*forged.keys() - {"status"}).get()
    decided = {name: row[name] for name in ("revision", "reason", "sandbox", "state", "channel")}
    assert decided == {"revision": 1, "reason": "DEFAULT", "sandbox": True, "state": "failed", "channel": "outbound"}
    assert not [name for name in forged.keys() - {"status"} if row[name] == forged[name]]


def test_a_key_learns_nothing_of_calls_that_are_not_there(api: Api) -> None:
    answers = [api.get(f"calls/{wrong}") for wrong in (OTHER, "1", "../call", "%00", "' OR 1=1 --", "9" * 5000)]

    assert {answer.status_code for answer in answers} <= {404, 400}


@pytest.mark.parametrize("path", ["calls", "call", "resolve"])
def test_a_page_reads_no_log_and_places_no_call(vapi: FakeVapi, page: Api, path: str) -> None:
    """Sabotage seen to fail: `HasKey` in the place of `HasSecretKey`."""
    answer = page.get(path) if path == "calls" else page.post(path, {"customer": CUSTOMER})

    assert (answer.status_code, vapi.sent) == (403, [])


def test_a_page_chooses_no_assistant(vapi: FakeVapi, page: Api) -> None:
    """Sabotage seen to fail: a page's body that is read by the policy of servers."""
    for chosen in ({"assistantId": OTHER}, {"assistant": {"name": "Mine"}}, {"squadId": OTHER}):
        page.post("call/web", chosen)

    assert OTHER not in json.dumps(vapi.sent)
    assert "Mine" not in json.dumps(vapi.sent)


def test_keys_are_not_kept(published: None) -> None:
    """Sabotage seen to fail: a key that is stored as it is."""
    api = make_api("secret")

    assert api.key not in json.dumps(list(ApiKey.objects.values()), default=str)
    assert RECEPTION not in api.key
