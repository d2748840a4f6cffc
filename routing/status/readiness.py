"""Whether this process can answer calls as it should, and if not, why not. It never waits for the database."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from routing.snapshot import store
from routing.snapshot.store import Snapshot, Standing
from routing.status.disk import Disk, look_at_disk
from routing.status.gauges import is_database_up

FIRST_LOOK_SECONDS = 2.5  # a new process is still reading the table
PAUSE_SECONDS = 0.005

NOT_READ = "The routing table has not been read yet."
NO_TABLE = "The database is out of reach and there is no local copy of the routing table: callers hear the last resort."
NO_DISK = "The data directory cannot be written ({fault}): calls are answered, but not recorded."


@dataclass(frozen=True, kw_only=True, slots=True)
class Readiness:
    """What a process knows about itself; ready is one without problems."""

    problems: tuple[str, ...]
    snapshot: Snapshot | None
    database: str
    disk: Disk

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        snapshot, spool = self.snapshot, self.disk.spool
        return {
            "ready": not self.problems,
            "problems": list(self.problems),
            "revision": snapshot.revision if snapshot else None,
            "stale": snapshot.stale if snapshot else False,
            "database": self.database,
            "sandbox": not settings.VAPI_API_KEY,
            "spool": {"records": spool.records, "oldest_seconds": round(spool.oldest_seconds, 1)},
        }


def judge_readiness() -> Readiness:
    """Return how this process stands. Only the first question to a process waits, at most 2.5 seconds."""
    standing, disk = _wait_for_table(), look_at_disk()
    snapshot, up = standing.snapshot, is_database_up(standing)
    problems = []
    if snapshot is None:
        problems.append(NOT_READ)
    elif snapshot.revision is None and not up:
        problems.append(NO_TABLE)
    if disk.fault:
        problems.append(NO_DISK.format(fault=disk.fault))
    return Readiness(
        problems=tuple(problems),
        snapshot=snapshot,
        database="ok" if up else "down" if standing.trouble else "unknown",
        disk=disk,
    )


def _wait_for_table() -> Standing:
    if settings.ROUTING_POLL_SECONDS == 0:
        store.current()  # no thread looks
    end = time.monotonic() + FIRST_LOOK_SECONDS
    while (standing := store.standing()).snapshot is None and time.monotonic() < end:
        time.sleep(PAUSE_SECONDS)
    return standing
