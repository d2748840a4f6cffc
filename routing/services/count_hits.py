"""How many calls each rule took, and when it took the last one.

The call log may hold ten million rows. Rules are counted in an index alone, of at most `LIMIT` newest calls; calls that
no rule took must be read, so they are only counted by reason while there are few of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count, OuterRef, QuerySet, Subquery

from routing.models import Call, Rule

LIMIT = 1_000_000  # newest calls that are counted; less than a second on a small machine
READ = 20_000  # calls without a rule that are read for their reason
KEYS = 500  # of rules in one query
RECENT = timedelta(days=7)
REMEMBERED = 60  # seconds
CACHE_KEY = "rule-hits"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hits:
    """Calls of a span of time. ``since`` is later than what was asked for where there were too many (``is_cut``).

    ``by_reason`` counts calls that no rule took; it is empty where there were too many of them.
    """

    since: datetime
    is_cut: bool
    by_rule: Mapping[str, int]
    by_reason: Mapping[str, int]


def count_hits(since: datetime, until: datetime) -> Mapping[str, int]:
    """Return the calls that each rule of the draft took, by its key; rules that took none are not named."""
    return read_hits(since, until).by_rule


def read_hits(since: datetime, until: datetime, *, limit: int = LIMIT) -> Hits:
    """Count the newest calls, at most `limit`, of the draft's rules."""
    calls = Call.objects.filter(decided_at__gte=since, decided_at__lt=until)
    first_left_out = _newest(calls).values_list("decided_at", flat=True)[limit : limit + 1].first()
    if first_left_out is not None:
        calls = calls.filter(decided_at__gt=first_left_out)
    return Hits(
        since=first_left_out or since,
        is_cut=first_left_out is not None,
        by_rule=_count_rules(calls),
        by_reason=_count_reasons(calls.filter(rule_key="")),
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


def _count_rules(calls: QuerySet[Call]) -> dict[str, int]:
    keys = list(Rule.objects.order_by().values_list("key", flat=True))
    found: dict[str, int] = {}
    for start in range(0, len(keys), KEYS):  # named keys: databases then need no more than the index by rule
        named = calls.filter(rule_key__in=keys[start : start + KEYS])
        found.update(named.order_by().values_list("rule_key").annotate(calls=Count("*")))
    return found


def _count_reasons(calls: QuerySet[Call]) -> dict[str, int]:
    if _newest(calls)[READ : READ + 1].exists():
        return {}
    return dict(calls.order_by().values_list("reason").annotate(calls=Count("*")))


def _newest(calls: QuerySet[Call]) -> QuerySet[Call]:
    return calls.order_by("-decided_at", "-id")
