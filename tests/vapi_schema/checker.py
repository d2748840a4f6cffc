"""Checks bodies against Vapi's published schemas, as strictly as Vapi does.

``openapi.json`` is an excerpt of Vapi's OpenAPI document. It is OpenAPI 3.0, so it is first rewritten into what the
`jsonschema` package understands.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators
from referencing import Registry
from referencing.jsonschema import DRAFT202012

SPEC = Path(__file__).parent / "openapi.json"
# Vapi refuses unknown properties in what it is sent, also inside these.
CLOSED = frozenset(
    """AssistantOverrides CreateCallDTO CreateCustomerDTO CreateWebCallDTO SchedulePlan TransferDestinationNumber
    TransferDestinationSip ServerMessageResponseAssistantRequest ServerMessageResponseCampaignPredial""".split()
)
DISCRIMINATORS = ("type", "provider")
NOT_JSON_SCHEMA = frozenset({"discriminator", "example", "examples", "deprecated", "xml"})

FORMATS = FormatChecker(formats=())


def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


FORMATS.checks("date-time", raises=ValueError)(_is_date_time)


def property_names(schema: str) -> frozenset[str]:
    """Return the names of the properties that a schema knows."""
    return frozenset(_schemas()[schema]["properties"])


def find_errors(schema: str, body: object, *, closed: bool = True) -> list[str]:
    """Return what is wrong with a body, each as ``place: complaint``; ``closed`` refuses unknown properties."""
    found = _validator(schema, closed).iter_errors(body)
    return sorted(f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in found)


@functools.cache
def _schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = json.loads(SPEC.read_text(encoding="utf-8"))["components"]["schemas"]
    return {name: _rewrite(schema) for name, schema in schemas.items()}


@functools.cache
def _validator(schema: str, closed: bool) -> Any:
    schemas = {
        name: {"additionalProperties": False} | body if closed and name in CLOSED else body
        for name, body in _schemas().items()
    }
    document = DRAFT202012.create_resource({"components": {"schemas": schemas}})
    kind = validators.extend(Draft202012Validator, {"oneOf": functools.partial(_check_union, schemas)})
    return kind(
        {"$ref": f"urn:vapi#/components/schemas/{schema}"},
        registry=Registry().with_resource("urn:vapi", document),
        format_checker=FORMATS,
    )


def _rewrite(node: Any) -> Any:
    if isinstance(node, list):
        return [_rewrite(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {key: _rewrite(value) for key, value in node.items() if key not in NOT_JSON_SCHEMA}
    if isinstance(schema.get("pattern"), str):
        _rewrite_pattern(schema)
    if isinstance(schema.get("enum"), list) and all(isinstance(word, str) for word in schema["enum"]):
        schema["type"] = "string"  # some enums of words claim to be objects
    return _allow_null(schema) if schema.pop("nullable", False) is True else schema


def _rewrite_pattern(schema: dict[str, Any]) -> None:
    """Patterns are written as JavaScript literals; Python knows no ``\\p{…}``, so those are left out."""
    literal = re.fullmatch(r"/(.*)/[a-z]*", schema["pattern"])
    pattern = literal[1] if literal else schema["pattern"]
    if r"\p{" in pattern:
        del schema["pattern"]
    else:
        schema["pattern"] = pattern


def _allow_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _check_union(
    schemas: dict[str, Any], validator: Any, branches: list[Any], instance: Any, schema: Any
) -> Iterator[ValidationError]:
    """Vapi's unions overlap, so one branch at least must fit; a discriminator names the branch that is meant."""
    meant = [branch for branch in branches if _is_meant(schemas, branch, instance)]
    if len(meant) == 1:
        yield from validator.descend(instance, meant[0])
        return
    complaints = [list(validator.descend(instance, branch)) for branch in branches]
    if all(complaints):
        nearest = min(complaints, key=len)
        yield ValidationError("fits no branch; nearest: " + "; ".join(error.message[:120] for error in nearest[:3]))


def _is_meant(schemas: dict[str, Any], branch: Any, instance: Any) -> bool:
    if not isinstance(instance, dict):
        return False
    while "$ref" in branch:
        branch = schemas[branch["$ref"].rsplit("/", 1)[-1]]
    properties = branch.get("properties", {})
    return any(
        instance.get(key) in properties.get(key, {}).get("enum", ()) for key in DISCRIMINATORS if key in instance
    )
