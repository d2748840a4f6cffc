"""Counts server messages in memory; the thread that drains the spool adds the counts to the database now and then.

A stranger who floods the webhook costs a dictionary entry, never a query.
"""

import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Case, F, Value, When
from django.db.models.functions import Greatest

from routing.models import WebhookCount

HOUR_SECONDS = 3600
MOST_KEYS = 1000  # hours and outcomes that wait for a database which is out of reach: about a week of them
LONGEST_DETAIL = 255

Key = tuple[int, str]  # the hour, counted from 1970, and the outcome


@dataclass(slots=True)
class Tally:
    """How many messages, and about the last one of them."""

    count: int
    last_at: datetime
    detail: str

    def add(self, other: "Tally") -> None:
        """Add what was counted elsewhere."""
        self.count += other.count
        if other.last_at >= self.last_at:
            self.last_at, self.detail = other.last_at, other.detail


class WebhookCounter:
    """The counts of this process that are not in the database yet; every thread may add to them."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a forked child does: its parent stores its own counts."""
        self._lock = threading.Lock()
        self._tallies: dict[Key, Tally] = {}

    def count(self, outcome: str, now: datetime, detail: str = "") -> None:
        """Count one message. ``detail`` says something about it and must hold no secret."""
        key = int(now.timestamp()) // HOUR_SECONDS, outcome
        with self._lock:
            tally = self._tallies.get(key)
            if tally is None:
                self._add(key, Tally(1, now, detail))
            else:
                tally.count += 1
                tally.last_at, tally.detail = now, detail

    def store(self) -> None:
        """Add the counts to the database; raises DatabaseError, and then they are kept."""
        with self._lock:
            waiting, self._tallies = self._tallies, {}
        try:
            for key in sorted(waiting):
                _add_to_row(key, waiting[key])
                del waiting[key]
        finally:
            with self._lock:
                for key, tally in waiting.items():
                    self._add(key, tally)

    def _add(self, key: Key, tally: Tally) -> None:
        if key in self._tallies:
            self._tallies[key].add(tally)
            return
        self._tallies[key] = tally
        if len(self._tallies) > MOST_KEYS:
            del self._tallies[min(self._tallies)]  # the oldest hour


def _add_to_row(key: Key, tally: Tally) -> None:
    """Add to the row of the hour and outcome, which other processes add to as well."""
    hour, outcome = datetime.fromtimestamp(key[0] * HOUR_SECONDS, tz=UTC), key[1]
    detail = _fit(tally.detail)
    row = WebhookCount.objects.filter(hour=hour, outcome=outcome)
    is_newer = When(last_at__lte=tally.last_at, then=Value(detail))
    changes = {
        "count": F("count") + tally.count,
        "detail": Case(is_newer, default=F("detail")),
        "last_at": Greatest(F("last_at"), Value(tally.last_at)),
    }
    if not row.update(**changes):
        empty = WebhookCount(hour=hour, outcome=outcome, count=0, last_at=tally.last_at, detail=detail)
        WebhookCount.objects.bulk_create([empty], ignore_conflicts=True)  # another process may be quicker
        row.update(**changes)


def _fit(detail: str) -> str:
    """Cut a text to what the column holds; PostgreSQL stores neither NUL nor halves of surrogate pairs."""
    return detail.replace("\0", "").encode("utf-8", "replace").decode()[:LONGEST_DETAIL]


counter = WebhookCounter()
os.register_at_fork(after_in_child=counter.forget)
