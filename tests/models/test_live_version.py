"""Every way of changing live data counts `live_version` up, and nothing else does."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, models
from django.utils import timezone

from routing.models import (
    EmergencySwitch,
    LiveState,
    NumberList,
    NumberListEntry,
    OurNumber,
    Rule,
    Schedule,
    TableSettings,
    Target,
    WebhookSecret,
)

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def world() -> None:
    target = Target.objects.create(name="Desk", kind="transfer", number="+12025550199")
    number = OurNumber.objects.create(vapi_id="n1", number="+12025550111")
    OurNumber.objects.create(vapi_id="n2", number="+12025550112")
    vip = NumberList.objects.create(name="VIP")
    NumberListEntry.objects.create(number_list=vip, number="+12025550100")
    switch = EmergencySwitch.objects.create(target=target, started_at=NOW, until=NOW + timedelta(hours=1))
    switch.our_numbers.add(number)
    WebhookSecret.objects.create(name="Main", secret="s3cret")


def _entry(number: str) -> NumberListEntry:
    return NumberListEntry(number_list=NumberList.objects.get(), number=number)


def _second_switch() -> EmergencySwitch:
    return EmergencySwitch(pauses_outbound=True, started_at=NOW, until=NOW + timedelta(hours=1))


def _type_sql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM routing_numberlistentry")


COUNTED: dict[str, Callable[[], object]] = {
    "entry saved": lambda: _entry("+12025550101").save(),
    "entries created in bulk": lambda: NumberListEntry.objects.bulk_create([_entry("1"), _entry("2")]),
    "entries updated": lambda: NumberListEntry.objects.update(label="Ada"),
    "entries deleted": lambda: NumberListEntry.objects.all().delete(),
    "entries deleted by hand": _type_sql,
    "list's purpose updated": lambda: NumberList.objects.update(purpose="blocked"),
    "list deleted": lambda: NumberList.objects.get().delete(),
    "switch saved": lambda: _second_switch().save(),
    "switches created in bulk": lambda: EmergencySwitch.objects.bulk_create([_second_switch()]),
    "switch ended by update": lambda: EmergencySwitch.objects.update(ended_at=NOW),
    "switch deleted": lambda: EmergencySwitch.objects.all().delete(),
    "number added to a switch": lambda: EmergencySwitch.objects.get().our_numbers.add(
        OurNumber.objects.get(vapi_id="n2")
    ),
    "number taken from a switch": lambda: EmergencySwitch.objects.get().our_numbers.clear(),
    "secret saved": lambda: WebhookSecret(name="Next", secret="n3xt").save(),
    "secret updated": lambda: WebhookSecret.objects.update(enabled=False),
    "secret deleted": lambda: WebhookSecret.objects.all().delete(),
    "target missing": lambda: Target.objects.update(missing_since=NOW),
    "number missing": lambda: OurNumber.objects.filter(vapi_id="n1").update(missing_since=NOW),
}
NOT_COUNTED: dict[str, Callable[[], object]] = {
    "target renamed": lambda: Target.objects.update(name="Front desk"),
    "number renamed": lambda: OurNumber.objects.update(name="A line"),
    "rule added": lambda: Rule.objects.create(name="All"),
    "schedule added": lambda: Schedule.objects.create(name="Office", opening_hours="24/7", timezone="UTC"),
    "list renamed": lambda: NumberList.objects.update(name="Very important"),
    "settings changed": lambda: TableSettings.objects.update(overrides={"a": 1}),
}


@pytest.mark.parametrize("change", COUNTED.values(), ids=COUNTED)
def test_change_of_live_data_is_counted(change: Callable[[], object]) -> None:
    before = LiveState.load().live_version

    change()

    assert LiveState.load().live_version > before


@pytest.mark.parametrize("change", NOT_COUNTED.values(), ids=NOT_COUNTED)
def test_edit_of_the_draft_is_not_counted(change: Callable[[], object]) -> None:
    before = LiveState.load().live_version

    change()

    assert LiveState.load().live_version == before


def test_another_migrate_keeps_one_trigger_and_the_count() -> None:
    before = LiveState.load().live_version

    call_command("migrate", verbosity=0)
    _entry("+12025550101").save()

    assert LiveState.load().live_version == before + 1


@pytest.mark.parametrize("single", [LiveState, TableSettings])
def test_single_rows_are_there_after_migrate(single: type[models.Model]) -> None:
    assert list(single._default_manager.values_list("pk", flat=True)) == [1]
