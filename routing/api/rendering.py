"""The answer of `/resolve`."""

from __future__ import annotations

from typing import Any

from routing.engine.context import Channel
from routing.services.describe_decision import describe_decision
from routing.services.prepare_call import PreparedCall
from routing.vapi.call_body import TARGET_KEYS, TargetTakesNoCall


def render_resolution(prepared: PreparedCall) -> dict[str, Any]:
    """Return the decision; ``vapi`` is what the channel would tell Vapi, the request's own overrides included."""
    described = describe_decision(prepared.decided)
    if prepared.decided.context.channel is Channel.INBOUND:
        return described
    try:
        body = prepared.vapi_body()
    except TargetTakesNoCall:
        return described
    return described | {"vapi": {key: value for key, value in body.items() if key in TARGET_KEYS}}
