"""The webhook from outside: one table, sent through Django and through the lane in front of it."""

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from routing.engine.document import read_document
from routing.models import Call, EmergencySwitch, WebhookSecret
from routing.recorder.drain import drain
from routing.recorder.files import spool_folder
from routing.services.publish import publish
from routing.snapshot import store
from routing.snapshot.rows import rows_from_table
from routing.webhook.answer import answers
from routing.webhook.intake import LONGEST_BODY
from tests.vapi.payloads import ALL, ASSISTANT_REQUESTS, load
from tests.vapi_schema.checker import find_errors
from tests.webhook.adapters import ADDRESS, Send
from tests.webhook.world import (
    BLOCKED,
    BRAND,
    CONCIERGE,
    KNOWN,
    RECEPTION,
    SECRET,
    SPRING,
    TABLE,
    UNWANTED,
    VIP,
    ask,
    call_from,
)


@pytest.mark.parametrize(
    ("customer", "expected"),
    [
        ("+12025550177", {"assistantId": RECEPTION, "assistantOverrides": BRAND}),
        (VIP, {"squadId": CONCIERGE, "squadOverrides": {"variableValues": {"brand": "Acme", "name": "Ada"}}}),
        (
            "+525512345678",
            {"destination": {"type": "number", "number": "+12025550199", "message": "Connecting you."}},
        ),
        ("anonymous", {"destination": {"type": "sip", "sipUri": "sip:desk@example.test", "message": ""}}),
        (None, {"destination": {"type": "sip", "sipUri": "sip:desk@example.test", "message": ""}}),
        (BLOCKED, {"error": "This number cannot be reached."}),
        (UNWANTED, {"assistantId": RECEPTION, "assistantOverrides": BRAND}),
    ],
)
def test_an_inbound_call_gets_its_target(send: Send, customer: str | None, expected: dict[str, Any]) -> None:
    given = ask(send, call_from(customer))

    assert given == expected
    assert find_errors("ServerMessageResponseAssistantRequest", given) == []


@pytest.mark.parametrize("name", ASSISTANT_REQUESTS)
def test_every_known_shape_gets_a_legal_answer(send: Send, name: str) -> None:
    given = ask(send, load(name))

    assert len(given.keys() & {"assistantId", "squadId", "destination", "error"}) == 1
    assert find_errors("ServerMessageResponseAssistantRequest", given) == []


@pytest.mark.parametrize("name", [name for name in ALL if not name.startswith(("ar", "predial"))])
def test_every_other_message_is_taken_note_of(send: Send, name: str) -> None:
    assert ask(send, load(name)) == {}


@pytest.mark.parametrize(
    "payload",
    [{}, [], None, "text", 5, {"message": {"type": "hang"}}, {"message": {"type": ["assistant-request"]}}],
    ids=str,
)
def test_json_that_is_no_known_message_is_answered_with_nothing(send: Send, payload: object) -> None:
    assert ask(send, payload) == {}


@pytest.mark.parametrize("path", ["/vapi/webhook", "/vapi/webhook/", "/vapi/webhook?from=vapi"])
def test_the_address_has_two_spellings(send: Send, path: str) -> None:
    status, body, _ = send(json.dumps(call_from(VIP)).encode(), KNOWN, path=path)

    assert (status, json.loads(body)["squadId"]) == (200, CONCIERGE)


