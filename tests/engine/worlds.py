"""Small tables as documents, for tests that change one thing in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from routing.engine.compile import compile_table
from routing.engine.document import read_document
from routing.engine.errors import TableError, TableErrors
from routing.engine.ruleset import RuleSet
from tests.engine.cases import LAST_RESORT

GOOD: Mapping[str, Any] = {
    "version": 1,
    "default": "reception",
    "default_number": "+12025550111",
    "blocked": "no",
    "overrides": {"variableValues": {"brand": "Acme"}},
    "targets": [
        {"key": "reception", "name": "Reception", "kind": "assistant", "vapi_id": "a1", "version": "v3"},
        {"key": "crew", "name": "Crew", "kind": "squad", "vapi_id": "s1", "overrides": {"variableValues": {"x": "y"}}},
        {"key": "desk", "name": "Desk", "kind": "transfer", "number": "+12025550199", "extension": "12"},
        {"key": "no", "name": "No", "kind": "reject", "message": "No.", "enabled": True},
    ],
    "schedules": [
        {
            "key": "office",
            "name": "Office",
            "opening_hours": "Mo-Fr 09:00-17:00; PH off",
            "timezone": "America/New_York",
            "country": "US",
            "exceptions": [
                {"from": "2026-12-24", "hours": "09:00-12:00"},
                {"from": "2026-12-28", "to": "2026-12-29", "closed": True},
            ],
        }
    ],
    "numbers": [
        {"vapi_id": "n1", "name": "Main", "number": "+12025550111"},
        {"vapi_id": "n2", "name": "SIP", "sip_uri": "sip:a@example.com"},
    ],
    "campaigns": [
        {
            "slug": "spring",
            "name": "Spring",
            "numbers": ["+12025550111"],
            "caller_id": "+12025550111",
            "starts_on": "2026-03-01",
            "ends_on": "2026-06-30",
            "timezone": "America/New_York",
            "vapi_campaign_ids": ["v1"],
        }
    ],
    "lists": [
        {
            "key": "vip",
            "name": "VIP",
            "purpose": "segment",
            "entries": [
                {
                    "number": "+12025550100",
                    "label": "Ada",
                    "variables": {"name": "Ada"},
                    "expires_at": "2027-01-01T00:00:00Z",
                },
                {"number": "611"},
            ],
        },
        {"key": "stop", "name": "Stop", "purpose": "do_not_call"},
    ],
    "rules": [
        {
            "key": "first",
            "name": "First",
            "when": {
                "channels": ["inbound"],
                "customer": ["US", "+1415*", "withheld", "+12025550100"],
                "lists": {"any_of": ["vip"], "none_of": ["stop"]},
                "numbers": ["+12025550111", "sip:a@example.com"],
                "campaigns": ["spring"],
                "schedule": {"key": "office", "is": "closed"},
                "from": "2026-01-01",
                "until": "2026-12-31",
                "timezone": "America/New_York",
                "attributes": [
                    {"key": "plan", "op": "in", "value": ["gold", "iron"]},
                    {"key": "age", "op": "greater", "value": 17, "allow_untrusted": True},
                    {"key": "test", "op": "missing"},
                ],
            },
            "then": [{"target": "crew", "weight": 60}, {"target": "desk", "weight": 40}],
            "overrides": {"firstMessage": "Hi", "stopWords": ["a", {"b": 1}]},
        },
        {"key": "second", "name": "Second", "then": [{"target": "desk"}]},
    ],
}


def document() -> dict[str, Any]:
    """Return a copy of the good document that a test may break."""
    return deepcopy(dict(GOOD))


def put(raw: dict[str, Any], path: str, value: object) -> None:
    """Set the value at a path such as ``rules.0.when.customer``; ``...`` removes it."""
    *parents, last = (int(part) if part.isdigit() else part for part in path.split("."))
    place: Any = raw
    for part in parents:
        place = place[part]
    if value is ...:
        del place[last]
    elif isinstance(place, list) and last == len(place):
        place.append(value)
    else:
        place[last] = value


def as_text(raw: object) -> object:
    """Return the values as a YAML file gives them: every scalar a text, but for null and free-form objects."""
    if isinstance(raw, Mapping):
        return {key: value if key in ("overrides", "variables") else as_text(value) for key, value in raw.items()}
    if isinstance(raw, list):
        return [as_text(item) for item in raw]
    if raw is None or isinstance(raw, str):
        return raw
    return json.dumps(raw)


def compile_document(raw: object) -> RuleSet:
    """Return the document compiled; raises TableErrors."""
    return compile_table(read_document(raw), revision=1, default_region="US", last_resort=LAST_RESORT)


def errors_of(raw: object) -> tuple[TableError, ...]:
    """Return everything that is wrong with a document."""
    try:
        compile_document(raw)
    except TableErrors as errors:
        return errors.errors
    return ()
