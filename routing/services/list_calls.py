"""Find routed calls, newest first, a page at a time."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from routing.engine.numbers import read_number
from routing.models import Call


@dataclass(frozen=True, kw_only=True, slots=True)
class CallFilter:
    """Which calls are wanted; None means any. ``since`` is included, ``before`` is not."""

    channel: str | None = None
    target: str | None = None
    rule: str | None = None
    reason: str | None = None
    campaign: str | None = None
    state: str | None = None
    customer: str | None = None
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a page ended: its last call."""

    decided_at: datetime
    id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class CallPage:
    """One page, and where the next one begins; None at the end."""

    calls: tuple[Call, ...]
    last: Place | None


COLUMNS = {
    "channel": "channel",
    "target": "target_key",
    "rule": "rule_key",
    "reason": "reason",
    "campaign": "campaign",
    "state": "state",
    "since": "decided_at__gte",
    "before": "decided_at__lt",
}


def list_calls(wanted: CallFilter, *, limit: int, after: Place | None = None) -> CallPage:
    """Return up to ``limit`` calls that come after a place in the list."""
    # One more than asked for tells whether there is a next page, without counting a big table.
    found = list(calls_after(_filtered(wanted), after).order_by("-decided_at", "-id")[: limit + 1])
    calls = tuple(found[:limit])
    more = len(found) > limit
    return CallPage(calls=calls, last=Place(decided_at=calls[-1].decided_at, id=calls[-1].pk) if more else None)


def find_call(known_as: str) -> Call | None:
    """Return the call with this id, ours or Vapi's."""
    named = Q(vapi_call_id=known_as)
    with contextlib.suppress(ValueError):
        named |= Q(pk=UUID(known_as))
    return Call.objects.filter(named).first()


def _filtered(wanted: CallFilter) -> QuerySet[Call]:
    values = {column: getattr(wanted, name) for name, column in COLUMNS.items()}
    calls = Call.objects.filter(**{column: value for column, value in values.items() if value is not None})
    if wanted.customer is not None:
        identity = read_number(wanted.customer, settings.ROUTING_DEFAULT_REGION).identity
        calls = calls.filter(customer_number__in={wanted.customer, identity} - {""})
    return calls


def calls_after(calls: QuerySet[Call], place: Place | None) -> QuerySet[Call]:
    """Return the older calls; all without a place."""
    if place is None:
        return calls
    # The first condition alone would be enough for an index; the second breaks ties.
    return calls.filter(decided_at__lte=place.decided_at).exclude(decided_at=place.decided_at, id__gte=place.id)


def calls_before(calls: QuerySet[Call], place: Place) -> QuerySet[Call]:
    """Return the newer calls, the nearest one first."""
    newer = calls.filter(decided_at__gte=place.decided_at).exclude(decided_at=place.decided_at, id__lte=place.id)
    return newer.order_by("decided_at", "id")
