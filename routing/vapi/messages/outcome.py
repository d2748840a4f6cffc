"""``status-update`` and ``end-of-call-report``: what became of a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from routing.engine.context import attribute_text
from routing.vapi.marker import is_marker
from routing.vapi.messages.envelope import Message, look, look_text, read_id

# Vapi's words for a call's status; the others (queued, ringing …) tell nothing that the call's row does not say.
STATES = {"in-progress": "in-progress", "forwarding": "in-progress", "ended": "ended"}
COST_STEP = Decimal("0.000001")
COST_LIMIT = 1_000_000
MILLISECONDS_FROM = 100_000_000_000  # as seconds this would be the year 5138


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a message says became of a call; None where it says nothing. ``cost`` is in US dollars.

    ``marker`` is the name that we gave the call, ``customer`` the number that it goes to: by them a call is found whose
    id we never learned.
    """

    vapi_call_id: str
    state: str
    ended_reason: str | None = None
    cost: Decimal | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    marker: str | None = None
    customer: str | None = None


def read_outcome(message: Message) -> Outcome | None:
    """Return the outcome, or None when there is no call id or the status is none that we keep.

    Whatever is said of a call that bears our marker tells that it was placed.
    """
    call_id = read_id(look(message, "call.id"))
    marker = _read_marker(message)
    state = _read_state(message) or ("placed" if marker else None)
    if call_id is None or state is None:
        return None
    return Outcome(
        vapi_call_id=call_id,
        state=state,
        ended_reason=look_text(message, "endedReason", "call.endedReason"),
        cost=_read_cost(message),
        started_at=_read_instant(message, "startedAt", "call.startedAt"),
        ended_at=_read_instant(message, "endedAt", "call.endedAt"),
        marker=marker,
        customer=look_text(message, "call.customer.number", "customer.number") if marker else None,
    )


def _read_marker(message: Message) -> str | None:
    name = look_text(message, "call.name")
    return name if is_marker(name) else None


def _read_state(message: Message) -> str | None:
    if look(message, "type") == "end-of-call-report":
        return "ended"
    # message.status only: call.status keeps the value that it had when the call began
    return STATES.get(look_text(message, "status") or "")


def _read_cost(message: Message) -> Decimal | None:
    text = look_text(message, "cost", "call.cost")
    try:
        cost = Decimal(text or "")
    except InvalidOperation:
        return None
    if not cost.is_finite() or not 0 <= cost < COST_LIMIT:
        return None
    return cost.quantize(COST_STEP)


def _read_instant(message: Message, *paths: str) -> datetime | None:
    for path in paths:
        text = attribute_text(look(message, path))
        if text and (instant := _to_instant(text)):
            return instant
    return None


def _to_instant(text: str) -> datetime | None:
    """Read an ISO 8601 text, or the epoch in seconds or milliseconds."""
    try:
        if text.isascii() and text.isdecimal():
            number = int(text)
            return datetime.fromtimestamp(number / 1000 if number >= MILLISECONDS_FROM else number, UTC)
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
