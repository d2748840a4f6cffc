"""The simulator: the same answer as a call gets, why, and what it says to wrong input."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from routing.models import Call, EmergencySwitch, NumberListEntry, Rule, RuleTarget, Target
from routing.services.import_table import import_table
from routing.services.publish import publish
from tests.admin.conftest import TABLE, allow, client_of

pytestmark = pytest.mark.django_db
PAGE = "/admin/simulator/"
MONDAY_MORNING = {"date": "2026-04-13", "time": "10:30", "timezone": "America/New_York"}
MONDAY_NIGHT = {**MONDAY_MORNING, "time": "22:00"}


@pytest.fixture
def client(admin: User, world: dict[str, Any]) -> Client:
    return client_of(admin)


def ask(client: Client, **question: Any) -> Any:
    response = client.get(PAGE, {"channel": "inbound", **MONDAY_MORNING, **question})
    assert response.status_code == 200
    return response


def outcomes(response: Any) -> dict[str, str]:
    return {rule["ref"].key: rule["outcome"] for rule in response.context["rules"]}


ANSWERS: dict[str, tuple[dict[str, str], str, str | None]] = {
    "a VIP": ({"customer": "+1 (202) 555-0100"}, "VIP concierge answers", "vip-callers"),
    "the campaign's number": ({"customer": "+12025550101", "number": "+12025550112"}, "answers", "spring"),
    "the campaign by name": ({"channel": "outbound", "customer": "+12025550101", "campaign": "spring"}, "", "spring"),
    "Mexico": ({"customer": "+525512345678"}, "Recepción ES answers", "mexico"),
    "by day": ({"customer": "+12025550101"}, "Reception answers", None),
    "by night": ({"customer": "+12025550101", **MONDAY_NIGHT}, "Night desk answers", "closed"),
    "by night in UTC": ({"customer": "+12025550101", **MONDAY_NIGHT, "timezone": "UTC"}, "Night desk", "closed"),
    "afternoon in UTC": ({"customer": "", **MONDAY_MORNING, "time": "15:00", "timezone": "UTC"}, "Reception", None),
    "a web page, nobody there": ({"channel": "web"}, "Reception answers", None),
    "a prankster": ({"customer": "+12025550166"}, "Nobody answers: the caller hears “This number", None),
    "calling a prankster": (
        {"channel": "outbound", "customer": "+12025550166"},
        "No call begins: the request is refused with “This",
        None,
    ),
}


@pytest.mark.parametrize(("question", "who", "rule"), ANSWERS.values(), ids=ANSWERS)
def test_the_sentence_tells_who_answers(question: dict[str, str], who: str, rule: str | None, client: Client) -> None:
    response = ask(client, **question)

    assert who in response.context["who"]
    decision = response.context["decision"]
    assert (decision.rule.key if decision.rule else None) == rule


def test_every_rule_tells_what_became_of_it(client: Client) -> None:
    response = ask(client, customer="+12025550100", channel="web", attributes="plan=gold", **MONDAY_NIGHT)

    assert outcomes(response) == {
        "vip-callers": "chosen",
        "spring": "no_match",
        "mexico": "no_match",
        "nobody": "no_target_available",
        "gold": "disabled",
        "closed": "not_reached",
    }


def test_every_condition_tells_what_it_wanted_and_saw(client: Client) -> None:
    text = " ".join(ask(client, customer="+12025550101").content.decode().split())

    assert "wanted MX, seen +12025550101 (US)" in text
    assert "wanted Office hours closed, seen open (Mon 10:30 America/New_York)" in text


def test_live_and_draft_differ_until_the_draft_is_published(client: Client) -> None:
    Rule.objects.filter(key="vip-callers").update(enabled=False)

    live = ask(client, customer="+12025550100", table="live")
    draft = ask(client, customer="+12025550100", table="draft")

    assert (live.context["who"], draft.context["who"]) == ("VIP concierge answers", "Reception answers")
    assert "Decided by revision 1" in live.content.decode()
    assert "Decided by the draft" in draft.content.decode()


def test_live_data_count_at_once(client: Client, world: dict[str, Any]) -> None:
    NumberListEntry.objects.filter(number="+12025550100").update(number="+12025550101")

    assert ask(client, customer="+12025550101").context["who"] == "VIP concierge answers"


def test_the_emergency_switch_is_asked_first(client: Client) -> None:
    now = timezone.now()
    EmergencySwitch.objects.create(target=Target.objects.get(key="desk"), until=now + timedelta(hours=1))

    response = ask(client, customer="+12025550100", date="", time="")

    assert "transferred to +12025550199" in response.context["who"]
    assert response.context["why"] == "because the emergency switch is on"


def test_attributes_of_the_caller_are_not_trusted(client: Client) -> None:
    Rule.objects.filter(key="gold").update(enabled=True)
    question = {"customer": "+12025550101", "attributes": "plan=gold", "table": "draft"}

    assert ask(client, **question).context["who"] == "VIP concierge answers"
    assert ask(client, **question, untrusted="on").context["who"] == "Reception answers"


def test_a_draft_with_faults_names_them(client: Client) -> None:
    RuleTarget.objects.filter(rule__key="mexico").delete()

    text = ask(client, customer="+12025550101", table="draft").content.decode()

    assert "The draft cannot decide a call: 1 fault" in text
    assert "name at least one target" in text


TRANSFERS = {
    "inbound": "Front desk answers: the call is transferred to +12025550199",
    "outbound": "No call begins: Front desk is a transfer, which can only take calls that come in",
}


@pytest.mark.parametrize(("channel", "who"), TRANSFERS.items(), ids=TRANSFERS)
def test_a_transfer_takes_only_calls_that_come_in(channel: str, who: str, client: Client) -> None:
    RuleTarget.objects.filter(rule__key="mexico").update(target=Target.objects.get(key="desk"))

    response = ask(client, channel=channel, customer="+525512345678", table="draft")

    assert response.context["who"] == who


def test_before_anything_is_published_the_last_resort_answers(admin: User) -> None:
    response = ask(client_of(admin), customer="+12025550101")

    assert "Nobody answers" in response.context["who"]
    assert "Nothing is published yet" in response.content.decode()
    assert "the default target takes every call" not in response.content.decode()


WRONG: dict[str, tuple[dict[str, str], str, str]] = {
    "channel": ({"channel": "fax"}, "channel", "fax"),
    "nobody to dial": ({"channel": "outbound"}, "customer", "needs the number that is dialled"),
    "no number to dial": ({"channel": "outbound", "customer": "hello"}, "customer", "needs the number"),
    "endless customer": ({"customer": "1" * 300}, "customer", "at most 255"),
    "our number": ({"number": "+1999"}, "number", "+1999 is not in this table"),
    "campaign": ({"campaign": "winter"}, "campaign", "winter is not in this table"),
    "attribute without value": ({"attributes": "plan=gold\nage"}, "attributes", "Line 2, “age”"),
    "attribute without name": ({"attributes": "=gold"}, "attributes", "Line 1"),
    "attribute twice": ({"attributes": "a=1\na=2"}, "attributes", "Line 2: a stands twice"),
    "date": ({"date": "31 Feb"}, "date", "write it as 2026-12-24"),
    "time": ({"time": "25:00"}, "time", "write it as 14:30"),
    "date without time": ({"time": ""}, "time", "Write the time too"),
    "time without date": ({"date": ""}, "date", "Write the date too"),
    "skipped hour": ({"date": "2026-03-08", "time": "02:30"}, "time", "does not exist on that day"),
    "zone": ({"timezone": "Mars/Base"}, "timezone", "Mars/Base"),
    "table": ({"table": "old"}, "table", "old"),
    "NUL": ({"customer": "a\0b"}, "customer", "Null characters"),
}


@pytest.mark.parametrize(("question", "field", "message"), WRONG.values(), ids=WRONG)
def test_wrong_input_gets_a_message_and_stays(
    question: dict[str, str], field: str, message: str, client: Client
) -> None:
    response = ask(client, **question)

    assert message in " ".join(response.context["form"].errors.get(field, []))
    assert "decision" not in response.context
    assert response.context["form"][field].value() == question.get(field, response.wsgi_request.GET.get(field))


def test_the_address_holds_the_question(client: Client) -> None:
    first = ask(client, customer="+12025550101", date="", time="", attributes="plan=gold")

    again = client.get(f"{PAGE}?{first.context['address']}")

    assert again.context["understood"][0] == first.context["understood"][0]
    assert f"{again.context['form'].cleaned_data['at']:%Y-%m-%d}" in first.context["address"]
    assert again.context["form"].cleaned_data["attributes"] == {"plan": "gold"}


def test_a_link_without_a_zone_means_the_usual_one_and_tells_its_clock(client: Client) -> None:
    """The links beside rules and numbers name none; the list would offer its first zone, Africa/Abidjan."""
    response = client.get(PAGE, {"channel": "inbound", "customer": "+12025550101"})

    assert response.context["form"]["timezone"].value() == "America/New_York"
    assert dict(response.context["understood"])["At"].endswith(" America/New_York")
    assert "timezone=America%2FNew_York" in response.context["address"]


def test_an_hour_that_comes_twice_has_an_address_for_either(client: Client) -> None:
    """In New York 01:30 comes at 05:30 and at 06:30 UTC when clocks go back."""
    twice = {"date": "2026-11-01", "time": "01:30", "customer": "+12025550101"}
    first = ask(client, **twice)
    form = first.context["form"]
    later = client.get(f"{PAGE}?{form.address(form.cleaned_data['at'].astimezone(UTC) + timedelta(hours=1))}")
    again = client.get(f"{PAGE}?{later.context['address']}")
    after = client.get(f"{PAGE}?{later.context['form'].address(datetime(2026, 11, 2, 12, tzinfo=UTC))}")

    instants = [it.context["form"].cleaned_data["at"].astimezone(UTC) for it in (first, later, again, after)]

    assert [f"{at:%d %H:%M}" for at in instants] == ["01 05:30", "01 06:30", "01 06:30", "02 12:00"]
    assert dict(first.context["understood"])["At"].endswith("(it comes twice that day: the first time)")
    assert dict(later.context["understood"])["At"].endswith("(it comes twice that day: the second time)")
    assert dict(after.context["understood"])["At"].endswith("America/New_York")


def test_without_schedules_the_usual_zone_is_that_of_the_pages(admin: User, settings: Any) -> None:
    settings.TIME_ZONE = "America/Chicago"

    response = client_of(admin).get(PAGE)

    assert response.context["form"]["timezone"].value() == "America/Chicago"


def test_asking_records_nothing(client: Client) -> None:
    before = Call.objects.count()

    ask(client, customer="+12025550100")

    assert Call.objects.count() == before


def test_a_recorded_call_opens_in_the_simulator(client: Client, world: dict[str, Any]) -> None:
    page = client.get(f"/admin/routing/call/{world['call'].pk}/change/")
    address = page.content.decode().split('href="/admin/simulator/?')[1].split('"')[0].replace("&amp;", "&")

    response = client.get(f"{PAGE}?{address}")

    assert response.context["who"] == "VIP concierge answers"
    assert "VIP concierge, because rule 1 “VIP callers” matched." in page.content.decode()


def test_staff_need_the_permission_to_see_rules(staff: User, world: dict[str, Any]) -> None:
    without = client_of(staff).get(PAGE)
    with_it = client_of(allow(staff, "view_rule")).get(PAGE)

    assert (without.status_code, with_it.status_code) == (403, 200)


def test_strangers_log_in_first(world: dict[str, Any]) -> None:
    assert Client().get(PAGE)["Location"].startswith("/admin/login/")


def test_an_old_revision_is_asked_by_its_number(client: Client, admin: User) -> None:
    Rule.objects.filter(key="vip-callers").update(enabled=False)
    publish(author=admin, note="No VIPs", now=timezone.now())

    old, live = ask(client, customer="+12025550100", table="1"), ask(client, customer="+12025550100", table="2")

    assert (old.context["who"], live.context["who"]) == ("VIP concierge answers", "Reception answers")
    assert "Decided by revision 1, with the lists and switches of now" in old.content.decode()
    assert "Decided by revision 2, which is live" in live.content.decode()
    assert "Revision 2, " in live.content.decode()
    assert "No VIPs" in live.content.decode()


@pytest.mark.parametrize("table", ["99", "yesterday", "0"])
def test_a_table_that_is_not_there_is_told_at_its_field(table: str, client: Client) -> None:
    response = ask(client, customer="+12025550100", table=table)

    assert f"{table} is not in this table" not in response.content.decode()
    assert f"There is no revision {table}" in response.content.decode()
    assert "who" not in response.context


def test_the_next_change_names_the_moment_and_who_answers_then(client: Client) -> None:
    response = ask(client, customer="+12025550101")

    change = response.context["next"]
    assert (change["at"], change["who"]) == ("Monday 13 April, 17:00 (America/New_York)", "Night desk answers")
    then = client.get(f"{PAGE}?{change['address']}")
    assert then.context["who"] == "Night desk answers"


def test_no_change_is_told_too(client: Client) -> None:
    response = ask(client, customer="+12025550100")

    assert response.context["next"] is None
    assert "Nothing for 7 days" in response.content.decode()


def test_a_long_table_is_shown_around_the_rule_that_takes_the_call(client: Client) -> None:
    """Words for every rule of a long table would take seconds, and nobody would find the one that matters."""
    table = yaml.safe_load(TABLE) | {
        "rules": [
            {"name": f"Rule {place}", "when": {"customer": [f"+1202555{place:04}"]}, "then": [{"target": "desk"}]}
            for place in range(1, 301)
        ]
    }
    import_table(yaml.safe_dump(table))

    response = ask(client, customer="+12025550250", table="draft")
    earlier = client.get(f"{PAGE}?{response.context['address']}&from={response.context['rules_before']}")

    assert [rule["ref"].position for rule in response.context["rules"]] == list(range(245, 301))
    assert outcomes(response)["rule-250"] == "chosen"
    assert [rule["ref"].position for rule in earlier.context["rules"]] == list(range(145, 245))
    assert "Rules 145 to 244 of 300" in earlier.content.decode()
    assert earlier.context["who"] == response.context["who"]
