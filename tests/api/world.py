"""The routing table of the API's tests, and a Vapi that they place calls with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.vapi_schema.checker import find_errors

MAIN, SPRING_LINE = "33333333-3333-4333-8333-333333333333", "33333333-3333-4333-8333-333333333334"
RECEPTION = "a0000000-0000-4000-8000-000000000001"
SPRING = "a0000000-0000-4000-8000-000000000004"
GOLD = "a0000000-0000-4000-8000-000000000005"
CONCIERGE = "b0000000-0000-4000-8000-000000000001"
OTHER = "c0000000-0000-4000-8000-000000000001"
ANYBODY, VIP, MEXICAN = "+12125550123", "+12025550100", "+525512345678"
BLOCKED, UNWANTED, UNGREETED = "+12025550166", "+12025550167", "+12025550168"

TABLE: dict[str, Any] = {
    "version": 1,
    "default": "reception",
    "default_number": "+12025550111",
    "overrides": {"variableValues": {"brand": "Acme", "level": "table"}},
    "targets": [
        {"key": "reception", "name": "Reception", "kind": "assistant", "vapi_id": RECEPTION, "version": "v3"},
        {"key": "spring", "name": "Spring", "kind": "assistant", "vapi_id": SPRING},
        {"key": "gold", "name": "Gold", "kind": "assistant", "vapi_id": GOLD},
        {"key": "concierge", "name": "Concierge", "kind": "squad", "vapi_id": CONCIERGE},
        {"key": "desk", "name": "Front desk", "kind": "transfer", "number": "+12025550199", "message": "Wait."},
        {"key": "no", "name": "No", "kind": "reject", "message": "We do not call here."},
    ],
    "schedules": [
        {"key": "office", "name": "Office", "opening_hours": "Mo-Fr 09:00-17:00", "timezone": "America/New_York"},
    ],
    "numbers": [
        {"vapi_id": MAIN, "number": "+12025550111", "name": "Main line"},
        {"vapi_id": SPRING_LINE, "number": "+12025550112", "name": "Spring line"},
    ],
    "campaigns": [
        {"slug": "spring", "name": "Spring", "numbers": ["+12025550112"], "caller_id": "+12025550112"},
        {"slug": "plain", "name": "Plain"},
    ],
    "lists": [
        {
            "key": "vip",
            "name": "VIP",
            "purpose": "segment",
            "entries": [{"number": VIP, "label": "Ada", "variables": {"name": "Ada"}}],
        },
        {"key": "bad", "name": "Bad", "purpose": "blocked", "entries": [{"number": BLOCKED}]},
        {"key": "dnc", "name": "Do not call", "purpose": "do_not_call", "entries": [{"number": UNWANTED}]},
    ],
    "rules": [
        {
            "key": "vip",
            "name": "VIP",
            "when": {"lists": {"any_of": ["vip"]}},
            "then": [{"target": "concierge"}],
            "overrides": {"variableValues": {"level": "rule"}},
        },
        {"key": "spring", "name": "Spring", "when": {"campaigns": ["spring"]}, "then": [{"target": "spring"}]},
        {
            "key": "gold",
            "name": "Gold",
            "when": {"attributes": [{"key": "plan", "op": "is", "value": "gold"}]},
            "then": [{"target": "gold"}],
            "overrides": {"variableValues": {"level": "rule"}},
        },
        {
            "key": "guest",
            "name": "Guest squad",
            "when": {"attributes": [{"key": "page", "op": "is", "value": "vip", "allow_untrusted": True}]},
            "then": [{"target": "concierge"}],
            "overrides": {"variableValues": {"level": "rule"}},
        },
        {
            "key": "desk",
            "name": "To the desk",
            "when": {"attributes": [{"key": "page", "op": "is", "value": "desk", "allow_untrusted": True}]},
            "then": [{"target": "desk"}],
        },
        {
            "key": "no",
            "name": "Nobody",
            "when": {"attributes": [{"key": "page", "op": "is", "value": "no", "allow_untrusted": True}]},
            "then": [{"target": "no"}],
        },
        {"key": "mx", "name": "Mexico", "when": {"customer": ["MX"]}, "then": [{"target": "desk"}]},
        {"key": "cold", "name": "Cold", "when": {"customer": [UNGREETED]}, "then": [{"target": "no"}]},
        {
            "key": "night",
            "name": "Night",
            "when": {"schedule": {"key": "office", "is": "closed"}, "customer": ["+1646*"]},
            "then": [{"target": "gold"}],
        },
    ],
}
SCHEMAS = {"/call": "CreateCallDTO", "/call/web": "CreateWebCallDTO"}


@dataclass(kw_only=True)
class FakeVapi:
    """Vapi over HTTP: it refuses what the published schema refuses, and remembers what it was sent."""

    server: HTTPServer
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    @property
    def body(self) -> dict[str, Any]:
        """What was sent last."""
        return self.sent[-1][1]

    def answer(self, request: Request) -> Response:
        """Answer a call as Vapi does."""
        body = json.loads(request.data)
        self.sent.append((request.path, body))
        self.keys.append(request.headers["Authorization"])
        errors = find_errors(SCHEMAS[request.path], body)
        if errors:
            return _json({"message": errors, "error": "Bad Request", "statusCode": 400}, 400)
        number = len(self.sent)
        if "customers" in body:
            return _json(_batch_answer(number, body["customers"]), 201)
        return _json({"id": f"vapi-{number}", "status": "queued", "cost": 0.25, "odd": [None]}, 201)

    def listen(self) -> None:
        """Answer both ways of placing a call."""
        for path in SCHEMAS:
            self.server.expect_request(path, method="POST").respond_with_handler(self.answer)

    def fail(self, status: int, body: dict[str, Any]) -> None:
        """Answer everything with this from now on."""
        self.server.clear()
        for path in SCHEMAS:
            self.server.expect_request(path, method="POST").respond_with_json(body, status=status)


def _batch_answer(number: int, customers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what Vapi says to a batch: it refuses customers named "Nobody"."""
    return {
        "results": [
            {"id": f"vapi-{number}-{place}", "status": "queued", "customer": customer}
            for place, customer in enumerate(customers)
            if customer.get("name") != "Nobody"
        ],
        "errors": [
            {"customer": customer, "error": "Nobody is there."}
            for customer in customers
            if customer.get("name") == "Nobody"
        ],
        "subscriptionLimits": {"concurrencyBlocked": number == 1, "remainingConcurrentCalls": 10 - number},
    }


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")
