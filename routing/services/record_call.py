"""Keep a decision: on the local disk at once, in the call log seconds later."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from routing.engine.context import Channel
from routing.models import CallState
from routing.recorder import spool
from routing.services.decide import DecidedCall
from routing.snapshot.livefile import write_facts
from routing.telemetry.counting import count
from routing.telemetry.families import DECISIONS


def record_call(
    decided: DecidedCall,
    *,
    call_id: UUID,
    vapi_call_id: str | None = None,
    state: str = CallState.DECIDED.value,
    sandbox: bool = False,
    api_key_id: int | None = None,
    error: str = "",
    now: datetime | None = None,
    answer_ms: float | None = None,
) -> None:
    """Append the call's row to the spool; the first record of a ``call_id`` stands, later ones change nothing.

    Without ``vapi_call_id`` an inbound call has the id that it came with. ``now`` is when it was decided, which may be
    long before the instant that it was decided for. ``answer_ms`` is how long
    Vapi waited for our answer, where somebody measured it.
    """
    columns = call_columns(decided)
    columns |= {
        "kind": "call",
        "id": call_id,
        "vapi_call_id": vapi_call_id or _own_id(decided),
        "state": state,
        "sandbox": sandbox,
        "api_key_id": api_key_id,
        "error": error,
        "decided_at": now or timezone.now(),
        "answer_ms": None if answer_ms is None else round(answer_ms, 3),
    }
    count_decision(decided)
    spool.append(columns)


def count_decision(decided: DecidedCall) -> None:
    """Count a decision that a call hangs on; those of the simulator and of ``/resolve`` are none."""
    decision = decided.decision
    count(DECISIONS, str(decided.context.channel), str(decision.reason), "true" if decision.stale else "false")


def call_columns(decided: DecidedCall) -> dict[str, Any]:
    """Return the columns of a ``Call`` that tell what was known and what was decided, as JSON values."""
    context, situation, decision = decided.context, decided.situation, decided.decision
    rule = decision.rule
    return {
        "channel": str(context.channel),
        "customer_number": situation.customer.identity,
        "our_number": situation.our_number or "",
        "campaign": context.campaign or min(situation.campaigns, default=""),
        "external_id": context.external_id or "",
        "context": context.as_dict(),
        "facts": write_facts(decided.facts),
        "target_key": decision.target.key,
        "target_kind": str(decision.target.kind),
        "target_name": decision.target.name,
        "reason": str(decision.reason),
        "rule_key": rule.key if rule else "",
        "rule_name": rule.name if rule else "",
        "rule_position": rule.position if rule else None,
        "revision": decision.revision,
        "stale": decision.stale,
    }


def _own_id(decided: DecidedCall) -> str | None:
    return decided.context.call_id if decided.context.channel is Channel.INBOUND else None
