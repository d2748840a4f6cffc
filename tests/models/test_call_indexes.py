"""PostgreSQL answers from an index what the pages ask of a long call log.

CALL_LOG_ROWS=1000000 makes it longer; `make bench PART=call_log` does so.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q, QuerySet

from routing.models import Call

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite is for short logs"),
]

SIZE = int(os.environ.get("CALL_LOG_ROWS", 50_000))
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
# Skewed as a real log is: some values stand in nearly every call, some in one of thousands.
FILL = """
    INSERT INTO routing_call (id, vapi_call_id, channel, state, customer_number, our_number, campaign, external_id,
        context, facts, target_key, target_kind, target_name, reason, rule_key, rule_name, stale, sandbox, vapi_name,
        decided_at, created_at, ended_reason, error)
    SELECT gen_random_uuid(), 'call-' || n, CASE n %% 5000 WHEN 0 THEN 'web' ELSE 'inbound' END,
        CASE n %% 5000 WHEN 0 THEN 'failed' ELSE 'ended' END, '+1415' || 2000000 + n %% 30000,
        '+1202555' || lpad((n %% 900)::text, 4, '0'), CASE n %% 3000 WHEN 0 THEN 'spring' ELSE '' END, '',
        '{}', '{}', 'target-' || n %% 900, 'assistant', 'Target',
        CASE n %% 5000 WHEN 0 THEN 'ERROR' ELSE 'TARGETING_MATCH' END, 'rule-' || n %% 900, 'Rule', false,
        n %% 5000 = 0, '', %s::timestamptz - n * interval '3 seconds', %s::timestamptz, '', ''
    FROM generate_series(1, %s) AS n
"""
FILTERS = {
    "newest": (Q(), "call_newest"),
    "a day": (Q(decided_at__gte=NOW - timedelta(days=1), decided_at__lt=NOW), "call_newest"),
    "customer": (Q(customer_number__in=["+14152000007", "4152000007"]), "call_customer_number"),
    "target": (Q(target_key="target-7"), "call_target_key"),
    "rule": (Q(rule_key="rule-7"), "call_rule_key"),
    "rare state": (Q(state="failed"), "call_state"),
    "rare reason": (Q(reason="ERROR"), "call_reason"),
    "rare channel": (Q(channel="web"), "call_channel"),
    "our number": (Q(our_number="+12025550007"), "call_our_number"),
    "campaign": (Q(campaign="spring"), "call_campaign"),
    "a campaign that never was": (Q(campaign="none"), "call_campaign"),
    "sandbox": (Q(sandbox=True), "call_sandbox"),
    "rare reason of a day": (Q(reason="ERROR", decided_at__gte=NOW - timedelta(days=1)), "call_reason"),
}


@pytest.fixture(scope="module")
def long_log(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A log that is long enough for the planner to prefer indexes."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # the limit is meant for pages
        cursor.execute("ALTER TABLE routing_call DISABLE TRIGGER USER")  # nobody looks at counts here
        cursor.execute(FILL, [NOW, NOW, SIZE])
        cursor.execute("ALTER TABLE routing_call ENABLE TRIGGER USER")
        cursor.execute("ANALYZE routing_call")
        cursor.execute("RESET statement_timeout")
        yield
        cursor.execute("TRUNCATE routing_call, routing_callcount CASCADE")


@pytest.mark.usefixtures("long_log")
@pytest.mark.parametrize(("wanted", "index"), FILTERS.values(), ids=FILTERS)
def test_page_of_a_filter_comes_from_an_index(wanted: Q, index: str) -> None:
    plan = explain(Call.objects.filter(wanted).order_by("-decided_at", "-id")[:100])

    assert index in plan
    assert "Seq Scan" not in plan


@pytest.mark.usefixtures("long_log")
@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Q(vapi_name="sb-1"), "call_vapi_name"),
        (Q(scheduled_for__gt=NOW), "call_scheduled_for"),
        (Q(api_key=7), "call_api_key"),
    ],
    ids=["marker", "still to be started", "of a key"],
)
def test_the_few_calls_with_a_value_that_most_have_not_are_found_by_an_index(wanted: Q, index: str) -> None:
    assert index in explain(Call.objects.filter(wanted).order_by())


def explain(calls: QuerySet[Call]) -> str:
    """Return how PostgreSQL would look for the calls."""
    return calls.explain()
