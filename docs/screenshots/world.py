"""Fills an empty database with the practices' table, a week of calls, and a few unpublished changes."""

import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from docs.screenshots import PASSWORD, USER
from routing.engine.context import Channel, Context
from routing.models import Call, Rule, RuleTarget, Target, WebhookCount
from routing.services.import_table import import_table
from routing.services.publish import publish
from routing.services.record_call import call_columns
from routing.services.rulesets import live_ruleset
from routing.services.simulate import simulate
from routing.snapshot import store

TABLE = Path(__file__).with_name("table.yaml")
CALLS = 1400
OURS = ("+12025550111",) * 6 + ("+15125550112",) * 4 + ("+13055550113",) * 3 + ("+18005550114",) * 2
CUSTOMERS = ("+15125550100", "+13055550102", "+525512345678", "+12025550166", None)
# Calls by hour of the day in Chicago, from midnight on.
BUSY = (1, 1, 0, 0, 1, 2, 5, 12, 30, 42, 40, 36, 22, 30, 38, 34, 28, 20, 10, 7, 5, 4, 3, 2)


def fill(now: datetime) -> None:
    """Load the table, publish it twice, make a week of calls and leave three changes unpublished."""
    dana = User.objects.create_superuser(USER, "dana@example.com", PASSWORD, first_name="Dana")
    import_table(TABLE.read_text(encoding="utf-8"))
    Rule.objects.filter(key="web").update(enabled=False)
    publish(author=dana, note="The table as agreed with the practices", now=now - timedelta(days=6))
    Rule.objects.filter(key="web").update(enabled=True)
    publish(author=dana, note="Website visitors hear the new voice, one in five", now=now - timedelta(days=1))
    store.reset()
    Call.objects.bulk_create(_calls(now))
    _count_messages(now)
    RuleTarget.objects.filter(rule__key="mexico").update(target=Target.objects.get(key="new-voice"))
    Rule.objects.filter(key="reminders").update(enabled=False)
    Target.objects.filter(key="whitening").update(name=F("name"), enabled=False)


def _calls(now: datetime) -> Iterator[Call]:
    chance = random.Random(2026)
    ruleset = live_ruleset()
    for _ in range(CALLS):
        at = now - timedelta(minutes=chance.randrange(7 * 24 * 60))
        hour = timezone.localtime(at).hour
        if chance.random() * max(BUSY) > BUSY[hour]:
            continue
        decided = simulate(_context(chance, at), ruleset)
        ended = at + timedelta(seconds=chance.randrange(20, 400))
        yield Call(
            **Call.fit(call_columns(decided)) | {"id": uuid.uuid4(), "vapi_call_id": str(uuid.uuid4())},
            decided_at=at,
            started_at=at,
            ended_at=ended,
            state="ended",
            ended_reason=chance.choice(("customer-ended-call", "assistant-ended-call", "silence-timed-out")),
            cost=round(chance.uniform(0.02, 0.6), 4),
            answer_ms=round(chance.lognormvariate(0.3, 0.5), 2) if decided.context.channel is Channel.INBOUND else None,
            sandbox=True,
        )


def _context(chance: random.Random, at: datetime) -> Context:
    stranger = f"+1{chance.choice((512, 305, 786, 202))}555{chance.randrange(200, 9999):04}"
    customer = chance.choice(CUSTOMERS) if chance.random() < 0.2 else stranger
    match chance.random():
        case share if share < 0.1:
            return Context(channel=Channel.WEB, at=at)
        case share if share < 0.2:
            return Context(channel=Channel.OUTBOUND, at=at, customer=stranger, campaign="reminders")
    return Context(channel=Channel.INBOUND, at=at, customer=customer, our_number=chance.choice(OURS))


def _count_messages(now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    WebhookCount.objects.create(hour=hour, outcome="answered", count=212, last_at=now)
    WebhookCount.objects.create(
        hour=hour,
        outcome="unauthorized",
        count=3,
        last_at=now - timedelta(minutes=8),
        detail="another secret",
    )
