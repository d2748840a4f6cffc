"""What the database refuses, whoever writes; and where staff read about it."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from routing.models import (
    ApiKey,
    Call,
    Campaign,
    EmergencySwitch,
    LiveState,
    NumberList,
    NumberListEntry,
    OurNumber,
    Revision,
    Rule,
    RuleAttribute,
    RuleTarget,
    Schedule,
    ScheduleException,
    TableSettings,
    Target,
    WebhookSecret,
)

pytestmark = pytest.mark.django_db
NOW = timezone.now()
DAY = date(2026, 5, 1)
BEFORE = DAY - timedelta(days=1)


def target(**fields: Any) -> Target:
    return Target(**{"key": "t", "name": "T", "kind": "assistant", "vapi_id": "a1"} | fields)


def transfer(**fields: Any) -> Target:
    return target(**{"kind": "transfer", "vapi_id": None} | fields)


def schedule(**fields: Any) -> Schedule:
    return Schedule(**{"key": "s", "name": "S", "opening_hours": "24/7", "timezone": "UTC"} | fields)


def exception(**fields: Any) -> ScheduleException:
    office = Schedule.objects.create(name="Office", opening_hours="24/7", timezone="UTC")
    return ScheduleException(**{"schedule": office, "starts_on": DAY, "ends_on": DAY, "closed": True} | fields)


def number(**fields: Any) -> OurNumber:
    return OurNumber(**{"vapi_id": "n", "number": "+12025550111"} | fields)


def campaign(**fields: Any) -> Campaign:
    return Campaign(**{"slug": "spring", "name": "Spring"} | fields)


def rule(**fields: Any) -> Rule:
    return Rule(**{"key": "r", "name": "R", "position": 1} | fields)


def arm(**fields: Any) -> RuleTarget:
    taker = target()
    taker.save()
    return RuleTarget(**{"rule": Rule.objects.create(name="R"), "target": taker} | fields)


def attribute(**fields: Any) -> RuleAttribute:
    return RuleAttribute(**{"rule": Rule.objects.create(name="R"), "key": "plan", "values": ["gold"]} | fields)


def entry(**fields: Any) -> NumberListEntry:
    return NumberListEntry(**{"number_list": NumberList.objects.create(name="VIP"), "number": "+12025550100"} | fields)


def switch(**fields: Any) -> EmergencySwitch:
    return EmergencySwitch(**{"pauses_outbound": True, "started_at": NOW, "until": NOW + timedelta(days=7)} | fields)


def secret(**fields: Any) -> WebhookSecret:
    return WebhookSecret(**{"name": "W", "secret": "s"} | fields)


def key(**fields: Any) -> ApiKey:
    return ApiKey(**{"name": "K", "prefix": "sb_sk_", "key_hash": "0"} | fields)


def call(**fields: Any) -> Call:
    return Call(**{"channel": "inbound", "decided_at": NOW} | fields)


def revision(**fields: Any) -> Revision:
    return Revision(**{"number": 1, "published_at": NOW, "document": {}, "checksum": "0"} | fields)


Make = Callable[..., models.Model]
# What is wrong with the row -> how it is made, with which fields, and the field that its message stands at.
REFUSED: dict[str, tuple[Make, dict[str, Any], str]] = {
    "unknown kind": (target, {"kind": "robot"}, "kind"),
    "assistant without id": (target, {"vapi_id": None}, "vapi_id"),
    "squad with empty id": (target, {"kind": "squad", "vapi_id": ""}, "vapi_id"),
    "transfer to nowhere": (transfer, {}, "number"),
    "transfer to two": (transfer, {"number": "+12025550199", "sip_uri": "sip:a@b.test"}, "number"),
    "rejection without a word": (transfer, {"kind": "reject"}, "message"),
    "squad with version": (target, {"kind": "squad", "version": "v1"}, "version"),
    "transfer to no number": (transfer, {"number": "12"}, "number"),
    "number with line break": (transfer, {"number": "+12025550199\n"}, ""),
    "number with letters": (number, {"number": "+1202555x"}, "number"),
    "number and SIP": (number, {"sip_uri": "sip:a@b.test"}, "number"),
    "neither number nor SIP": (number, {"number": None}, "number"),
    "number without id": (number, {"vapi_id": ""}, "vapi_id"),
    "no hours": (schedule, {"opening_hours": ""}, "opening_hours"),
    "no time zone": (schedule, {"timezone": ""}, "timezone"),
    "country in small letters": (schedule, {"country": "us", "opening_hours": "24/7; PH off"}, "country"),
    "exception ends before it starts": (exception, {"ends_on": BEFORE}, "ends_on"),
    "closed with hours": (exception, {"hours": "09:00-12:00"}, "hours"),
    "neither closed nor hours": (exception, {"closed": False}, "hours"),
    "campaign without slug": (campaign, {"slug": ""}, "slug"),
    "campaign ends before it starts": (campaign, {"starts_on": DAY, "ends_on": BEFORE, "timezone": "UTC"}, "ends_on"),
    "campaign dates without zone": (campaign, {"ends_on": DAY}, "timezone"),
    "rule ends before it starts": (rule, {"valid_from": DAY, "valid_until": BEFORE, "timezone": "UTC"}, "valid_until"),
    "rule dates without zone": (rule, {"valid_from": DAY}, "timezone"),
    "position 0": (rule, {"position": 0}, ""),
    "share over 100": (arm, {"weight": 101}, "weight"),
    "share below 0": (arm, {"weight": -1}, "weight"),
    "attribute without name": (attribute, {"key": ""}, "key"),
    "unknown comparison": (attribute, {"op": "like"}, "op"),
    "unknown purpose": (lambda **fields: NumberList(name="L", key="l", **fields), {"purpose": "other"}, "purpose"),
    "entry without number": (entry, {"number": ""}, "number"),
    "switch over 7 days": (switch, {"until": NOW + timedelta(days=7, seconds=1)}, "until"),
    "switch that is over at once": (switch, {"until": NOW}, "until"),
    "switch that does nothing": (switch, {"pauses_outbound": False}, "target"),
    "unknown kind of secret": (secret, {"kind": "oauth2"}, "kind"),
    "unknown algorithm": (secret, {"kind": "hmac", "algorithm": "md5"}, "algorithm"),
    "unknown encoding": (secret, {"kind": "hmac", "signature_encoding": "oct"}, "signature_encoding"),
    "token without header": (secret, {"header_name": ""}, "header_name"),
    "signature without header": (secret, {"kind": "hmac", "signature_header": ""}, "signature_header"),
    "unknown kind of key": (key, {"kind": "public"}, "kind"),
    "unknown policy": (key, {"policy": "perhaps"}, "policy"),
    "unknown channel": (call, {"channel": "fax"}, "channel"),
    "unknown state": (call, {"state": "lost"}, "state"),
    "unknown reason": (call, {"reason": "BECAUSE"}, "reason"),
    "unknown kind of target": (call, {"target_kind": "robot"}, "target_kind"),
    "second settings": (TableSettings, {"id": 2}, ""),
    "second live state": (LiveState, {"id": 2}, ""),
    "revision 0": (revision, {"number": 0}, ""),
}
GOOD: dict[str, tuple[Make, dict[str, Any]]] = {
    "assistant with version": (target, {"version": "v3"}),
    "transfer to a number": (transfer, {"number": "+12025550199", "extension": "12"}),
    "transfer to SIP": (transfer, {"sip_uri": "sip:a@b.test"}),
    "rejection": (transfer, {"kind": "reject", "message": "No."}),
    "SIP number": (number, {"number": None, "sip_uri": "sip:a@b.test"}),
    "schedule with holidays": (schedule, {"country": "US", "opening_hours": "24/7; PH off"}),
    "schedule in the customer's time": (schedule, {"timezone": "customer"}),
    "exception with hours": (exception, {"closed": False, "hours": "09:00-12:00"}),
    "campaign of one day": (campaign, {"starts_on": DAY, "ends_on": DAY, "timezone": "America/New_York"}),
    "rule of one day": (rule, {"valid_from": DAY, "valid_until": DAY, "timezone": "UTC", "customer": ["US", "+1415*"]}),
    "share of 0": (arm, {"weight": 0}),
    "attribute that exists": (attribute, {"op": "exists", "values": []}),
    "entry of an extension": (entry, {"number": "1234"}),
    "switch of 7 days": (switch, {}),
    "signature": (secret, {"kind": "hmac", "header_name": ""}),
    "key": (key, {}),
    "call without a decision": (call, {"state": "in-progress"}),
    "revision": (revision, {}),
}


@pytest.mark.parametrize(("make", "fields", "field"), REFUSED.values(), ids=REFUSED)
def test_database_refuses(make: Make, fields: dict[str, Any], field: str) -> None:
    row = make(**fields)

    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize(
    ("make", "fields", "field"),
    [case for case in REFUSED.values() if case[2]],
    ids=[name for name, case in REFUSED.items() if case[2]],
)
def test_message_stands_at_the_field(make: Make, fields: dict[str, Any], field: str) -> None:
    row = make(**fields)

    with pytest.raises(ValidationError) as refusal:
        row.full_clean()

    assert list(refusal.value.message_dict) == [field]


@pytest.mark.parametrize(("make", "fields"), GOOD.values(), ids=GOOD)
def test_good_row_passes(make: Make, fields: dict[str, Any]) -> None:
    row = make(**fields)

    row.full_clean()
    row.save()

    assert type(row)._default_manager.filter(pk=row.pk).exists()


UNIQUE: dict[str, tuple[Make, dict[str, Any], Make, dict[str, Any]]] = {
    "target's name": (target, {}, target, {"key": "other"}),
    "target's key": (target, {}, target, {"name": "Other"}),
    "schedule's name": (schedule, {}, schedule, {"key": "other"}),
    "number": (number, {}, number, {"vapi_id": "other"}),
    "number's id": (number, {}, number, {"number": "+12025550112"}),
    "campaign's slug": (campaign, {}, campaign, {}),
    "rule's position": (rule, {}, rule, {"key": "other"}),
    "revision": (revision, {}, revision, {}),
    "call at Vapi": (call, {"vapi_call_id": "1"}, call, {"vapi_call_id": "1", "id": UUID(int=1)}),
}


@pytest.mark.parametrize(("make", "fields", "make_again", "again"), UNIQUE.values(), ids=UNIQUE)
def test_same_again_is_refused(make: Make, fields: dict[str, Any], make_again: Make, again: dict[str, Any]) -> None:
    make(**fields).save()

    with pytest.raises(IntegrityError), transaction.atomic():
        make_again(**again).save(force_insert=True)


def test_same_number_twice_on_a_list_is_refused() -> None:
    row = entry()
    row.save()

    with pytest.raises(IntegrityError), transaction.atomic():
        NumberListEntry.objects.create(number_list=row.number_list, number=row.number)


def test_same_first_day_twice_in_a_schedule_is_refused() -> None:
    row = exception()
    row.save()

    with pytest.raises(IntegrityError), transaction.atomic():
        ScheduleException.objects.create(schedule=row.schedule, starts_on=DAY, ends_on=DAY, closed=True)


def test_same_target_twice_in_a_rule_is_refused() -> None:
    row = arm(weight=50)
    row.save()

    with pytest.raises(IntegrityError), transaction.atomic():
        RuleTarget.objects.create(rule=row.rule, target=row.target, weight=50)


def _in_use() -> dict[str, models.Model]:
    taker = Target.objects.create(name="Desk", kind="reject", message="Bye.")
    line = OurNumber.objects.create(vapi_id="n", number="+12025550111")
    rows: dict[str, models.Model] = {
        "target": taker,
        "number": line,
        "list": NumberList.objects.create(name="VIP"),
        "excluded list": NumberList.objects.create(name="Others"),
        "campaign": Campaign.objects.create(slug="spring", name="Spring"),
        "schedule": Schedule.objects.create(name="Office", opening_hours="24/7", timezone="UTC"),
    }
    user = Rule.objects.create(name="VIP callers", schedule=rows["schedule"])
    RuleTarget.objects.create(rule=user, target=taker)
    user.lists_any.add(rows["list"])
    user.lists_none.add(rows["excluded list"])
    user.numbers.add(line)
    user.campaigns.add(rows["campaign"])
    return rows


@pytest.mark.parametrize("name", ["target", "number", "list", "excluded list", "campaign", "schedule"])
def test_what_a_rule_uses_cannot_be_deleted(name: str) -> None:
    row = _in_use()[name]

    with pytest.raises(models.ProtectedError) as refusal:
        row.delete()

    assert any("VIP callers" in str(user) or "100 %" in str(user) for user in refusal.value.protected_objects)


@pytest.mark.parametrize("name", ["target", "number", "list", "excluded list", "campaign", "schedule"])
def test_what_no_rule_uses_any_more_can_be_deleted(name: str) -> None:
    rows = _in_use()
    Rule.objects.all().delete()

    row, pk = rows[name], rows[name].pk
    row.delete()

    assert not type(row)._default_manager.filter(pk=pk).exists()


def test_number_of_a_switch_cannot_be_deleted() -> None:
    """Without its last number a switch would hold for all of them."""
    line = number()
    line.save()
    override = switch()
    override.save()
    override.our_numbers.add(line)

    with pytest.raises(models.ProtectedError):
        line.delete()


@pytest.mark.parametrize("moment", [datetime(2026, 5, 1, 12, tzinfo=timezone.get_default_timezone())])
def test_switch_may_last_exactly_seven_days_whatever_the_fraction(moment: datetime) -> None:
    for started in (moment, moment.replace(microsecond=1), moment.replace(microsecond=999_999)):
        switch(started_at=started, until=started + timedelta(days=7)).save()

        with pytest.raises(IntegrityError), transaction.atomic():
            switch(started_at=started, until=started + timedelta(days=7, microseconds=1)).save()
