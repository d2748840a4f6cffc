"""Examples in the API's description. The tests send every request of them and compare the shape of what comes back."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import OpenApiExample

from routing.api.parsing import TOO_LARGE

CALL_ID = "7e6d5c4b-3a29-4817-9605-f4e3d2c1b0a9"
CUSTOMER = {"number": "+12125550123"}
TARGET = {"key": "reception", "kind": "assistant", "name": "Reception"}
VAPI_CALL = {"id": CALL_ID, "type": "outboundPhoneCall", "status": "queued", "customer": CUSTOMER}
ROUTED_CALL = {
    "id": "0b9c8d7e-6f50-4a3b-8c2d-1e0f9a8b7c6d",
    "vapiCallId": CALL_ID,
    "channel": "outbound",
    "customerNumber": "+12125550123",
    "ourNumber": "+12025550111",
    "campaign": None,
    "target": TARGET,
    "reason": "DEFAULT",
    "rule": None,
    "revision": 3,
    "state": "ended",
    "endedReason": "customer-ended-call",
    "cost": 0.12,
    "stale": False,
    "sandbox": False,
    "createdAt": "2026-03-02T14:00:00Z",
    "decidedAt": "2026-03-02T14:00:00Z",
    "scheduledFor": None,
    "startedAt": "2026-03-02T14:00:04Z",
    "endedAt": "2026-03-02T14:01:10Z",
}
CALL_REQUESTS: dict[str, dict[str, Any]] = {
    "The table decides": {"customer": CUSTOMER},
    "With facts for the rules": {
        "assistantId": "auto",
        "customer": CUSTOMER,
        "routing": {"attributes": {"plan": "gold"}},
        "assistantOverrides": {"variableValues": {"name": "Ada"}},
    },
    "Scheduled": {"customer": CUSTOMER, "schedulePlan": {"earliestAt": "2030-03-01T09:00:00-05:00"}},
}
WEB_CALL_REQUESTS: dict[str, dict[str, Any]] = {
    "The table decides": {},
    "As the web SDK sends it": {
        "assistantId": "auto",
        "assistantOverrides": {
            "variableValues": {"name": "Ada"},
            "metadata": {"routing": {"attributes": {"page": "pricing"}}},
        },
    },
}
RESOLVE_REQUESTS: dict[str, dict[str, Any]] = {
    "Outbound, now": {"customer": CUSTOMER},
    "Inbound, on a Sunday": {
        "customer": CUSTOMER,
        "routing": {"channel": "inbound", "at": "2026-03-01T03:00:00-05:00"},
    },
}
RESOLUTION = {
    "target": TARGET,
    "reason": "DEFAULT",
    "rule": None,
    "revision": 3,
    "vapi": {"assistantId": "a0000000-0000-4000-8000-000000000001"},
}
ERRORS: dict[int, str | list[str]] = {
    400: "customer.number is missing: send the number to call.",
    401: "This API key is unknown, revoked or expired.",
    403: "This number is on a do-not-call list.",
    404: "There is no call 42 here.",
    405: 'Method "GET" not allowed.',
    409: "The same request is being carried out; ask again.",
    413: TOO_LARGE,
    415: 'Unsupported media type "text/plain" in request.',
    422: "rule 3, 'To the desk', chose 'Front desk', a transfer, and Vapi starts calls only with an assistant.",
    424: "Vapi did not say whether the call was placed, so it is not placed again.",
    429: "Rate limit exceeded: all visitors together used this key too often; try again in 19 seconds.",
    500: "Something broke on our side; it is in the log.",
    503: "The database cannot be reached; nothing was sent. Try again.",
}


def requests(examples: dict[str, dict[str, Any]]) -> list[OpenApiExample]:
    """Return examples of what is sent."""
    return [OpenApiExample(name, value=value, request_only=True) for name, value in examples.items()]


def answer(value: Any, status: int = HTTPStatus.OK) -> OpenApiExample:
    """Return an example of what comes back."""
    return OpenApiExample(HTTPStatus(status).phrase, value=value, response_only=True, status_codes=[str(int(status))])


def error(status: int) -> OpenApiExample:
    """Return an example of an error."""
    phrase = HTTPStatus(status).phrase
    return answer({"message": ERRORS[status], "error": phrase, "statusCode": status}, status)
