"""The sandbox answers in Vapi's shapes, and refuses what Vapi refuses."""

from typing import Any

import pytest

from routing.vapi.errors import VapiError
from routing.vapi.sandbox import CALL_KEYS, REMEMBERED_CALLS, WEB_CALL_KEYS, Sandbox
from tests.vapi.payloads import load
from tests.vapi_schema.checker import find_errors, property_names

COMPLETE: dict[str, Any] = {
    "assistantId": "a0000000-0000-4000-8000-000000000001",
    "phoneNumberId": "33333333-3333-4333-8333-333333333333",
    "customer": {"number": "+12025550102"},
}
CUSTOMERS = [{"number": "+12025550102"}, {"number": "+1202"}, {"number": "12025550103"}, "odd"]


def test_a_call_is_answered_as_vapi_answers() -> None:
    answer = Sandbox().create_call(COMPLETE | {"assistantOverrides": {"variableValues": {"a": 1}}})

    assert find_errors("Call", answer) == []
    assert answer.items() >= COMPLETE.items()
    assert (answer["type"], answer["status"]) == ("outboundPhoneCall", "queued")
    assert answer["subscriptionLimits"]["concurrencyBlocked"] is False


def test_a_scheduled_call_says_so() -> None:
    answer = Sandbox().create_call(COMPLETE | {"schedulePlan": {"earliestAt": "2026-12-01T10:00:00Z"}})

    assert answer["status"] == "scheduled"


def test_a_batch_succeeds_in_parts() -> None:
    body = {key: value for key, value in COMPLETE.items() if key != "customer"}

    answer = Sandbox().create_call(body | {"customers": CUSTOMERS})

    assert [call["customer"] for call in answer["results"]] == [{"number": "+12025550102"}, {"number": "+1202"}]
    assert [error["customer"] for error in answer["errors"]] == CUSTOMERS[2:]
    assert answer.keys() == load("resp_call_201_batch").keys()
    assert find_errors("CallBatchResponse", answer | {"errors": answer["errors"][:1]}) == []


def test_a_web_call_has_what_the_browser_needs() -> None:
    answer = Sandbox().create_web_call({"squadId": "b0000000-0000-4000-8000-000000000001"})

    assert find_errors("Call", answer) == []
    assert answer["webCallUrl"].endswith(answer["id"])
    assert answer["type"] == "webCall"


def test_a_call_can_be_fetched_again_where_it_was_made() -> None:
    sandbox = Sandbox()
    answer = sandbox.create_web_call({"squadId": "b"})

    assert sandbox.get_call(answer["id"]) == answer
    with pytest.raises(VapiError) as caught:
        Sandbox().get_call(answer["id"])
    assert caught.value.status == 404


def test_only_the_latest_calls_are_remembered() -> None:
    sandbox = Sandbox()
    first = sandbox.create_call(COMPLETE)["id"]
    for _ in range(REMEMBERED_CALLS):
        last = sandbox.create_call(COMPLETE)["id"]

    assert sandbox.get_call(last)
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
def test_what_vapi_refuses_is_refused(change: dict[str, Any], complaint: str | list[str]) -> None:
    with pytest.raises(VapiError) as caught:
        Sandbox().create_call(COMPLETE | change)

    assert caught.value.body == {"message": complaint, "error": "Bad Request", "statusCode": 400}
    assert (caught.value.status, caught.value.retryable, caught.value.ambiguous) == (400, False, False)


@pytest.mark.parametrize("customer", [{"sipUri": "sip:a@b"}, {"number": "1234", "numberE164CheckEnabled": False}])
def test_customers_that_need_no_e164_number_are_taken(customer: dict[str, Any]) -> None:
    assert Sandbox().create_call(COMPLETE | {"customer": customer})["customer"] == customer


def test_a_web_call_has_no_customer() -> None:
    with pytest.raises(VapiError, match="property customer should not exist"):
        Sandbox().create_web_call({"assistantId": "a", "customer": {"number": "+12025550102"}})


@pytest.mark.parametrize(("schema", "keys"), [("CreateCallDTO", CALL_KEYS), ("CreateWebCallDTO", WEB_CALL_KEYS)])
def test_it_knows_exactly_vapis_properties(schema: str, keys: frozenset[str]) -> None:
    assert property_names(schema) == keys
