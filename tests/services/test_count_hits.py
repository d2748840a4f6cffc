"""How many calls the rules took, without reading a long log."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from routing.models import Call, CallCount, Rule
from routing.services.count_hits import count_hits, last_hits, read_hits, recent_hits

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.clear()


def record(rule: str, *, minutes: float, reason: str = "TARGETING_MATCH") -> None:
    Call.objects.create(channel="inbound", rule_key=rule, reason=reason, decided_at=NOW - timedelta(minutes=minutes))


@pytest.fixture(autouse=True)
def _rules(db: None) -> None:
    for key in ("vip", "mexico", "old"):
        Rule.objects.create(key=key, name=key)


def test_hits_are_counted_by_rule_in_the_span() -> None:
    record("gone", minutes=1)  # no rule of the draft any more: no line of the rules list asks for it
    for rule, minutes in [("vip", 0), ("vip", 1), ("vip", 60), ("mexico", 30), ("old", 61)]:
        record(rule, minutes=minutes)
    record("", minutes=5, reason="DEFAULT")

    hits = count_hits(NOW - timedelta(hours=1), NOW)

    assert hits == {"vip": 2, "mexico": 1, "gone": 1}  # the call of this very instant is not over yet


def test_calls_without_a_rule_are_counted_by_reason() -> None:
    for reason, rule in [("DEFAULT", ""), ("DEFAULT", ""), ("BLOCKED", ""), ("SPLIT", "vip")]:
        record(rule, minutes=5, reason=reason)

    hits = read_hits(NOW - timedelta(hours=1), NOW)

    assert hits.by_reason == {"DEFAULT": 2, "BLOCKED": 1}
    assert hits.by_rule == {"vip": 1}
    assert hits.since == NOW - timedelta(hours=1)


def test_a_week_of_hits_is_read_from_counts_and_not_from_the_log() -> None:
    """Sabotage seen to fail: let `read_counts` always ask the log."""
    record("vip", minutes=60 * 24 * 3)
    CallCount.objects.filter(dimension="rule").update(calls=41)  # something that the log does not say

    hits = read_hits(NOW - timedelta(days=7), NOW)

    assert hits.by_rule == {"vip": 41}


def test_hits_of_seven_days_are_remembered_for_a_minute() -> None:
    record("vip", minutes=1)
    record("vip", minutes=60 * 24 * 8)

    first = recent_hits(NOW)
    record("vip", minutes=2)

    assert first.by_rule == {"vip": 1}
    assert recent_hits(NOW + timedelta(seconds=30)) == first
    cache.clear()
    assert recent_hits(NOW).by_rule == {"vip": 2}


def test_the_last_hit_of_a_rule_is_found_however_long_ago() -> None:
    record("vip", minutes=60 * 24 * 400)
    record("vip", minutes=60 * 24 * 300)
    record("old", minutes=1)

    assert last_hits(["vip", "mexico"]) == {"vip": NOW - timedelta(days=300)}
