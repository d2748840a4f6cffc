"""Shapes of bodies and answers in the API's description. Vapi's own are open: what they hold is Vapi's to say."""

from __future__ import annotations

from typing import Any

from routing.engine.context import Channel
from routing.engine.decision import Reason
from routing.engine.explain import RuleOutcome
from routing.engine.table import TargetKind
from routing.models import CallState

Schema = dict[str, Any]

VAPI_REFERENCE = "https://docs.vapi.ai/api-reference/calls/create"


def ref(name: str) -> Schema:
    """Return a reference to one of the components."""
    return {"$ref": f"#/components/schemas/{name}"}


def _text(about: str = "", **more: Any) -> Schema:
    return {"type": "string"} | ({"description": about} if about else {}) | more


def _or_null(schema: Schema) -> Schema:
    return schema | {"nullable": True}


def _words(words: Any, about: str = "") -> Schema:
    return _text(about, enum=[getattr(word, "value", word) for word in words])


def _object(about: str, properties: Schema, *, required: str = "", is_open: bool = False) -> Schema:
    schema: Schema = {"type": "object", "description": about, "properties": properties}
    return schema | ({"required": required.split()} if required else {}) | {"additionalProperties": is_open}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


INSTANT = _text(format="date-time")
UUID = _text(format="uuid")
OVERRIDES = {"type": "object", "nullable": True, "additionalProperties": True}
SCALAR: Schema = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}], "nullable": True}
ROUTING_PROPERTIES: Schema = {
    "campaign": _or_null(_text("A campaign's slug.")),
    "attributes": {
        "type": "object",
        "nullable": True,
        "additionalProperties": SCALAR,
        "maxProperties": 100,
        "description": "What rules may compare, by name.",
    },
}
TARGET_PROPERTIES: Schema = {
    "assistantId": _or_null(_text("Left out or `auto`: the table decides. `route:<campaign>` names the campaign too.")),
    "assistant": _or_null({"type": "object", "additionalProperties": True}),
    "assistantOverrides": OVERRIDES,
    "squadId": _or_null(_text()),
    "squadOverrides": OVERRIDES,
    "routing": ref("Routing"),
}
CUSTOMER = _object(
    "Who is called. Other properties of Vapi's are passed on.",
    {"number": _text("In E.164."), "sipUri": _text(), "externalId": _text(), "assistantOverrides": OVERRIDES},
    is_open=True,
)
CALL_PROPERTIES: Schema = TARGET_PROPERTIES | {
    "customer": ref("Customer"),
    "customers": _list(ref("Customer")),
    "phoneNumberId": _or_null(_text("Our number's id at Vapi; left out: the campaign's, else the default number.")),
    "schedulePlan": {"type": "object", "nullable": True, "additionalProperties": True},
}
TARGET = _object(
    "Who takes the call.", {"key": _text(), "kind": _words(TargetKind), "name": _text()}, required="key kind name"
)
CONDITION = _object(
    "One condition of a rule, with what it saw.",
    {"kind": _text(), "wanted": _text(), "seen": _text(), "holds": {"type": "boolean"}},
    required="kind wanted seen holds",
)
RULE_TRACE = _object(
    "What became of a rule.",
    {
        "key": _text(),
        "position": {"type": "integer"},
        "name": _text(),
        "outcome": _words(RuleOutcome),
        "conditions": _list(ref("Condition")),
    },
    required="key position name outcome conditions",
)
ROUTED_CALL = _object(
    "A call with its decision and what became of it.",
    {
        "id": UUID,
        "vapiCallId": _or_null(_text()),
        "channel": _words(Channel),
        "customerNumber": _or_null(_text()),
        "ourNumber": _or_null(_text()),
        "campaign": _or_null(_text()),
        "target": _object("As it was then.", {name: _or_null(_text()) for name in ("key", "kind", "name")}),
        "reason": _or_null(_words(Reason)),
        "rule": _or_null({"type": "object", "additionalProperties": True}),
        "revision": _or_null({"type": "integer"}),
        "state": _words(CallState.values),
        "endedReason": _or_null(_text()),
        "cost": _or_null({"type": "number"}),
        "stale": {"type": "boolean", "description": "Decided from the last copy while the database was down."},
        "sandbox": {"type": "boolean", "description": "No call was placed."},
        "createdAt": INSTANT,
        "decidedAt": INSTANT,
        "scheduledFor": _or_null(INSTANT),
        "startedAt": _or_null(INSTANT),
        "endedAt": _or_null(INSTANT),
        "rules": _list(ref("RuleTrace")),
    },
    required="id channel target state createdAt decidedAt",
    is_open=True,
)
COMPONENTS: dict[str, Schema] = {
    "Error": _object(
        "Any error, in Vapi's shape. Vapi's own refusals come through with whatever else they hold.",
        {
            "message": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
            "error": _text(),
            "statusCode": {"type": "integer"},
        },
        required="message",
        is_open=True,
    ),
    "Routing": _or_null(_object("Facts for the table; they do not reach Vapi.", ROUTING_PROPERTIES)),
    "ResolveRouting": _or_null(
        _object(
            "Facts for the table.",
            ROUTING_PROPERTIES
            | {
                "channel": _words(Channel, "Left out: outbound."),
                "at": _or_null(_text("When the call takes place; left out: now.", format="date-time")),
            },
        )
    ),
    "Customer": _or_null(CUSTOMER),
    "CreateCall": _object(f"Vapi's `CreateCallDTO`, see {VAPI_REFERENCE}.", CALL_PROPERTIES, is_open=True),
    "CreateWebCall": _object(
        "Vapi's `CreateWebCallDTO`. With a publishable key `assistantOverrides` may hold `variableValues` and "
        "`metadata.routing` alone.",
        TARGET_PROPERTIES | {"roomDeleteOnUserLeaveEnabled": _or_null({"type": "boolean"})},
        is_open=True,
    ),
    "Resolve": _object("A body as for `/call`.", CALL_PROPERTIES | {"routing": ref("ResolveRouting")}, is_open=True),
    "VapiCall": _object("Vapi's own answer: the call.", {"id": _text()}, is_open=True),
    "VapiBatch": _object(
        "Vapi's `CallBatchResponse`.",
        {
            "results": _list(ref("VapiCall")),
            "errors": _list(_object("", {"error": _text()}, is_open=True)),
        },
        required="results errors",
        is_open=True,
    ),
    "Target": TARGET,
    "Condition": CONDITION,
    "RuleTrace": RULE_TRACE,
    "Resolution": _object(
        "Who takes the call, and why.",
        {
            "target": ref("Target"),
            "reason": _words(Reason),
            "rule": _or_null({"type": "object", "additionalProperties": True}),
            "revision": _or_null({"type": "integer"}),
            "vapi": {"type": "object", "additionalProperties": True, "description": "What Vapi would be told."},
            "rules": _list(ref("RuleTrace")),
        },
        required="target reason rule revision vapi",
    ),
    "RoutedCall": ROUTED_CALL,
    "RoutedCalls": _object(
        "One page.",
        {"results": _list(ref("RoutedCall")), "next": _or_null(_text("The next page's address.", format="uri"))},
        required="results next",
    ),
}
