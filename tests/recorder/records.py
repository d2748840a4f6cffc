"""Records as the services write them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def call(call_id: UUID | None = None, **columns: Any) -> dict[str, Any]:
    """Return the record of a call."""
    return {
        "kind": "call",
        "id": call_id or uuid4(),
        "channel": "inbound",
        "customer_number": "+12025550100",
        "decided_at": NOW,
    } | columns


def outcome(vapi_call_id: str, state: str = "ended", **columns: Any) -> dict[str, Any]:
    """Return the record of what became of a call."""
    return {"kind": "outcome", "vapi_call_id": vapi_call_id, "state": state, "recorded_at": NOW} | columns
