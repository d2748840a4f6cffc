"""Live data as they come from the rows."""

import gc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from routing.engine.live import EmergencySwitch as Switch
from routing.engine.live import ListHit
from routing.engine.numbers import read_number
from routing.engine.table import Purpose, TargetKind
from routing.engine.table import Target as TargetValue
from routing.models import EmergencySwitch, NumberListEntry, OurNumber, Target, WebhookSecret
from routing.snapshot.live import load_live
from routing.snapshot.livefile import build_entries, read_facts, write_facts
from routing.snapshot.load import MANY, load_nothing, load_ruleset
from routing.snapshot.secrets import load_secrets, make_plans
from tests.snapshot.live_rows import ADA, LINE, add_entry, document

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ASSISTANT: dict[str, Any] = {"kind": "assistant", "vapi_id": "a0000000-0000-4000-8000-000000000009"}


def add_switch(**columns: Any) -> EmergencySwitch:
    return EmergencySwitch.objects.create(**{"started_at": NOW, "until": NOW + timedelta(hours=1)} | columns)


def test_entry_tells_list_purpose_variables_and_expiry() -> None:
    expires_at = NOW + timedelta(days=1)
    add_entry("vip", ADA, variables={"name": "Ada"}, expires_at=expires_at)
    add_entry("blocked", ADA)

    live = load_live(load_ruleset(document(), 1), NOW)

    vip = ListHit(list_key="vip", purpose=Purpose.SEGMENT, variables={"name": "Ada"}, expires_at=expires_at)
    blocked = ListHit(list_key="blocked", purpose=Purpose.BLOCKED)
    assert live.entries == {ADA: (vip, blocked)}


@pytest.mark.parametrize(
    ("seconds", "counts"), [(-1, True), (0, False), (1, False)], ids=["before", "at the end", "after"]
)
def test_entry_expires_at_look_up(seconds: int, counts: bool) -> None:
    add_entry("vip", ADA, expires_at=NOW)
    live = load_live(load_ruleset(document(), 1), NOW - timedelta(days=1))

    facts = live.facts_for(read_number(ADA, "US"), NOW + timedelta(seconds=seconds))

    assert bool(facts.hits) is counts


def test_list_counts_only_once_it_is_published() -> None:
    add_entry("blocked", ADA)

    assert not load_live(load_nothing(), NOW).entries


def test_entries_that_are_only_a_number_share_one_value() -> None:
    add_entry("vip", ADA)
    add_entry("vip", "+12025550101")

    entries = load_live(load_ruleset(document(), 1), NOW).entries

    assert entries[ADA] is entries["+12025550101"]


def test_many_entries_load_in_one_query(django_assert_max_num_queries: Any) -> None:
    add_entry("vip", ADA)
    number_list = NumberListEntry.objects.get().number_list
    NumberListEntry.objects.bulk_create(
        [NumberListEntry(number_list=number_list, number=f"+1202{number:07}") for number in range(20_000)],
        batch_size=5_000,
    )

    with django_assert_max_num_queries(4):
        live = load_live(load_ruleset(document(), 1), NOW)

    assert len(live.entries) == 20_001


def test_switches_in_force_stand_newest_first() -> None:
    target = Target.objects.create(name="Crisis", **ASSISTANT)
    add_switch(started_at=NOW - timedelta(hours=2), pauses_outbound=True, reason="older")
    newer = add_switch(target=target, reason="newer")
    newer.our_numbers.add(OurNumber.objects.create(vapi_id="n1", number=LINE))
    add_switch(pauses_outbound=True, ended_at=NOW, reason="ended early")
    add_switch(pauses_outbound=True, started_at=NOW - timedelta(hours=3), until=NOW, reason="over")

    switches = load_live(load_nothing(), NOW).switches

    crisis = TargetValue(key="crisis", name="Crisis", kind=TargetKind.ASSISTANT, vapi_id=ASSISTANT["vapi_id"])
    until = NOW + timedelta(hours=1)
    assert switches == (
        Switch(until=until, target=crisis, our_numbers=frozenset({LINE}), reason="newer"),
        Switch(until=until, pauses_outbound=True, reason="older"),
    )


def test_switch_uses_the_published_target_and_not_its_draft() -> None:
    target = Target.objects.create(key="reception", name="Half-edited", **ASSISTANT)
    add_switch(target=target)
    ruleset = load_ruleset(document(), 1)

    (switch,) = load_live(ruleset, NOW).switches

    assert switch.target == ruleset.targets["reception"]


def test_target_missing_at_vapi_is_unavailable() -> None:
    Target.objects.create(name="Gone", missing_since=NOW, **ASSISTANT)
    Target.objects.create(name="There", **ASSISTANT)

    assert load_live(load_nothing(), NOW).unavailable == {"gone"}


def test_facts_survive_being_written_to_a_call() -> None:
    add_entry("vip", ADA, variables={"name": "Ada"}, expires_at=NOW + timedelta(days=1))
    add_entry("blocked", ADA)
    add_switch(target=Target.objects.create(name="Crisis", missing_since=NOW, **ASSISTANT))
    facts = load_live(load_ruleset(document(), 1), NOW).facts_for(read_number(ADA, "US"), NOW)

    assert facts.hits
    assert facts.switches
    assert facts.unavailable
    assert read_facts(write_facts(facts)) == facts


def test_secrets_stay_encrypted_until_a_plan_is_made() -> None:
    row = WebhookSecret.objects.create(name="Production", secret="open sesame", expires_at=NOW)
    WebhookSecret.objects.create(name="Old", secret="abracadabra", enabled=False)

    secrets = load_secrets()

    assert "open sesame" not in str(secrets)
    assert make_plans(secrets) == (row.plan(),)
    assert row.plan()["expiresAt"] == NOW.isoformat()


def test_secret_that_no_key_opens_does_not_hide_the_others(settings: Settings) -> None:
    WebhookSecret.objects.create(name="Lost", secret="lost")
    settings.ENCRYPTION_KEYS = ["CQOq5BrzN1nTRNJPWrUJNxxzPFUWAhNtoWnBXyyDsdw="]
    WebhookSecret.objects.create(name="Known", secret="known", expires_at=timezone.now())

    plans = make_plans(load_secrets())

    assert [plan["token"] for plan in plans] == ["known"]


def test_secret_of_the_settings_is_taken_in_each_place(settings: Settings) -> None:
    settings.VAPI_WEBHOOK_SECRET = "s3cret"

    plans = make_plans(())

    assert {(plan["headerName"], plan["bearerPrefixEnabled"]) for plan in plans} == {
        ("Authorization", True),
        ("Authorization", False),
        ("X-Vapi-Secret", False),
    }
    assert {plan["token"] for plan in plans} == {"s3cret"}


def test_a_search_for_unused_cycles_does_not_walk_through_a_long_list() -> None:
    """Sabotage seen to fail: build_entries without gc.freeze()."""
    numbers = [f"+1415{place:07}" for place in range(MANY + 1)]

    entries = build_entries([(numbers, "vip", {}, None)], {"vip": Purpose.SEGMENT})

    (held,) = gc.get_referents(entries)
    assert not any(each is held for each in gc.get_objects())
