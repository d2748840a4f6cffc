"""A call log of any length, drawn inside PostgreSQL: some 30,000 calls a day, of which a few rules take most."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from django.db import connection
from django.db.backends.utils import CursorWrapper

from benchmarks.postgres import patient_cursor
from routing.models import CallCount
from routing.services.call_counts import recount

CALLS_A_DAY = 30_000
WRITERS = 2  # at once
RULES, TARGETS, CAMPAIGNS, OUR_NUMBERS = 500, 20, 50, 40

# Drawn once for each row, so that what belongs together agrees. Skewed: the first rules take most calls.
_DRAWN = """
    SELECT n, random() AS by_channel, random() AS by_reason, random() AS by_state, random() AS by_campaign,
        floor(power(random(), 3) * %(rules)s)::int AS rule,
        floor(power(random(), 2) * %(targets)s)::int AS target,
        floor(power(random(), 3) * %(campaigns)s)::int AS campaign,
        floor(power(random(), 2) * %(our_numbers)s)::int AS ours,
        floor(random() * 400000)::int AS customer,
        %(now)s::timestamptz - n * interval '1 day' / %(a_day)s AS decided_at
    FROM generate_series(%(first)s, %(last)s) AS n
    OFFSET 0
"""
_NAMED = f"""
    SELECT *,
        CASE WHEN by_channel < 0.80 THEN 'inbound' WHEN by_channel < 0.999 THEN 'outbound' ELSE 'web' END AS channel,
        CASE WHEN by_reason < 0.80 THEN 'TARGETING_MATCH'
            WHEN by_reason < 0.99995 THEN 'DEFAULT' ELSE 'ERROR' END AS reason,
        CASE WHEN by_state < 0.95 THEN 'ended' WHEN by_state < 0.99 THEN 'decided'
            WHEN by_state < 0.9999 THEN 'placed' ELSE 'failed' END AS state,
        '+1415' || 2000000 + customer AS customer_number,
        '+1202555' || lpad(ours::text, 4, '0') AS our_number,
        CASE WHEN by_campaign < 0.3 THEN 'campaign-' || campaign ELSE '' END AS campaign_key
    FROM ({_DRAWN}) AS drawn
"""
# Ids in a row: ten million at random would spend the time on their own index.
_INSERT = f"""
    INSERT INTO routing_call (
        id, vapi_call_id, channel, state, customer_number, our_number, campaign, external_id, context, facts,
        target_key, target_kind, target_name, reason, rule_key, rule_name, rule_position, revision, stale, sandbox,
        vapi_name, decided_at, answer_ms, created_at, ended_reason, cost, started_at, ended_at, error)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'call-' || n, channel, state, customer_number, our_number, campaign_key, '',
        jsonb_build_object('channel', channel, 'at', decided_at, 'customer', customer_number, 'our_number', our_number,
            'our_number_id', NULL, 'campaign', NULLIF(campaign_key, ''), 'vapi_campaign_id', NULL,
            'call_id', 'call-' || n, 'external_id', NULL, 'named_target', NULL, 'attributes',
                jsonb_build_object('plan', jsonb_build_array('gold', true))),
        '{{"hits": [], "switches": [], "unavailable": []}}'::jsonb,
        'target-' || target, 'assistant', 'Target ' || target, reason,
        CASE reason WHEN 'TARGETING_MATCH' THEN 'rule-' || rule ELSE '' END,
        CASE reason WHEN 'TARGETING_MATCH' THEN 'Rule ' || rule ELSE '' END,
        CASE reason WHEN 'TARGETING_MATCH' THEN rule + 1 END,
        1 + n %% 50, false, n %% 20000 = 0, '', decided_at, 1 + by_state * 10, decided_at,
        CASE state WHEN 'ended' THEN 'customer-ended-call' ELSE '' END,
        CASE state WHEN 'ended' THEN 0.1234 END, decided_at, decided_at + interval '3 minutes', ''
    FROM ({_NAMED}) AS named
"""


def count_anew() -> None:
    """Count the calls by hour, as after any load that went past the triggers."""
    CallCount.objects.all().delete()
    recount()
    with patient_cursor() as cursor:
        cursor.execute("VACUUM ANALYZE routing_callcount")


def fill(size: int, now: datetime) -> None:
    """Write so many calls, the newest one just before ``now``, and let the planner learn of them.

    They are counted afterwards: the triggers are meant for hundreds of calls a statement, not for millions.
    """
    with patient_cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET max_wal_size = '16GB'")  # nothing of this has to survive: no checkpoints
        cursor.execute("SELECT pg_reload_conf()")
        cursor.execute("TRUNCATE routing_call CASCADE")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        with _without_indexes(cursor):
            cursor.execute("ALTER TABLE routing_call DISABLE TRIGGER USER")
            with ThreadPoolExecutor(WRITERS) as pool:
                list(pool.map(partial(_write_part, size, now), range(WRITERS)))
            cursor.execute("ALTER TABLE routing_call ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE routing_call")


def _write_part(size: int, now: datetime, part: int) -> None:
    """Write a share of the calls over a connection of this thread's own."""
    values: dict[str, int | datetime] = {"now": now, "a_day": CALLS_A_DAY}
    values |= {"first": size * part // WRITERS + 1, "last": size * (part + 1) // WRITERS}
    values |= {"rules": RULES, "targets": TARGETS, "campaigns": CAMPAIGNS, "our_numbers": OUR_NUMBERS}
    with patient_cursor() as cursor:
        cursor.execute("SELECT setseed(%s)", [part / WRITERS])
        cursor.execute(_INSERT, values)
    connection.close()


@contextmanager
def _without_indexes(cursor: CursorWrapper) -> Iterator[None]:
    """Making the indexes of a full table is faster than keeping them while it fills."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'routing_call'"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    for _, definition in indexes:
        cursor.execute(definition)
