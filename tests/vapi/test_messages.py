"""Vapi's messages, read: every shape that was seen, and shapes that nobody should send."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine.context import Attribute, Channel, Context
from routing.vapi.messages import (
    NotJson,
    Outcome,
    read_assistant_request,
    read_outcome,
    read_predial,
    read_server_message,
)
from tests.vapi.payloads import ALL, load

NOW = datetime(2026, 8, 19, 21, 2, 48, tzinfo=UTC)
CALLER = "+12025550100"
MAIN = "+12025550111"
MAIN_ID = "33333333-3333-4333-8333-333333333333"
PHONE_CALL = "01990000-0000-7000-8000-000000000011"


def read(payload: object) -> Context:
    return read_assistant_request(read_server_message(json.dumps(payload).encode()), now=NOW)


def call(**fields: object) -> dict[str, Any]:
    return {"message": {"type": "assistant-request", "call": fields}}


@pytest.mark.parametrize(
    ("name", "call_id", "customer", "our_number", "our_number_id"),
    [
        ("ar01_twilio_pstn_full_2024", PHONE_CALL, CALLER, MAIN, MAIN_ID),
        ("ar02_vapi_number_sip_2025_04", PHONE_CALL, CALLER, MAIN, MAIN_ID),
        ("ar05_guide_twilio_2025", "call_abc123", CALLER, MAIN, "phn_abc123"),
        ("ar06_minimal_call_id_org_only", "01990000-0000-7000-8000-000000000003", None, None, None),
        ("ar07_call_customer_only", "webhook-test-call-001", CALLER, None, None),
        ("ar08_call_phoneNumberId_and_customer", "call-1", CALLER, None, MAIN_ID),
        ("ar09_call_phoneNumber_number", "call-123", CALLER, MAIN, None),
        ("ar11_phoneNumber_without_call", None, None, MAIN, None),
        ("ar13_legacy_customerNumber_direction", None, CALLER, None, None),
        ("ar15_telnyx_number_transport", "01990000-0000-7000-8000-000000000002", CALLER, MAIN, MAIN_ID),
        ("ar16_withheld_anonymous", PHONE_CALL, "anonymous", MAIN, MAIN_ID),
        ("ar18_call_to_alias", None, None, MAIN, None),
        ("ar19_flat_no_envelope", "vapi_init_test", None, None, None),
        ("ar23_twilio_forwarded_call", PHONE_CALL, CALLER, MAIN, MAIN_ID),
    ],
)
def test_every_known_shape_is_understood(
    name: str, call_id: str | None, customer: str | None, our_number: str | None, our_number_id: str | None
) -> None:
    context = read(load(name))

    assert (context.channel, context.at) == (Channel.INBOUND, NOW)
    assert (context.call_id, context.customer) == (call_id, customer)
    assert (context.our_number, context.our_number_id) == (our_number, our_number_id)


@pytest.mark.parametrize(
    ("payload", "field", "value"),
    [
        # the customer: each place in turn, and what shadows what
        ({"message": {"call": {"customer": {"number": "1"}}, "customer": {"number": "2"}}}, "customer", "1"),
        ({"message": {"call": {"customer": {"number": None}}, "customer": {"number": "2"}}}, "customer", "2"),
        ({"message": {"call": {"customer": {"number": " "}}, "customer": {"number": "2"}}}, "customer", "2"),
        ({"message": {"call": {"customer": {"sipUri": "sip:a@b"}}}}, "customer", "sip:a@b"),
        ({"message": {"customer": {"sipUri": "sip:a@b"}}}, "customer", "sip:a@b"),
        (call(customer={"sipUri": "sip:a@b", "number": "1"}), "customer", "1"),
        (call(customerNumber="3"), "customer", "3"),
        ({"message": {"type": "x"}, "call": {"from": {"phoneNumber": "4"}}}, "customer", "4"),
        ({"message": {"call": {"id": "c"}}, "call": {"from": {"phoneNumber": "4"}}}, "customer", "4"),
        ({"message": {"call": {"id": "c"}}, "call": {"id": "other"}}, "call_id", "c"),
        ({"message": {"call": None}, "call": {"id": "other"}}, "call_id", "other"),
        # wrong types
        (call(customer=[{"number": "1"}]), "customer", None),
        (call(customer="1"), "customer", None),
        (call(customer={"number": 12025550100}), "customer", "12025550100"),
        (call(customer={"number": 12025550100.0}), "customer", "12025550100"),
        (call(customer={"number": True}), "customer", None),
        (call(customer={"number": {"e164": "1"}}), "customer", None),
        ({"message": None, "call": {"id": "c"}}, "call_id", "c"),
        ({"message": "hello", "call": {"id": "c"}}, "call_id", "c"),
        ({"message": {"call": "c"}}, "call_id", None),
        (call(id=7), "call_id", "7"),
        (call(id=True), "call_id", None),
        (call(id=["c"]), "call_id", None),
        ([], "call_id", None),
        ("text", "call_id", None),
        (None, "call_id", None),
        # our number
        ({"message": {"phoneNumber": {"number": None, "sipUri": "sip:us@b"}}}, "our_number", "sip:us@b"),
        (call(phoneNumber={"sipUri": "sip:us@b"}), "our_number", "sip:us@b"),
        (call(to={"phoneNumber": "5"}), "our_number", "5"),
        ({"message": {"phoneNumber": {"id": "p"}}}, "our_number_id", "p"),
        (call(phoneNumber={"id": "p"}), "our_number_id", "p"),
        ({"message": {"call": {"phoneNumberId": "a"}, "phoneNumber": {"id": "b"}}}, "our_number_id", "a"),
        # others
        (call(campaignId="k"), "vapi_campaign_id", "k"),
        (call(customer={"externalId": "crm-1"}), "external_id", "crm-1"),
        ({"message": {"customer": {"externalId": "crm-1"}}}, "external_id", "crm-1"),
        # what no database takes, and what is too long
        (call(customer={"number": "+1\x00202\ud800"}), "customer", "+1202"),
        (call(customer={"number": "\x00"}), "customer", None),
        (call(customer={"number": "9" * 300}), "customer", "9" * 255),
        (call(id="x" * 64), "call_id", "x" * 64),
        (call(id="x" * 65), "call_id", "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9"),
    ],
    ids=lambda value: json.dumps(value)[:90],
)
def test_a_fact_is_taken_from_its_best_place(payload: object, field: str, value: str | None) -> None:
    assert getattr(read(payload), field) == value


@pytest.mark.parametrize(
    ("fields", "attributes"),
    [
        ({"assistantOverrides": {"variableValues": {"Plan": "gold"}}}, {"plan": "gold"}),
        ({"assistantOverrides": {"variableValues": {"n": 5.0, "b": True, "e": ""}}}, {"n": "5", "b": "true", "e": ""}),
        ({"assistantOverrides": {"variableValues": {"o": {}, "l": [1], "z": None, " ": "x"}}}, {}),
        ({"assistantOverrides": {"variableValues": {"k": "a\x00\udc00b"}}}, {"k": "ab"}),
        ({"assistantOverrides": {"variableValues": {"k": "v" * 1001}}}, {"k": "v" * 1000}),
        ({"assistantOverrides": {"variableValues": ["plan"]}}, {}),
        ({"assistantOverrides": None, "transport": None}, {}),
        ({"transport": {"forwardedFrom": "+12025550199"}}, {"forwarded-from": "+12025550199"}),
        (
            {
                "transport": {"forwardedFrom": "+12025550199"},
                "assistantOverrides": {"variableValues": {"Forwarded-From": "+1900"}},
            },
            {"forwarded-from": "+12025550199"},
        ),
    ],
    ids=str,
)
def test_what_a_caller_can_write_becomes_an_untrusted_attribute(
    fields: dict[str, Any], attributes: dict[str, str]
) -> None:
    found = read(call(**fields)).attributes

    assert found == {key: Attribute(text=text, trusted=False) for key, text in attributes.items()}


def test_a_flood_of_headers_is_cut() -> None:
    context = read(call(assistantOverrides={"variableValues": {f"k{n}": n for n in range(500)}}))

    assert len(context.attributes) == 100


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe\xfa", b"nul", b"[" * 100_000], ids=lambda body: repr(body[:9]))
def test_what_is_not_json_is_said_to_be(body: bytes) -> None:
    with pytest.raises(NotJson):
        read_server_message(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
WORDS = (
    "call customer number sipUri id phoneNumber phoneNumberId to from transport forwardedFrom assistantOverrides "
    "variableValues externalId campaignId contact status endedReason cost startedAt endedAt"
).split()
MESSY = st.recursive(JSON, lambda inner: st.dictionaries(st.sampled_from(WORDS), inner, max_size=6), max_leaves=20)


@given(payload=MESSY, kind=st.sampled_from(["status-update", "end-of-call-report"]))
def test_no_message_makes_the_readers_raise(payload: object, kind: str) -> None:
    message = read_server_message(json.dumps({"message": payload}).encode())

    context = read_assistant_request(message, now=NOW)
    read_predial(message, now=NOW)
    read_outcome(message | {"type": kind})

    assert "\\u0000" not in json.dumps(context.as_dict())
    json.dumps(context.as_dict(), ensure_ascii=False).encode()


@pytest.mark.parametrize("name", ALL)
def test_every_payload_passes_every_reader(name: str) -> None:
    message = read_server_message(json.dumps(load(name)).encode())

    assert read_assistant_request(message, now=NOW).at == NOW
    assert read_predial(message, now=NOW).channel is Channel.OUTBOUND


def test_predial_names_contact_and_campaign() -> None:
    context = read_predial(load("predial01")["message"], now=NOW)

    assert context.customer == "+12025550102"
    assert context.vapi_campaign_id == "55555555-5555-4555-8555-555555555555"


STARTED = datetime(2026, 8, 19, 21, 2, 48, 657000, UTC)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        (
            "su01_webcall_ended_2024",
            Outcome(
                vapi_call_id="01990000-0000-7000-8000-000000000004", state="ended", ended_reason="silence-timed-out"
            ),
        ),
        (
            "su03_ended_assistant_request_failed",
            Outcome(vapi_call_id=PHONE_CALL, state="ended", ended_reason="assistant-request-failed"),
        ),
        (
            "eoc01_inbound_squad_2024",
            Outcome(vapi_call_id=PHONE_CALL, state="ended", ended_reason="customer-ended-call"),
        ),
        (
            "eoc03_outbound_2026_schema",
            Outcome(
                vapi_call_id="01990000-0000-7000-8000-000000000006",
                state="ended",
                ended_reason="customer-ended-call",
                cost=Decimal("0.12"),
                started_at=STARTED,
                ended_at=STARTED.replace(minute=4),
            ),
        ),
        ("eoc04_call_metadata", Outcome(vapi_call_id="call_abc", state="ended")),
        ("ar01_twilio_pstn_full_2024", None),
    ],
)
def test_what_became_of_a_call(name: str, outcome: Outcome | None) -> None:
    assert read_outcome(load(name)["message"]) == outcome


@pytest.mark.parametrize(
    ("fields", "field", "value"),
    [
        ({"status": "in-progress"}, "state", "in-progress"),
        ({"status": "forwarding"}, "state", "in-progress"),
        ({"endedReason": 5}, "ended_reason", "5"),
        ({"cost": "0.5"}, "cost", Decimal("0.5")),
        ({"cost": 0}, "cost", Decimal(0)),
        ({"cost": 0.1234567}, "cost", Decimal("0.123457")),
        ({"cost": -1}, "cost", None),
        ({"cost": 1e300}, "cost", None),
        ({"cost": float("nan")}, "cost", None),
        ({"cost": float("inf")}, "cost", None),
        ({"cost": {"total": 1}}, "cost", None),
        ({"cost": True}, "cost", None),
        ({"startedAt": 1787173368}, "started_at", datetime(2026, 8, 19, 21, 2, 48, tzinfo=UTC)),
        ({"startedAt": 1787173368657}, "started_at", STARTED),
        ({"startedAt": "2026-08-19T23:02:48.657+02:00"}, "started_at", STARTED),
        ({"startedAt": "2026-08-19T21:02:48.657"}, "started_at", STARTED),
        ({"startedAt": 10**30}, "started_at", None),
        ({"startedAt": "0001-01-01T00:00:00+14:00"}, "started_at", None),
        ({"startedAt": "yesterday", "call": {"id": "c", "startedAt": 1787173368657}}, "started_at", STARTED),
        ({"endedAt": []}, "ended_at", None),
    ],
    ids=str,
)
def test_facts_of_an_outcome(fields: dict[str, Any], field: str, value: object) -> None:
    outcome = read_outcome({"type": "status-update", "status": "ended", "call": {"id": "c"}} | fields)

    assert outcome is not None
    assert asdict(outcome)[field] == value


@pytest.mark.parametrize(
    "message",
    [
        {"type": "status-update", "status": "ringing", "call": {"id": "c"}},
        {"type": "status-update", "call": {"id": "c", "status": "ended"}},
        {"type": "status-update", "status": ["ended"], "call": {"id": "c"}},
        {"type": "end-of-call-report"},
        {"type": "end-of-call-report", "call": {"id": ""}},
    ],
    ids=str,
)
def test_a_message_that_tells_nothing_about_a_call_is_no_outcome(message: dict[str, Any]) -> None:
    assert read_outcome(message) is None


MARKED = {"id": "c", "name": "sb-0123456789abcdef0123456789abcdef", "customer": {"number": "+12025550102"}}


@pytest.mark.parametrize(
    ("fields", "state", "marker"),
    [
        ({"status": "ringing", "call": MARKED}, "placed", MARKED["name"]),
        ({"status": "something new", "call": MARKED}, "placed", MARKED["name"]),
        ({"status": "ended", "call": MARKED}, "ended", MARKED["name"]),
        ({"status": "ended", "call": MARKED | {"name": "Follow-up"}}, "ended", None),
        ({"status": "ended", "call": MARKED | {"name": "sb-" + "g" * 32}}, "ended", None),
        ({"status": "ended", "call": MARKED | {"name": None}}, "ended", None),
        ({"status": "ended", "call": MARKED | {"name": ["sb-"]}}, "ended", None),
    ],
    ids=str,
)
def test_whatever_is_said_of_a_call_with_our_marker_names_it(
    fields: dict[str, Any], state: str, marker: str | None
) -> None:
    outcome = read_outcome({"type": "status-update"} | fields)

    assert outcome is not None
    assert (outcome.state, outcome.marker) == (state, marker)
    assert outcome.customer == ("+12025550102" if marker else None)
