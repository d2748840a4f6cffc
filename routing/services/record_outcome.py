"""Keep what became of a call, as Vapi reports it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.utils import timezone

from routing.recorder import spool
from routing.vapi.messages import Outcome


def record_outcome(outcome: Outcome, *, now: datetime | None = None) -> None:
    """Append the outcome to the spool. The call's own record may still be under way, so it waits for it a minute."""
    spool.append({"kind": "outcome", "recorded_at": now or timezone.now()} | asdict(outcome))
