"""How many calls each rule took, and when it took the last one: from the counts by hour, not from the long log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import OuterRef, Subquery

from routing.models import Call, Rule
from routing.services.call_counts import read_counts, sum_by_key

RECENT = timedelta(days=7)
REMEMBERED = 60  # seconds
CACHE_KEY = "rule-hits"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hits:
    """Calls of a span of time; ``by_reason`` counts those that no rule took."""

    since: datetime
    by_rule: Mapping[str, int]
    by_reason: Mapping[str, int]


def count_hits(since: datetime, until: datetime) -> Mapping[str, int]:
    """Return the calls that each rule took, by its key; rules that took none are not named."""
    return read_hits(since, until).by_rule


def read_hits(since: datetime, until: datetime) -> Hits:
    """Count the calls of a span, also of rules that are no longer there."""
    counts = read_counts(("rule", "no-rule"), since, until)
    return Hits(since=since, by_rule=sum_by_key(counts, "rule"), by_reason=sum_by_key(counts, "no-rule"))


def recent_hits(now: datetime) -> Hits:
    """Return the hits of the last seven days, as they were up to a minute ago."""
    known: Hits | None = cache.get(CACHE_KEY)
    if known is None:
        known = read_hits(now - RECENT, now)
        cache.set(CACHE_KEY, known, REMEMBERED)
    return known


def last_hits(keys: Collection[str]) -> Mapping[str, datetime]:
    """Return when each of these rules took its last recorded call; rules that never took one are not named.

    The database seeks once in an index for each of the keys: ask for those on one page.
    """
    newest = Call.objects.filter(rule_key=OuterRef("key")).order_by("-decided_at", "-id").values("decided_at")[:1]
    rules = Rule.objects.filter(key__in=keys).order_by().annotate(last=Subquery(newest))
    return {key: last for key, last in rules.values_list("key", "last") if last is not None}
