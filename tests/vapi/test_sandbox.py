"""The sandbox answers in Vapi's shapes, and refuses what Vapi refuses."""

from pathlib import Path
from typing import Any

import pytest

from routing.vapi.errors import VapiError
from routing.vapi.sandbox import CALL_KEYS, WEB_CALL_KEYS, Sandbox
from routing.vapi.sandbox_calls import REMEMBERED_CALLS
from tests.vapi.payloads import load
from tests.vapi_schema.checker import find_errors, property_names

COMPLETE: dict[str, Any] = {
    "assistantId": "a0000000-0000-4000-8000-000000000001",
    "phoneNumberId": "33333333-3333-4333-8333-333333333333",
    "customer": {"number": "+12025550102"},
}
CUSTOMERS = [{"number": "+12025550102"}, {"number": "+1202"}, {"number": "12025550103"}, "odd"]


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path / "calls.jsonl")


def test_a_call_is_answered_as_vapi_answers(sandbox: Sandbox) -> None:
    answer = sandbox.create_call(COMPLETE | {"assistantOverrides": {"variableValues": {"a": 1}}})

    assert find_errors("Call", answer) == []
    assert answer.items() >= COMPLETE.items()
    assert (answer["type"], answer["status"]) == ("outboundPhoneCall", "queued")
    assert answer["subscriptionLimits"]["concurrencyBlocked"] is False


def test_a_scheduled_call_says_so(sandbox: Sandbox) -> None:
    answer = sandbox.create_call(COMPLETE | {"schedulePlan": {"earliestAt": "2026-12-01T10:00:00Z"}})

    assert answer["status"] == "scheduled"


def test_a_batch_succeeds_in_parts(sandbox: Sandbox) -> None:
    body = {key: value for key, value in COMPLETE.items() if key != "customer"}

    answer = sandbox.create_call(body | {"customers": CUSTOMERS})

    assert [call["customer"] for call in answer["results"]] == [{"number": "+12025550102"}, {"number": "+1202"}]
    assert [error["customer"] for error in answer["errors"]] == CUSTOMERS[2:]
    assert answer.keys() == load("resp_call_201_batch").keys()
    assert find_errors("CallBatchResponse", answer | {"errors": answer["errors"][:1]}) == []


def test_a_web_call_has_what_the_browser_needs(sandbox: Sandbox) -> None:
    answer = sandbox.create_web_call({"squadId": "b0000000-0000-4000-8000-000000000001"})

    assert find_errors("Call", answer) == []
    assert answer["webCallUrl"].endswith(answer["id"])
    assert answer["type"] == "webCall"


def test_every_process_knows_a_call(sandbox: Sandbox, tmp_path: Path) -> None:
    answer = sandbox.create_web_call({"squadId": "b"})

    assert Sandbox(tmp_path / "calls.jsonl").get_call(answer["id"]) == answer
    with pytest.raises(VapiError) as caught:
        sandbox.get_call("another")
    assert caught.value.status == 404


def test_a_folder_that_cannot_be_written_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sandbox = Sandbox(tmp_path / "file" / "calls.jsonl")

    assert sandbox.create_call(COMPLETE)["status"] == "queued"
    with pytest.raises(VapiError):
        sandbox.get_call("any")


def test_only_the_latest_calls_are_remembered(sandbox: Sandbox, tmp_path: Path) -> None:
    first = sandbox.create_call(COMPLETE)["id"]
    batch = COMPLETE | {"customers": [COMPLETE["customer"]] * REMEMBERED_CALLS}
    for _ in range(3):
        last = sandbox.create_call(batch)["results"][-1]["id"]

    assert sandbox.get_call(last)
    assert len((tmp_path / "calls.jsonl").read_text().splitlines()) <= 2 * REMEMBERED_CALLS
    with pytest.raises(VapiError):
        sandbox.get_call(first)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"metadata": {}, "routing": {}}, ["property metadata should not exist", "property routing should not exist"]),
        ({"assistantId": None}, load("resp_400_need_assistant")["message"]),
        ({"customer": None}, load("resp_400_need_customer")["message"]),
        ({"phoneNumberId": ""}, load("resp_400_need_phone_number")["message"]),
        (
            {"customer": {"number": "2025550102"}},
            ["customer.number must be a valid phone number in the E.164 format."],
        ),
        ({"name": "n" * 41}, ["name must be shorter than or equal to 40 characters"]),
    ],
    ids=str,
)
def test_what_vapi_refuses_is_refused(sandbox: Sandbox, change: dict[str, Any], complaint: str | list[str]) -> None:
    with pytest.raises(VapiError) as caught:
        sandbox.create_call(COMPLETE | change)

    assert caught.value.body == {"message": complaint, "error": "Bad Request", "statusCode": 400}
    assert (caught.value.status, caught.value.retryable, caught.value.ambiguous) == (400, False, False)


@pytest.mark.parametrize("customer", [{"sipUri": "sip:a@b"}, {"number": "1234", "numberE164CheckEnabled": False}])
def test_customers_that_need_no_e164_number_are_taken(sandbox: Sandbox, customer: dict[str, Any]) -> None:
    assert sandbox.create_call(COMPLETE | {"customer": customer})["customer"] == customer


def test_a_web_call_has_no_customer(sandbox: Sandbox) -> None:
    with pytest.raises(VapiError, match="property customer should not exist"):
        sandbox.create_web_call({"assistantId": "a", "customer": {"number": "+12025550102"}})


@pytest.mark.parametrize(("schema", "keys"), [("CreateCallDTO", CALL_KEYS), ("CreateWebCallDTO", WEB_CALL_KEYS)])
def test_it_knows_exactly_vapis_properties(schema: str, keys: frozenset[str]) -> None:
    assert property_names(schema) == keys
