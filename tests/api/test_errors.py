"""Every error has Vapi's shape, names the field, and nothing was sent."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from pytest_django import Settings

from routing.api.batch_request import MOST_CUSTOMERS
from routing.models import Call
from routing.snapshot import store
from tests.api.conftest import Api, make_api
from tests.api.world import ANYBODY, BLOCKED, MAIN, MEXICAN, OTHER, TABLE, UNGREETED, UNWANTED, FakeVapi
from tests.snapshot.live_rows import go_live
from tests.vapi.payloads import load

CUSTOMER = {"number": ANYBODY}


def nested(levels: int) -> str:
    return levels * '{"a":' + "1" + levels * "}"


# What is sent -> what the message must hold.
BAD_CALLS: dict[str, tuple[object, str]] = {
    "no customer": ({}, "customer.number"),
    "only the message": ({"message": {"type": "assistant-request"}}, "customer.number"),
    "customer null": ({"customer": None}, "customer.number"),
    "customer no object": ({"customer": "+1"}, "customer must"),
    "customer without number": ({"customer": {"name": "Ada"}}, "customer.number"),
    "customer id alone": ({"customerId": OTHER}, "customerId"),
    "not a number": ({"customer": {"number": "hello"}}, "customer.number"),
    "letters in a number": ({"customer": {"number": "+1415555012x"}}, "customer.number"),
    "short code": ({"customer": {"number": "12345"}}, "customer.number"),
    "withheld": ({"customer": {"number": "anonymous"}}, "customer.number"),
    "number is an integer": ({"customer": {"number": 12125550123}}, "customer.number"),
    "no sip uri": ({"customer": {"sipUri": "ada"}}, "customer.sipUri"),
    "a number as sip uri": ({"customer": {"sipUri": UNWANTED}}, "customer.sipUri"),
    "withheld sip uri": ({"customer": {"sipUri": "sip:anonymous@example.com"}}, "customer.sipUri"),
    "number and sip uri": ({"customer": {"number": ANYBODY, "sipUri": "sip:a@b.test"}}, "customer.sipUri"),
    "external id": ({"customer": CUSTOMER | {"externalId": 5}}, "customer.externalId"),
    "customer's overrides": ({"customer": CUSTOMER | {"assistantOverrides": []}}, "customer.assistantOverrides"),
    "customer and customer id": ({"customer": CUSTOMER, "customerId": OTHER}, "customerId"),
    "customer and customers": ({"customer": CUSTOMER, "customers": [CUSTOMER]}, "customers"),
    "customer id and customers": ({"customerId": OTHER, "customers": [CUSTOMER]}, "customers"),
    "no customers": ({"customers": []}, "customers"),
    "customers no list": ({"customers": CUSTOMER}, "customers"),
    "too many customers": ({"customers": [{}] * 10_001}, "10000"),
    "unknown number id for a batch": ({"customers": [CUSTOMER], "phoneNumberId": OTHER}, "phoneNumberId"),
    "unknown campaign for a batch": ({"customers": [CUSTOMER], "routing": {"campaign": "autumn"}}, "routing.campaign"),
    "schedule for a batch": (
        {"customers": [CUSTOMER], "schedulePlan": {"earliestAt": "tomorrow"}},
        "schedulePlan.earliestAt",
    ),
    "unknown campaign": ({"customer": CUSTOMER, "routing": {"campaign": "autumn"}}, "routing.campaign"),
    "unknown campaign by target": ({"customer": CUSTOMER, "assistantId": "route:autumn"}, "routing.campaign"),
    "empty campaign by target": ({"customer": CUSTOMER, "assistantId": "route:"}, "routing.campaign"),
    "two campaigns": (
        {"customer": CUSTOMER, "assistantId": "route:plain", "routing": {"campaign": "spring"}},
        "routing.campaign",
    ),
    "routing and a target": ({"customer": CUSTOMER, "assistantId": "auto", "squadId": OTHER}, "squadId"),
    "unknown number id": ({"customer": CUSTOMER, "phoneNumberId": OTHER}, "phoneNumberId"),
    "number id no text": ({"customer": CUSTOMER, "phoneNumberId": 5}, "phoneNumberId"),
    "assistant id no text": ({"customer": CUSTOMER, "assistantId": 5}, "assistantId"),
    "unknown field": ({"customer": CUSTOMER, "routing": {"compaign": "spring"}}, "routing.compaign"),
    "unknown field in metadata": (
        {"customer": CUSTOMER, "assistantOverrides": {"metadata": {"routing": {"x": 1}}}},
        "routing.x",
    ),
    "field of /resolve": ({"customer": CUSTOMER, "routing": {"at": "2026-06-01T12:00:00Z"}}, "routing.at"),
    "channel": ({"customer": CUSTOMER, "routing": {"channel": "web"}}, "routing.channel"),
    "routing no object": ({"customer": CUSTOMER, "routing": "spring"}, "routing must"),
    "attributes no object": ({"customer": CUSTOMER, "routing": {"attributes": []}}, "routing.attributes"),
    "attribute list": ({"customer": CUSTOMER, "routing": {"attributes": {"plan": ["a"]}}}, "routing.attributes.plan"),
    "attribute object": ({"customer": CUSTOMER, "routing": {"attributes": {"plan": {}}}}, "routing.attributes.plan"),
    "long attribute": ({"customer": CUSTOMER, "routing": {"attributes": {"p": "x" * 1001}}}, "routing.attributes.p"),
    "many attributes": (
        {"customer": CUSTOMER, "routing": {"attributes": {f"a{place}": 1 for place in range(101)}}},
        "routing.attributes",
    ),
    "another message": ({"customer": CUSTOMER, "message": {"type": "hang"}}, "message.type"),
    "schedule": ({"customer": CUSTOMER, "schedulePlan": {"earliestAt": "tomorrow"}}, "schedulePlan.earliestAt"),
    "schedule without zone": (
        {"customer": CUSTOMER, "schedulePlan": {"earliestAt": "2026-06-01T12:00:00"}},
        "schedulePlan.earliestAt",
    ),
    "overrides": ({"customer": CUSTOMER, "assistantOverrides": "x"}, "assistantOverrides"),
    "variables": ({"customer": CUSTOMER, "squadOverrides": {"variableValues": 1}}, "squadOverrides.variableValues"),
    "nul": ({"customer": {"number": ANYBODY, "name": "a\0b"}}, "character"),
    "half a surrogate pair": ('{"customer": {"number": "\\ud800"}}', "character"),
    "no object": ([], "object"),
    "no json": ("{", "JSON"),
    "infinity": ('{"customer": {"number": "+12125550123"}, "assistantOverrides": {"x": 1e999}}', "1e999"),
    "nan": ('{"a": NaN}', "JSON"),
    "deep": (nested(101), "deep"),
    "deeper than the parser goes": (nested(100_000), "deep"),
}


def assert_shape(answer: Any, status: int) -> Any:
    assert answer.status_code == status, answer.content
    body = answer.json()
    assert body.keys() == {"message", "error", "statusCode"}
    assert (body["statusCode"], body["error"]) == (status, HTTPStatus(status).phrase)
    return body["message"]


@pytest.mark.parametrize(("body", "expected"), BAD_CALLS.values(), ids=BAD_CALLS)
def test_a_bad_call_names_its_field(vapi: FakeVapi, api: Api, body: object, expected: str) -> None:
    message = assert_shape(api.post("call", body), 400)

    assert expected in json.dumps(message)
    assert (vapi.sent, Call.objects.count()) == ([], 0)


def test_several_complaints_come_together(api: Api) -> None:
    body = {"customer": CUSTOMER, "routing": {"a": 1, "b": 2}}

    assert len(assert_shape(api.post("call", body), 400)) == 2


@pytest.mark.parametrize(
    ("number", "page", "status", "expected"),
    [
        (UNGREETED, None, 403, "We do not call here."),
        (BLOCKED, None, 403, "blocked list"),
        (UNWANTED, None, 403, "do-not-call"),
        (MEXICAN, None, 422, "Mexico"),
        (ANYBODY, "no", 403, "We do not call here."),
        (ANYBODY, "desk", 422, "To the desk"),
    ],
)
def test_what_the_table_refuses_is_recorded_and_not_sent(
    vapi: FakeVapi, api: Api, number: str, page: str | None, status: int, expected: str
) -> None:
    body: dict[str, Any] = {"customer": {"number": number}, "routing": {"attributes": {"page": page}}}

    assert expected in assert_shape(api.post("call", body), status)

    row = Call.objects.get()
    assert (row.state, row.vapi_call_id, vapi.sent) == ("refused", None, [])
    assert expected in row.error


@pytest.mark.parametrize("status", [400, 402, 403, 404, 408, 409, 429])
@pytest.mark.parametrize("path", ["call", "call/web"])
def test_vapis_own_refusal_goes_out_as_it_came(vapi: FakeVapi, api: Api, path: str, status: int) -> None:
    refusal = load("resp_400_whitelist") | {"statusCode": status}
    vapi.fail(status, refusal)

    answer = api.post(path, {"customer": CUSTOMER} if path == "call" else {})

    assert (answer.status_code, answer.json()) == (status, refusal)
    assert Call.objects.get().state == "failed"


@pytest.mark.parametrize(
    ("path", "public_key", "explanation"),
    [
        ("call", "vapi-public", "POST /call needs the organisation's private key"),
        ("call", "vapi-private", "this is a public key; POST /call needs the private one"),
        ("call/web", "vapi-public", "POST /call/web needs the organisation's public key"),
        ("call/web", "", "VAPI_PUBLIC_KEY is not set"),
    ],
)
@pytest.mark.parametrize("said", ["Invalid Key. Hot tip, you may be using the wrong one.", ["Invalid Key."], None])
def test_a_wrong_key_is_explained_behind_vapis_own_words(
    vapi: FakeVapi, api: Api, settings: Settings, path: str, public_key: str, explanation: str, said: Any
) -> None:
    settings.VAPI_PUBLIC_KEY = public_key
    refusal = {"message": said, "error": "Unauthorized", "statusCode": 401, "more": [1]}
    vapi.fail(401, refusal)

    answer = api.post(path, {"customer": CUSTOMER} if path == "call" else {})

    body = answer.json()
    message = body.pop("message")
    assert (answer.status_code, body) == (401, {key: value for key, value in refusal.items() if key != "message"})
    assert explanation in str(message)
    assert message[0] == said[0] if isinstance(said, list) else message.startswith(said or "VAPI_")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_unknown_outcome_is_424_and_sent_once(vapi: FakeVapi, api: Api, status: int) -> None:
    vapi.fail(status, {"message": "Oops"})

    message = assert_shape(api.post("call", {"customer": CUSTOMER}), 424)

    row = Call.objects.get()
    assert row.state == "unknown"
    assert str(row.pk) in message
    assert len(vapi.server.log) == 1


def test_a_vapi_that_cannot_be_reached_is_503(vapi: FakeVapi, api: Api, settings: Settings) -> None:
    settings.VAPI_BASE_URL = "http://127.0.0.1:9"  # the discard port: nothing listens there

    message = assert_shape(api.post("call", {"customer": CUSTOMER}), 503)

    assert "no call was placed" in message
    assert Call.objects.get().state == "failed"


def test_without_a_database_nothing_is_sent(vapi: FakeVapi, api: Api) -> None:
    """Both the key and the row need it; the outage is made where Django asks for a cursor."""
    with patch.object(BaseDatabaseWrapper, "cursor", side_effect=OperationalError("gone")):
        message = assert_shape(api.post("call", {"customer": CUSTOMER}), 503)

    assert "nothing was sent" in message
    assert vapi.sent == []


def test_a_fault_of_ours_has_the_shape_too(api: Api, settings: Settings) -> None:
    row = Call.objects.create(channel="inbound", decided_at=timezone.now(), customer_number=ANYBODY)
    settings.ROUTING_LAST_RESORT = {"key": "last", "name": ANYBODY, "kind": "nothing"}

    message = assert_shape(api.get(f"calls/{row.pk}", explain="1"), 500)

    assert ANYBODY not in message


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "call", 405),
        ("get", "call/web", 405),
        ("get", "resolve", 405),
        ("post", "calls", 405),
        ("get", "nothing", 404),
        ("post", "call/web/more", 404),
        ("get", "", 404),
        ("get", "calls/no-such-call", 404),
        ("get", "calls/00000000-0000-4000-8000-000000000000", 404),
        ("get", "call/no-such-call", 404),
        ("get", "calls/a%00b", 404),
    ],
)
def test_wrong_addresses_and_methods(api: Api, method: str, path: str, status: int) -> None:
    answer = api.get(path) if method == "get" else api.post(path, {})

    assert_shape(answer, status)


@pytest.mark.parametrize("path", ["call", "call/web", "resolve"])
def test_a_body_of_more_than_five_mebibytes_is_not_read(vapi: FakeVapi, api: Api, path: str) -> None:
    largest = '{"name": "' + "x" * (5 * 1024 * 1024 - 12) + '"}'

    message = assert_shape(api.post(path, largest + " "), 413)

    assert "5 MiB" in message
    assert "several parts" in message
    assert api.post(path, largest).status_code != 413


def test_the_largest_batch_fits(vapi: FakeVapi, api: Api) -> None:
    variables = {"name": "Ada Lovelace", "plan": "gold", "balance": "12.30", "appointment": "2030-03-01T15:00:00Z"}
    customer = {"number": "+1212555", "name": "Ada Lovelace", "externalId": "5f0e2a7c-90b1-4c55-8d8e-2f1f7a1a9d10"}
    own = {"assistantOverrides": {"variableValues": variables, "firstMessage": "Good morning, this is Acme. " * 4}}

    answer = api.post("call", {"customers": [customer | own] * MOST_CUSTOMERS, "phoneNumberId": "none"})

    assert "phoneNumberId" in assert_shape(answer, 400)  # it was read, and understood
    assert vapi.sent == []


def test_another_content_type_is_415(api: Api) -> None:
    assert_shape(api.post("call", "a=1", Content_Type="application/x-www-form-urlencoded"), 415)


def test_no_default_number_is_told(api: Api, vapi: FakeVapi) -> None:
    go_live(2, {key: value for key, value in TABLE.items() if key != "default_number"})

    message = assert_shape(api.post("call", {"customer": CUSTOMER}), 400)

    assert "phoneNumberId" in message
    assert api.post("call", {"customer": CUSTOMER, "routing": {"campaign": "spring"}}).status_code == 201


def test_a_single_number_is_the_default(api: Api, vapi: FakeVapi) -> None:
    numbers, campaigns = TABLE["numbers"][:1], TABLE["campaigns"][1:]
    rules = [rule for rule in TABLE["rules"] if rule["key"] != "spring"]
    left = {key: value for key, value in TABLE.items() if key != "default_number"}
    go_live(2, left | {"numbers": numbers, "campaigns": campaigns, "rules": rules})

    assert api.post("call", {"customer": CUSTOMER}).status_code == 201
    assert vapi.body["phoneNumberId"] == MAIN


def test_before_the_first_publish_the_last_resort_answers(db: None, settings: Settings, tmp_path: Path) -> None:
    settings.ROUTING_DATA_DIR = tmp_path
    store.reset()

    body = {"routing": {"channel": "web"}}
    answer = make_api("secret").post("resolve", body)

    assert (answer.status_code, answer.json()["reason"], answer.json()["revision"]) == (200, "ERROR", None)
    assert "cannot take your call" in assert_shape(make_api("secret").post("call/web", {}), 403)
