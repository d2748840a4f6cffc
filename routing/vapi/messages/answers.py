"""Our answer to ``assistant-request`` in Vapi's words (schema `ServerMessageResponseAssistantRequest`)."""

from __future__ import annotations

from typing import Any

from routing.engine.decision import Decision
from routing.engine.table import Target, TargetKind

SILENT_REJECT = "This call cannot be taken."


class UnusableTarget(ValueError):
    """A target that lacks what Vapi needs to hand a call to it."""


def render_assistant_response(decision: Decision) -> dict[str, Any]:
    """Return exactly one of assistantId, squadId, destination and error, with overrides where there are any.

    An assistant's version is left out: Vapi takes none on this path. Raises UnusableTarget.
    """
    target = decision.target
    match target.kind:
        case TargetKind.ASSISTANT:
            return _name("assistant", decision)
        case TargetKind.SQUAD:
            return _name("squad", decision)
        case TargetKind.TRANSFER:
            return {"destination": _render_destination(target)}
        case TargetKind.REJECT:
            # An empty sentence is no error to Vapi, and then nothing at all takes the call.
            return {"error": target.message.strip() or SILENT_REJECT}


def _name(kind: str, decision: Decision) -> dict[str, Any]:
    if not decision.target.vapi_id:
        raise UnusableTarget(f"target {decision.target.key!r} has no Vapi id")
    overrides = decision.overrides
    return {f"{kind}Id": decision.target.vapi_id} | ({f"{kind}Overrides": overrides} if overrides else {})


def _render_destination(target: Target) -> dict[str, Any]:
    """The message always stands: left out, Vapi would say a sentence of its own; empty, it transfers silently."""
    if target.number:
        place = {"type": "number", "number": target.number}
        extra = {"extension": target.extension, "callerId": target.caller_id}
    elif target.sip_uri:
        place = {"type": "sip", "sipUri": target.sip_uri}
        extra = {"callerId": target.caller_id}  # Vapi dials no extension behind a SIP URI
    else:
        raise UnusableTarget(f"target {target.key!r} has neither a number nor a SIP URI")
    return place | {"message": target.message} | {name: value for name, value in extra.items() if value}