@pytest.mark.parametrize(
    ("headers", "body", "method", "status"),
    [
        ({}, b"{}", "POST", 401),
        ({}, b"not json", "POST", 401),
        ({"Authorization": "Bearer wrong"}, b"{}", "POST", 401),
        ({"Authorization": f"Basic {SECRET}"}, b"{}", "POST", 401),
        ({"Authorization": ""}, b"{}", "POST", 401),
        ({"X-Vapi-Secret": "wrong"}, b"{}", "POST", 401),
        ({"Authorization": "Bearer \xff\xfe"}, b"{}", "POST", 401),
        (KNOWN, b"", "POST", 400),
        (KNOWN, b"not json", "POST", 400),
        (KNOWN, b"\xff\xfe\xfd", "POST", 400),
        (KNOWN, b"[" * 100_000, "POST", 400),
        (KNOWN, b" " * (LONGEST_BODY + 1), "POST", 413),
        (KNOWN, b"{}", "GET", 405),
        (KNOWN, b"{}", "PUT", 405),
        (KNOWN, b"{}", "DELETE", 405),
        (KNOWN, b"{}", "POST", 200),
        ({"Authorization": f"bearer {SECRET}"}, b"{}", "POST", 200),
        ({"X-Vapi-Secret": SECRET}, b"{}", "POST", 200),
        (KNOWN, b"{}" + b" " * (LONGEST_BODY - 2), "POST", 200),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_who_is_let_in(send: Send, headers: dict[str, str], body: bytes, method: str, status: int) -> None:
    """Sabotage seen to fail: let `_verify_bearer` take any scheme, or the beginning of a token."""
    assert send(body, headers, method=method)[0] == status


def test_a_signature_over_too_much_is_told_as_too_much(send: Send, settings: Settings) -> None:
    """Sabotage seen to fail: leave `is_cut` out, which calls the secret wrong."""
    WebhookSecret.objects.create(name="signed", kind="hmac", secret=SECRET)
    body = b" " * (LONGEST_BODY + 1)
    timestamp = str(int(time.time()))
    signature = hmac.digest(SECRET.encode(), f"{timestamp}.".encode() + body, "sha256").hex()
    signed = {"X-Timestamp": timestamp, "X-Signature": signature}

    assert send(body, signed)[0] == 413
    assert send(body, {"X-Timestamp": timestamp})[0] == 401


def test_a_stranger_learns_nothing(send: Send) -> None:
    """Sabotage seen to fail: tell the reason of the refusal."""
    known = send(json.dumps(call_from(VIP)).encode(), {"Authorization": "Bearer wrong"})

    assert known == send(b"nonsense", {})
    assert json.loads(known[1]) == {"message": "Unauthorized", "statusCode": 401}


def test_without_any_secret_everything_is_refused(send: Send, settings: Settings) -> None:
    """Sabotage seen to fail: let `check_request` refuse nothing where there is no plan."""
    settings.VAPI_WEBHOOK_SECRET = ""
    store.reset()

    assert send(b"{}", KNOWN)[0] == 401
    assert send(b"{}", {"Authorization": "Bearer "})[0] == 401
    assert send(b"{}", {"X-Vapi-Secret": ""})[0] == 401


def test_secrets_can_be_replaced_without_a_gap(send: Send) -> None:
    """Sabotage seen to fail: answer what `check_request` refuses."""
    WebhookSecret.objects.create(name="old", kind="bearer", secret="old", enabled=False)
    WebhookSecret.objects.create(name="new", kind="bearer", secret="new", header_name="X-New", with_prefix=False)
    past = timezone.now() - timedelta(seconds=1)
    WebhookSecret.objects.create(name="gone", kind="bearer", secret="gone", expires_at=past)
    store.reset()

    assert send(b"{}", {"X-New": "new"})[0] == 200
    assert send(b"{}", KNOWN)[0] == 200
    assert send(b"{}", {"Authorization": "Bearer old"})[0] == 401
    assert send(b"{}", {"Authorization": "Bearer gone"})[0] == 401


@pytest.mark.parametrize("payload_format", ["", "{method} {url} {timestamp} {body}"], ids=["default", "all"])
def test_a_signature_lets_in(send: Send, payload_format: str) -> None:
    """Sabotage seen to fail: answer what `check_request` refuses."""
    WebhookSecret.objects.create(name="signed", kind="hmac", secret="key", payload_format=payload_format)
    store.reset()
    body, now = b'{"message": {"type": "hang"}}', str(int(time.time()))
    payload = payload_format or "{timestamp}.{body}"
    for token, value in {"method": "POST", "url": ADDRESS, "timestamp": now, "body": body.decode()}.items():
        payload = payload.replace(f"{{{token}}}", value)
    signature = hmac.new(b"key", payload.encode(), hashlib.sha256).hexdigest()

    assert send(body, {"X-Signature": signature, "X-Timestamp": now})[0] == 200
    assert send(body + b" ", {"X-Signature": signature, "X-Timestamp": now})[0] == 401


@pytest.mark.parametrize(
    ("number", "eligible"),
    [
        ("+12025550177", True),
        (VIP, True),
        (BLOCKED, False),
        (UNWANTED, False),
        ("(202) 555-0167", False),
        (None, False),
    ],
)
def test_a_campaign_may_not_dial_who_must_not_be_called(send: Send, number: str | None, eligible: bool) -> None:
    given = ask(send, {"message": {"type": "campaign.predial", "campaignId": SPRING, "contact": {"number": number}}})

    assert given == {"eligible": eligible}
    assert find_errors("ServerMessageResponseCampaignPredial", given) == []


def test_a_campaign_does_not_dial_while_outbound_is_paused(send: Send) -> None:
    EmergencySwitch.objects.create(
        pauses_outbound=True,
        reason="Outage",
        started_at=timezone.now(),
        until=timezone.now() + timedelta(hours=1),
    )
    store.reset()

    assert ask(send, load("predial01")) == {"eligible": False}


def test_a_call_is_recorded_once_with_its_outcome(send: Send) -> None:
    payload = load("ar01_twilio_pstn_full_2024")
    first = ask(send, payload)
    answers.forget()  # as in another process, or after a restart
    second = ask(send, payload)
    ask(send, load("eoc01_inbound_squad_2024"))
    drain()

    (row,) = Call.objects.all()
    assert first == second
    assert (row.vapi_call_id, row.customer_number) == (payload["message"]["call"]["id"], VIP)
    assert (row.target_key, row.rule_key, row.channel) == ("concierge", "vip", "inbound")
    assert (row.state, row.ended_reason) == ("ended", "customer-ended-call")


def test_calls_without_an_id_are_recorded_each(send: Send) -> None:
    ask(send, call_from(VIP))
    ask(send, call_from(VIP))
    drain()

    assert Call.objects.count() == 2


@pytest.mark.parametrize("vapi_id", ["9b2d5f34-3d2c-4a4e-9c0f-0a4a2a6f3f11", "call-1", "9B2D5F34", "é" * 64])
def test_a_call_that_another_process_was_asked_about_too_is_recorded_once(send: Send, vapi_id: str) -> None:
    """Sabotage seen to fail: give each record an id at random."""
    ask(send, call_from(VIP, id=vapi_id))
    answers.forget()
    ask(send, call_from(VIP, id=vapi_id))
    first, second = [json.loads(line)["id"] for path in spool_folder().glob("*.jsonl") for line in path.open("rb")]
    drain()

    assert first == second
    assert Call.objects.get().vapi_call_id == vapi_id


def test_the_same_call_gets_the_same_answer_after_a_publish(send: Send) -> None:
    first = ask(send, call_from("+12025550177", id="call-1"))
    rows_from_table(read_document(TABLE | {"default": "desk"}))
    publish(author=None, note="", now=timezone.now())

    assert ask(send, call_from("+12025550177", id="call-1")) == first
    assert "destination" in ask(send, call_from("+12025550177", id="call-2"))


def test_headers_of_the_caller_are_not_merged_into_the_answer(send: Send) -> None:
    """Sabotage seen to fail: lay the message's `assistantOverrides` over ours."""
    given = ask(send, call_from("+12025550177", assistantOverrides={"variableValues": {"brand": "Evil", "x": 1}}))

    assert given["assistantOverrides"] == BRAND


def test_now_is_when_the_request_comes(send: Send) -> None:
    before = datetime.now(UTC)
    ask(send, call_from(VIP, id="call-1"))
    drain()

    assert before <= Call.objects.get().decided_at <= datetime.now(UTC)
