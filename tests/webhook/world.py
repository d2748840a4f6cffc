"""The routing table of the webhook's tests, and how they ask."""

import json
from typing import Any

from tests.webhook.adapters import Send

SECRET = "webhook-s3cret"
KNOWN = {"Authorization": f"Bearer {SECRET}"}
RECEPTION = "a0000000-0000-4000-8000-000000000001"
CONCIERGE = "b0000000-0000-4000-8000-000000000001"
MAIN_ID = "33333333-3333-4333-8333-333333333333"
SPRING = "55555555-5555-4555-8555-555555555555"
VIP, BLOCKED, UNWANTED = "+12025550100", "+12025550166", "+12025550167"

TABLE: dict[str, Any] = {
    "version": 1,
    "default": "reception",
    "blocked": "blocked",
    "overrides": {"variableValues": {"brand": "Acme"}},
    "targets": [
        {"key": "reception", "kind": "assistant", "vapi_id": RECEPTION, "version": "v3"},
        {"key": "concierge", "kind": "squad", "vapi_id": CONCIERGE},
        {"key": "desk", "kind": "transfer", "number": "+12025550199", "message": "Connecting you."},
        {"key": "trunk", "kind": "transfer", "sip_uri": "sip:desk@example.test"},
        {"key": "blocked", "kind": "reject", "message": "This number cannot be reached."},
    ],
    "numbers": [
        {"vapi_id": MAIN_ID, "number": "+12025550111", "name": "Main line"},
        {"vapi_id": "33333333-3333-4333-8333-333333333334", "number": "+12025550112", "name": "Spring"},
    ],
    "lists": [
        {
            "key": "vip",
            "name": "VIP",
            "purpose": "segment",
            "entries": [{"number": VIP, "label": "Ada", "variables": {"name": "Ada"}}],
        },
        {"key": "bad", "name": "Blocked", "purpose": "blocked", "entries": [{"number": BLOCKED}]},
        {"key": "dnc", "name": "Do not call", "purpose": "do_not_call", "entries": [{"number": UNWANTED}]},
    ],
    "rules": [
        {"key": "vip", "name": "VIP", "when": {"lists": {"any_of": ["vip"]}}, "then": [{"target": "concierge"}]},
        {"key": "mx", "name": "Mexico", "when": {"customer": ["MX"]}, "then": [{"target": "desk"}]},
        {"key": "hidden", "name": "Hidden", "when": {"customer": ["withheld"]}, "then": [{"target": "trunk"}]},
    ],
}
BRAND = {"variableValues": {"brand": "Acme"}}


def ask(send: Send, payload: object, headers: dict[str, str] = KNOWN) -> Any:
    """Send a message that must be answered 200, and return the answer."""
    status, body, content_type = send(json.dumps(payload).encode(), headers)
    assert (status, content_type) == (200, "application/json")
    return json.loads(body)


def call_from(customer: str | None, **fields: object) -> dict[str, Any]:
    call = {"phoneNumberId": MAIN_ID, "customer": {"number": customer}} | fields
    return {"message": {"type": "assistant-request", "call": call}}
