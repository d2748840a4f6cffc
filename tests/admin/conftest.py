"""A small company as staff see it: rows of every kind, a live revision, and people with and without permissions."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from routing.engine.context import Channel, Context
from routing.engine.live import Facts
from routing.models import (
    ApiKey,
    Call,
    EmergencySwitch,
    OurNumber,
    ScheduledCall,
    Target,
    VapiObject,
    WebhookSecret,
)
from routing.services.import_table import import_table
from routing.services.publish import publish
from routing.snapshot import store
from routing.snapshot.livefile import write_facts

TABLE = """
version: 1
default: reception
blocked: sorry
default_number: "+12025550111"
targets:
  - {key: reception, name: Reception, kind: assistant, vapi_id: a0000000-0000-4000-8000-000000000001}
  - {key: espanol, name: Recepción ES, kind: assistant, vapi_id: a0000000-0000-4000-8000-000000000002}
  - {key: night, name: Night desk, kind: assistant, vapi_id: a0000000-0000-4000-8000-000000000003}
  - {key: concierge, name: VIP concierge, kind: squad, vapi_id: b0000000-0000-4000-8000-000000000001}
  - {key: desk, name: Front desk, kind: transfer, number: "+12025550199", message: Connecting you.}
  - {key: sorry, name: Sorry, kind: reject, message: This number cannot be reached.}
  - {key: resting, name: Resting, kind: assistant, vapi_id: a0000000-0000-4000-8000-000000000009, enabled: false}
schedules:
  - key: office
    name: Office hours
    opening_hours: "Mo-Fr 09:00-17:00; PH off"
    timezone: America/New_York
    country: US
    exceptions:
      - {from: 2026-12-24, hours: "09:00-12:00", note: Christmas Eve}
numbers:
  - {vapi_id: 33333333-3333-4333-8333-333333333333, number: "+12025550111", name: Main line}
  - {vapi_id: 33333333-3333-4333-8333-333333333334, number: "+12025550112", name: Spring line}
campaigns:
  - {slug: spring, name: Spring offers, numbers: ["+12025550112"], caller_id: "+12025550112",
     starts_on: 2026-03-01, ends_on: 2026-06-30, timezone: America/New_York}
lists:
  - {key: vip, name: VIP, purpose: segment, entries: [{number: "+12025550100", label: Ada}]}
  - {key: nuisance, name: Nuisance, purpose: blocked, entries: [{number: "+12025550166", label: Prankster}]}
rules:
  - {key: vip-callers, name: VIP callers, when: {lists: {any_of: [vip]}}, then: [{target: concierge}]}
  - {key: spring, name: Spring offers, when: {campaigns: [spring]},
     then: [{target: desk, weight: 30}, {target: reception, weight: 70}]}
  - {key: mexico, name: Mexican callers, when: {customer: [MX]}, then: [{target: espanol}]}
  - {key: nobody, name: Nobody home, when: {channels: [web]}, then: [{target: resting}]}
  - key: gold
    name: Gold plan
    when: {attributes: [{key: plan, op: is, value: gold}]}
    then: [{target: concierge}]
    enabled: false
  - {key: closed, name: Outside office hours, when: {schedule: {key: office, is: closed}}, then: [{target: night}]}
"""


@pytest.fixture(autouse=True)
def _fresh_process() -> None:
    """What a process remembers between two requests must not reach the next test."""
    cache.clear()
    store.reset()


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("boss", "boss@example.com", "boss")


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("clerk", "clerk@example.com", "clerk", is_staff=True)


@pytest.fixture
def world(admin: User) -> dict[str, Any]:
    """One row at least of every kind, by model name."""
    import_table(TABLE)
    now = timezone.now()
    publish(author=admin, note="The first table", now=now)
    key, _ = ApiKey.objects.create_key("CRM", "secret")
    secret = WebhookSecret.objects.create(name="Production", kind="bearer", secret="open sesame")
    switch = EmergencySwitch.objects.create(
        target=Target.objects.get(key="desk"), reason="Power cut", until=now - timedelta(hours=1),
        started_at=now - timedelta(hours=2), author=admin,
    )  # fmt: skip
    switch.our_numbers.add(OurNumber.objects.get(number="+12025550111"))
    return {
        "apikey": key,
        "webhooksecret": secret,
        "emergencyswitch": switch,
        "call": make_call(now),
        "scheduledcall": make_scheduled_call(now),
        "vapiobject": VapiObject.objects.create(kind="assistant", vapi_id="free", name="Somebody else at Vapi"),
    }


def make_call(now: datetime, **columns: Any) -> Call:
    """Return a recorded call of a VIP."""
    known: dict[str, Any] = {
        "channel": "inbound",
        "customer_number": "+12025550100",
        "our_number": "+12025550111",
        "vapi_call_id": "77777777-7777-4777-8777-777777777777",
        "target_key": "concierge",
        "target_kind": "squad",
        "target_name": "VIP concierge",
        "reason": "TARGETING_MATCH",
        "rule_key": "vip-callers",
        "rule_name": "VIP callers",
        "rule_position": 1,
        "revision": 1,
        "sandbox": True,
        "context": {"channel": "inbound", "customer": "+12025550100", "attributes": {"plan": ["gold", True]}},
        "decided_at": now,
    }
    return Call.objects.create(**known | columns)


def make_scheduled_call(now: datetime, **columns: Any) -> ScheduledCall:
    """Return a call of the default assistant to anybody, tomorrow."""
    tomorrow = now + timedelta(days=1)
    context = Context(channel=Channel.OUTBOUND, at=tomorrow, customer="+12125550123")
    known: dict[str, Any] = {
        "channel": "outbound",
        "state": "placed",
        "customer_number": "+12125550123",
        "vapi_call_id": None,
        "target_key": "night",
        "target_kind": "assistant",
        "target_name": "Night desk",
        "context": context.as_dict(),
        "facts": write_facts(Facts()),
        "scheduled_for": tomorrow,
    }
    return ScheduledCall.objects.get(pk=make_call(now, **known | columns).pk)


def allow(user: User, *permissions: str) -> User:
    """Return the user with these permissions of our application."""
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions, content_type__app_label="routing"))
    return User.objects.get(pk=user.pk)  # permissions are remembered by the instance


def client_of(user: User) -> Client:
    """Return a browser in which the user is logged in."""
    client = Client()
    client.force_login(user)
    return client
