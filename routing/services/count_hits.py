"""How many calls each rule took, and when it took the last one.

The call log may hold ten million rows. Nothing here reads more than `LIMIT` of them: counting walks the index of the
newest calls and stops there, and says since when it counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count, OuterRef, Subquery

from routing.models import Call, Rule

LIMIT = 300_000  # calls; about half a second on a small machine
RECENT = timedelta(days=7)
REMEMBERED = 60  # seconds
CACHE_KEY = "rule-hits"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hits:
    """Calls of a span of time. ``since`` is later than what was asked for where there were too many (``is_cut``)."""

    since: datetime
    is_cut: bool
    by_rule: Mapping[str, int]
    by_reason: Mapping[str, int]


def count_hits(since: datetime, until: datetime) -> Mapping[str, int]:
    """Return the calls that each rule took, by its key; rules that took none are not named."""
    return read_hits(since, until).by_rule


def read_hits(since: datetime, until: datetime, *, limit: int = LIMIT) -> Hits:
    """Count the newest calls, at most `limit`, by rule and by reason."""
    calls = Call.objects.filter(decided_at__gte=since, decided_at__lt=until)
    newest = calls.order_by("-decided_at", "-id").values_list("decided_at", flat=True)
    first_left_out = newest[limit : limit + 1].first()
    if first_left_out is not None:
        calls = calls.filter(decided_at__gt=first_left_out)
    by_rule: Counter[str] = Counter()
    by_reason: Counter[str] = Counter()
    for rule, reason, count in calls.order_by().values_list("rule_key", "reason").annotate(calls=Count("*")):
        by_reason[reason] += count
        if rule:
            by_rule[rule] += count
    return Hits(
        since=first_left_out or since,
        is_cut=first_left_out is not None,
        by_rule=dict(by_rule),
        by_reason=dict(by_reason),
    )


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
