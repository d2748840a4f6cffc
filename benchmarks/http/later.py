"""Answering and moving the records into the database are measured apart, though one process does both."""

from datetime import datetime
from pathlib import Path

from django.conf import settings

from routing.recorder import background
from routing.recorder.drain import WAIT_SECONDS, drain

HOLD = "hold"  # a file in the data directory


def drain_when_let() -> None:
    """Leave the records in the spool for as long as there is a file HOLD."""
    hold = Path(settings.ROUTING_DATA_DIR) / HOLD

    def drain_unless_held(now: datetime | None = None, *, waited_seconds: float = WAIT_SECONDS) -> int:
        return 0 if hold.exists() else drain(now, waited_seconds=waited_seconds)

    background.drain = drain_unless_held  # type: ignore[attr-defined]
