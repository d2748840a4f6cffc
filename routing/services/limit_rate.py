"""Limit how often a publishable key is used: anybody who opens its page can read it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F

from routing.models import ApiKey, RequestRate

MINUTE = timedelta(minutes=1)


def count_request(key: ApiKey, *, now: datetime) -> timedelta | None:
    """Count a request in the current minute; return None if it may pass, else how long to wait for the next minute.

    Each step is one statement that checks what it changes, so processes and machines that ask at the same instant never
    let more through together than the key allows.
    """
    minute = now.replace(second=0, microsecond=0)
    # The second look is the last: whatever another process did in between, it left a row of this minute.
    if _count(key, minute) or _begin(key, minute) or _count(key, minute):
        return None
    return minute + MINUTE - now


def _count(key: ApiKey, minute: datetime) -> bool:
    """A row of a later minute counts too: it was written by a machine whose clock is ahead."""
    rows = RequestRate.objects.filter(api_key=key, minute__gte=minute, count__lt=key.requests_per_minute)
    return rows.update(count=F("count") + 1) == 1


def _begin(key: ApiKey, minute: datetime) -> bool:
    """Begin the minute with this request; False if another process was first."""
    if RequestRate.objects.filter(api_key=key, minute__lt=minute).update(minute=minute, count=1) == 1:
        return True
    RequestRate.objects.bulk_create([RequestRate(api_key=key, minute=minute)], ignore_conflicts=True)
    return False
