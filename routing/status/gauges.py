"""The state of this process, written down every second beside its counts."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from routing.snapshot import store
from routing.snapshot.store import Standing
from routing.telemetry import reporter
from routing.telemetry.report import Key

# A look at the database comes twice a second, and gives up after two seconds.
DATABASE_PATIENCE_SECONDS = 5.0
STATM = Path("/proc/self/statm")

REVISION = "switchboard_revision"
STALE = "switchboard_stale"
DATABASE_UP = "switchboard_database_up"
MEMORY = "switchboard_resident_memory_bytes"
EMERGENCY_INBOUND = "switchboard_emergency_inbound"
OUTBOUND_PAUSED = "switchboard_outbound_paused"


def describe_process() -> dict[Key, float]:
    """Return what this process decides calls with; it waits for nothing."""
    standing = store.standing()
    gauges: dict[Key, float] = {(MEMORY,): _resident_bytes()}
    if standing.trouble or standing.read_at is not None:  # else nobody has looked yet
        gauges[DATABASE_UP,] = float(is_database_up(standing))
    if (snapshot := standing.snapshot) is not None:
        now = timezone.now()
        switches = [switch for switch in snapshot.live.switches if now < switch.until]
        gauges |= {
            (REVISION,): float(snapshot.revision or 0),
            (STALE,): float(snapshot.stale),
            (EMERGENCY_INBOUND,): float(any(switch.target is not None for switch in switches)),
            (OUTBOUND_PAUSED,): float(any(switch.pauses_outbound for switch in switches)),
        }
    return gauges


def is_database_up(standing: Standing) -> bool:
    """Tell whether the database could be read a moment ago; one that hangs raises nothing."""
    if standing.trouble or standing.read_at is None:
        return False
    patience = DATABASE_PATIENCE_SECONDS + 2 * settings.ROUTING_POLL_SECONDS
    return time.monotonic() - standing.read_at < patience


def _resident_bytes() -> float:
    try:
        return float(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0.0  # not Linux


reporter.watch(describe_process)
