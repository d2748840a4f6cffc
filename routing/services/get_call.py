"""Look at a call at Vapi."""

from __future__ import annotations

from typing import Any

from routing.models import Call
from routing.vapi.client import CallPlacer


def get_placed_call(vapi_call_id: str, *, client: CallPlacer) -> dict[str, Any] | None:
    """Return Vapi's own answer; None for a call that was not placed through here. Raises VapiError."""
    if not Call.objects.filter(vapi_call_id=vapi_call_id, api_key__isnull=False).exists():
        return None
    return client.get_call(vapi_call_id)
