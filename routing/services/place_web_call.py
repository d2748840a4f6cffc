"""Open a room for a call from a web page."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from routing.models import ApiKey
from routing.services.place_call import Placing, identify, place
from routing.services.prepare_call import CallRequest, prepare_call
from routing.telemetry.call_id import handling_call
from routing.vapi.client import CallPlacer


def place_web_call(request: CallRequest, *, api_key: ApiKey, client: CallPlacer, now: datetime) -> dict[str, Any]:
    """Start a web call and return Vapi's own answer; raises what ``place_call`` does.

    It carries no marker: Vapi takes no name here, and an abandoned room disturbs nobody.
    """
    placing = Placing(call_id=uuid4(), api_key=api_key, now=now, sandbox=client.sandbox)
    with handling_call(str(placing.call_id)):
        return place(prepare_call(identify(request, placing.call_id)), placing, client.create_web_call)
