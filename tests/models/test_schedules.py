"""What the forms of schedules, numbers and lists refuse or put right."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from routing.models import Campaign, NumberList, NumberListEntry, OurNumber, Schedule, ScheduleException, Target

pytestmark = pytest.mark.django_db


def _schedule(**fields: Any) -> Schedule:
    return Schedule(**{"key": "s", "name": "S", "opening_hours": "Mo-Fr 09:00-17:00", "timezone": "UTC"} | fields)


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"opening_hours": "whenever"}, "opening_hours", "Cannot be read"),
        ({"opening_hours": "PH off; Mo-Fr 09:00-17:00", "country": "US"}, "opening_hours", "must stand last"),
        ({"opening_hours": "Mo 09:00-17:00; PH off"}, "country", "PH needs a country"),
        ({"country": "US"}, "opening_hours", "no effect without a PH part"),
        ({"timezone": "Mars/Base"}, "timezone", "not an IANA time zone"),
    ],
)
def test_schedule_that_calls_cannot_be_judged_by_is_refused(fields: dict[str, str], field: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as refusal:
        _schedule(**fields).full_clean()

    assert list(refusal.value.message_dict) == [field]


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"closed": False, "hours": "nine to five"}, "hours", "not hours"),
        ({"starts_on": date(2026, 12, 23), "ends_on": date(2026, 12, 24)}, "starts_on", "overlap"),
        ({"starts_on": date(2026, 12, 25)}, "starts_on", "overlap"),
        ({"starts_on": date(2026, 12, 28), "ends_on": date(2026, 12, 27)}, "ends_on", "before"),
    ],
)
def test_exception_that_makes_no_sense_is_refused(fields: dict[str, Any], field: str, message: str) -> None:
    office = _schedule()
    office.save()
    ScheduleException.objects.create(
        schedule=office, starts_on=date(2026, 12, 24), ends_on=date(2026, 12, 26), closed=True
    )
    days = {"starts_on": date(2026, 12, 28), "ends_on": date(2026, 12, 28)}

    with pytest.raises(ValidationError, match=message) as refusal:
        ScheduleException(**{"schedule": office, "closed": True} | days | fields).full_clean()

    assert list(refusal.value.message_dict) == [field]


def test_exception_may_be_edited_where_it_stands() -> None:
    office = _schedule()
    office.save()
    day = date(2026, 12, 24)
    row = ScheduleException.objects.create(schedule=office, starts_on=day, ends_on=day, closed=True)

    row.closed, row.hours = False, "09:00-12:00"
    row.full_clean()
    row.save()

    assert ScheduleException.objects.get().hours == "09:00-12:00"


@pytest.mark.parametrize(
    ("written", "stored"),
    [("(202) 555-0100", "+12025550100"), (" 1234 ", "1234"), ("SIP:Ada@Example.test", "sip:Ada@example.test")],
)
def test_entry_is_stored_as_calls_compare_it(written: str, stored: str) -> None:
    entry = NumberListEntry(number_list=NumberList.objects.create(name="VIP"), number=written)

    entry.full_clean()

    assert entry.number == stored


def test_same_entry_in_another_writing_is_refused() -> None:
    vip = NumberList.objects.create(name="VIP")
    NumberListEntry.objects.create(number_list=vip, number="+12025550100")

    with pytest.raises(ValidationError, match="already on the list"):
        NumberListEntry(number_list=vip, number="202-555-0100").full_clean()


def test_hidden_number_cannot_be_on_a_list() -> None:
    with pytest.raises(ValidationError, match="hidden number"):
        NumberListEntry(number_list=NumberList.objects.create(name="VIP"), number="anonymous").full_clean()


def test_campaign_needs_a_known_time_zone() -> None:
    with pytest.raises(ValidationError, match="no time zone Mars"):
        Campaign(slug="s", name="S", timezone="Mars/Base").full_clean()


def test_numbers_may_be_written_in_any_usual_way() -> None:
    line = OurNumber(vapi_id="n", number="(202) 555-0111")
    desk = Target(key="t", name="T", kind="transfer", sip_uri=" sip:Desk@EXAMPLE.test ", number=" ")

    line.full_clean()
    desk.full_clean()

    assert (line.number, line.sip_uri) == ("+12025550111", None)
    assert (desk.number, desk.sip_uri) == (None, "sip:Desk@example.test")


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [({"number": "12"}, "number", "not a telephone number"), ({"sip_uri": "desk"}, "sip_uri", "not a SIP address")],
)
def test_what_cannot_be_dialled_is_refused(fields: dict[str, str], field: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as refusal:
        Target(key="t", name="T", kind="transfer", **fields).full_clean()

    assert list(refusal.value.message_dict) == [field]


def test_natural_keys_find_what_has_no_key() -> None:
    line = OurNumber.objects.create(vapi_id="n", sip_uri="sip:a@b.test")
    spring = Campaign.objects.create(slug="spring", name="Spring")
    entry = NumberListEntry.objects.create(number_list=NumberList.objects.create(name="VIP"), number="1")
    office = _schedule()
    office.save()
    off = ScheduleException.objects.create(
        schedule=office, starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 1), closed=True
    )

    assert OurNumber.objects.get_by_natural_key(*line.natural_key()) == line
    assert Campaign.objects.get_by_natural_key(*spring.natural_key()) == spring
    assert NumberListEntry.objects.get_by_natural_key(*entry.natural_key()) == entry
    assert ScheduleException.objects.get_by_natural_key(*off.natural_key()) == off
