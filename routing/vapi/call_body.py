"""The body of a call that we place: the request's own, with the target filled in (schemas `Create…CallDTO`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from routing.engine.decision import Decision, Reason
from routing.engine.table import TargetKind

ROUTING_KEY = "routing"
OUR_KEYS = frozenset({ROUTING_KEY, "message"})
TARGET_KEYS = frozenset(
    f"{kind}{part}" for kind in ("assistant", "squad", "workflow") for part in ("", "Id", "Overrides")
) | {"assistantVersion"}
OVERRIDES_KEYS = ("assistantOverrides", "squadOverrides", "workflowOverrides")


class TargetTakesNoCall(ValueError):
    """A target that a call cannot be placed with: a transfer, a reject sentence, or one without a Vapi id."""


def fill_call_body(body: Mapping[str, Any], decision: Decision, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Vapi gets: the body without our own fields, and the decided target instead of any other.

    ``overrides`` are already merged with the request's. A target that the request named itself (reason EXPLICIT) stays
    as it was written. Raises TargetTakesNoCall.
    """
    kept = strip_routing(body)
    if decision.reason is Reason.EXPLICIT:
        return kept
    return {key: value for key, value in kept.items() if key not in TARGET_KEYS} | _name_target(decision, overrides)


def strip_routing(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body without the facts that are meant for us: Vapi refuses properties that it does not know."""
    kept = {key: value for key, value in body.items() if key not in OUR_KEYS}
    for key in OVERRIDES_KEYS:
        if isinstance(kept.get(key), Mapping):
            kept[key] = _strip_metadata(kept[key])
    return kept


def _strip_metadata(overrides: Mapping[str, Any]) -> dict[str, Any]:
    metadata = overrides.get("metadata")
    if not isinstance(metadata, Mapping) or ROUTING_KEY not in metadata:
        return dict(overrides)
    rest = {key: value for key, value in metadata.items() if key != ROUTING_KEY}
    others = {key: value for key, value in overrides.items() if key != "metadata"}
    return others | ({"metadata": rest} if rest else {})


def _name_target(decision: Decision, overrides: Mapping[str, Any]) -> dict[str, Any]:
    target = decision.target
    if target.kind not in {TargetKind.ASSISTANT, TargetKind.SQUAD} or not target.vapi_id:
        raise TargetTakesNoCall(f"{target.name} ({target.kind.value}) cannot take a call that we place")
    named: dict[str, Any] = {f"{target.kind.value}Id": target.vapi_id}
    if stripped := _strip_metadata(overrides):
        named[f"{target.kind.value}Overrides"] = stripped
    if target.kind is TargetKind.ASSISTANT and target.version:
        named["assistantVersion"] = target.version
    return named
