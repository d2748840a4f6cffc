"""Every way of changing the draft counts its version up, live data does not, and a publisher waits for editors."""

import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from routing.models import (
    Campaign,
    DraftState,
    EmergencySwitch,
    NumberList,
    NumberListEntry,
    OurNumber,
    Rule,
    RuleAttribute,
    RuleTarget,
    Schedule,
    ScheduleException,
    TableSettings,
    Target,
)
from routing.services.publish import publish

NOW = timezone.now()


def _make_world() -> None:
    desk = Target.objects.create(name="Desk", kind="transfer", number="+12025550199")
    OurNumber.objects.create(vapi_id="n1", number="+12025550111")
    Campaign.objects.create(slug="spring", name="Spring")
    NumberList.objects.create(name="VIP")
    Schedule.objects.create(name="Office", opening_hours="Mo-Fr 09:00-17:00", timezone="UTC")
    rule = Rule.objects.create(name="All", position=1)
    RuleTarget.objects.create(rule=rule, target=desk, weight=100)
    TableSettings.objects.update(default_target=desk)


def _add_attribute() -> None:
    RuleAttribute.objects.create(rule=Rule.objects.get(), key="plan", op="exists")


def _add_exception() -> None:
    day = date(2026, 12, 24)
    ScheduleException.objects.create(schedule=Schedule.objects.get(), starts_on=day, ends_on=day, closed=True)


COUNTED: dict[str, Callable[[], object]] = {
    "rule saved": lambda: Rule.objects.get().save(),
    "rules updated": lambda: Rule.objects.update(enabled=False),
    "rule deleted": lambda: Rule.objects.get().delete(),
    "arm updated": lambda: RuleTarget.objects.update(weight=50),
    "attribute added": _add_attribute,
    "list named in a rule": lambda: Rule.objects.get().lists_any.add(NumberList.objects.get()),
    "list excluded from a rule": lambda: Rule.objects.get().lists_none.add(NumberList.objects.get()),
    "number named in a rule": lambda: Rule.objects.get().numbers.add(OurNumber.objects.get()),
    "campaign named in a rule": lambda: Rule.objects.get().campaigns.add(Campaign.objects.get()),
    "target updated": lambda: Target.objects.update(enabled=False),
    "schedule updated": lambda: Schedule.objects.update(opening_hours="24/7"),
    "exception added": _add_exception,
    "number updated": lambda: OurNumber.objects.update(name="Main"),
    "campaign updated": lambda: Campaign.objects.update(name="Summer"),
    "number of a campaign": lambda: Campaign.objects.get().numbers.add(OurNumber.objects.get()),
    "list updated": lambda: NumberList.objects.update(name="Gold"),
    "settings updated": lambda: TableSettings.objects.update(overrides={"a": 1}),
}
NOT_COUNTED: dict[str, Callable[[], object]] = {
    "entry added": lambda: NumberListEntry.objects.create(number_list=NumberList.objects.get(), number="+12025550100"),
    "switch thrown": lambda: EmergencySwitch.objects.create(
        pauses_outbound=True, started_at=NOW, until=NOW + timedelta(hours=1)
    ),
    "published": lambda: publish(author=None, note="", now=NOW),
}


@pytest.mark.django_db
@pytest.mark.parametrize("change", COUNTED.values(), ids=COUNTED)
def test_a_change_of_the_draft_counts(change: Callable[[], object]) -> None:
    _make_world()
    before = DraftState.read_version()

    change()

    assert DraftState.read_version() > before


@pytest.mark.django_db
@pytest.mark.parametrize("change", NOT_COUNTED.values(), ids=NOT_COUNTED)
def test_live_data_is_not_the_draft(change: Callable[[], object]) -> None:
    _make_world()
    before = DraftState.read_version()

    change()

    assert DraftState.read_version() == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time anyway")
def test_a_publisher_waits_for_the_end_of_an_edit_and_takes_all_of_it() -> None:
    """Two saves of one edit must be in one revision, though the publisher came between them."""
    _make_world()
    numbers: list[int] = []

    def publish_elsewhere() -> None:
        numbers.append(publish(author=None, note="", now=NOW).number)
        connection.close()

    with transaction.atomic():
        Rule.objects.update(note="first half")
        publisher = threading.Thread(target=publish_elsewhere)
        publisher.start()
        publisher.join(timeout=0.5)
        waited = publisher.is_alive()
        Target.objects.update(message="second half")
    publisher.join(timeout=5)

    assert waited
    assert numbers == [1]
    state = publish(author=None, note="", now=NOW)
    assert (state.number, state.is_new) == (1, False), "a part of the edit was not in the first revision"
