"""Answers like Vapi and calls nobody: what outbound runs against until there is an API key."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from routing.vapi.call_body import TARGET_KEYS
from routing.vapi.errors import VapiError
from routing.vapi.sandbox_calls import SandboxCalls
from routing.vapi.sandbox_objects import list_made_up

CALL_KEYS = TARGET_KEYS | frozenset(
    "customer customerId customers name phoneNumber phoneNumberId schedulePlan transport".split()
)
WEB_CALL_KEYS = TARGET_KEYS | {"roomDeleteOnUserLeaveEnabled"}
TARGETS = ("assistant", "assistantId", "squad", "squadId", "workflow", "workflowId")
REPEATED = (*TARGETS, "assistantOverrides", "squadOverrides", "phoneNumberId", "name", "schedulePlan")
ORG_ID = "00000000-0000-4000-8000-00000000005b"
E164 = re.compile(r"\+[1-9][0-9]{2,14}")
LIMITS = {"concurrencyBlocked": False, "concurrencyLimit": 10, "remainingConcurrentCalls": 10}


class Sandbox:
    """Checks a request as Vapi does at its gate and makes up the answer. It knows the latest calls that it made up."""

    sandbox = True

    def __init__(self, path: Path) -> None:
        """Keep the calls in the file at ``path``."""
        self._calls = SandboxCalls(path)

    def create_call(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer as Vapi does to a new call, or to a batch for a body with ``customers``. Raises VapiError."""
        _refuse_unknown(body, CALL_KEYS)
        _refuse_incomplete(body)
        if body.get("customers") is not None:
            return self._create_batch(body)
        call = _make_phone_call(body, body.get("customer"))
        self._calls.add([call])
        return call | {"subscriptionLimits": dict(LIMITS)}

    def create_web_call(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer as Vapi does to a new web call; its room's address leads nowhere. Raises VapiError."""
        _refuse_unknown(body, WEB_CALL_KEYS)
        _refuse_without_target(body)
        call = _make_call(body, "webCall")
        room = f"https://sandbox.invalid/{call['id']}"
        call["webCallUrl"] = room
        call["transport"] = {"conversationType": "voice", "provider": "daily", "callUrl": room}
        self._calls.add([call])
        return call

    def get_call(self, call_id: str) -> dict[str, Any]:
        """Return a call that was made up here. Raises VapiError."""
        found = [call for call in self._calls.latest() if call["id"] == call_id]
        if not found:
            raise _refusal(404, f"Couldn't Find Call {call_id}.", "Not Found")
        return found[0]

    def list_calls(self, *, phone_number_id: str | None, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """Return the calls that were made up here, as Vapi lists them."""
        return [
            call
            for call in self._calls.latest()
            if since <= datetime.fromisoformat(call["createdAt"]) <= until
            and phone_number_id in {None, call.get("phoneNumberId")}
        ]

    def list_page(self, kind: str, query: Mapping[str, str]) -> list[Any]:
        """Return one page of assistants, squads or phone numbers, as Vapi lists them."""
        return list_made_up(kind, query, org_id=ORG_ID)

    def _create_batch(self, body: Mapping[str, Any]) -> dict[str, Any]:
        results: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for customer in body["customers"]:
            if _is_callable(customer):
                results.append(_make_phone_call(body, customer))
            else:
                complaint = "customer.number must be a valid phone number in the E.164 format."
                errors.append({"customer": customer, "error": complaint})
        self._calls.add(results)
        return {"subscriptionLimits": dict(LIMITS), "results": results, "errors": errors}


def _make_phone_call(body: Mapping[str, Any], customer: object) -> dict[str, Any]:
    call = _make_call(body, "outboundPhoneCall")
    if customer is not None:
        call["customer"] = customer
    return call


def _make_call(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    created_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "id": str(uuid.uuid4()),
        "orgId": ORG_ID,
        "createdAt": created_at,
        "updatedAt": created_at,
        "type": kind,
        "status": "scheduled" if body.get("schedulePlan") else "queued",
        "cost": 0,
    } | {key: body[key] for key in REPEATED if key in body}


def _refuse_unknown(body: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := [key for key in body if key not in known]:
        raise _refusal(400, [f"property {key} should not exist" for key in unknown])


def _refuse_without_target(body: Mapping[str, Any]) -> None:
    if not any(body.get(key) for key in TARGETS):
        raise _refusal(400, "Need Either `assistant`, `assistantId`, `squad`, Or `squadId`.")


def _refuse_incomplete(body: Mapping[str, Any]) -> None:
    _refuse_without_target(body)
    if not any(body.get(key) for key in ("customer", "customerId", "customers")):
        raise _refusal(400, "Couldn't Get Customer. Need Either `customerId` Or `customer`.")
    if not any(body.get(key) for key in ("phoneNumberId", "phoneNumber", "transport")):
        raise _refusal(400, "Couldn't Get Phone Number. Need Either `phoneNumberId` Or `phoneNumber`.")
    if body.get("customer") and not _is_callable(body["customer"]):
        raise _refusal(400, ["customer.number must be a valid phone number in the E.164 format."])
    if len(str(body.get("name") or "")) > 40:
        raise _refusal(400, ["name must be shorter than or equal to 40 characters"])


def _is_callable(customer: object) -> bool:
    if not isinstance(customer, Mapping):
        return False
    number = customer.get("number")
    unchecked = customer.get("numberE164CheckEnabled") is False or bool(customer.get("sipUri"))
    return unchecked or (isinstance(number, str) and E164.fullmatch(number) is not None)


def _refusal(status: int, message: str | list[str], error: str = "Bad Request") -> VapiError:
    body = {"message": message, "error": error, "statusCode": status}
    return VapiError(status, body, retryable=False, ambiguous=False)
