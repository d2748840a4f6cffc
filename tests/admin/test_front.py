"""The front page: who answers now, today's figures, and the checklist of a new installation."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from routing.admin.checklist import ADVICE
from routing.admin.front_numbers import SHOWN, when_words
from routing.models import (
    EmergencySwitch,
    OurNumber,
    Rule,
    SyncRun,
    SyncState,
    Target,
    WebhookCount,
    WebhookSecret,
)
from routing.services.checklist import Step
from routing.services.import_table import import_table
from routing.services.publish import publish
from routing.snapshot import store
from tests.admin.conftest import TABLE, allow, client_of, make_call

pytestmark = pytest.mark.django_db


def front(user: User, **query: str) -> str:
    response = client_of(user).get(reverse("admin:index"), query)
    assert response.status_code == 200
    return response.content.decode()


def test_each_number_says_who_answers(admin: User, world: dict[str, Any]) -> None:
    page = front(admin)

    assert "Main line" in page
    assert "+12025550112" in page
    assert "Times in UTC" in page
    assert "VIP callers" not in page  # for a caller on no list
    assert "2 rules above look at who calls: simulate" in page
    assert "/admin/simulator/?channel=inbound&amp;number=%2B12025550111&amp;customer=%2B1201" in page


def test_an_emergency_is_told_for_the_number_it_is_for(admin: User, world: dict[str, Any]) -> None:
    now = timezone.now()
    EmergencySwitch.objects.create(
        target=Target.objects.get(key="desk"), reason="Fire alarm", until=now + timedelta(hours=1), started_at=now
    )
    store.refresh()

    page = front(admin)

    assert page.count('<span class="sb-front-chip sb-danger">Emergency</span>') == 2
    assert "transferred to +12025550199" in page


def test_numbers_gone_at_vapi_and_numbers_not_published_are_told(admin: User, world: dict[str, Any]) -> None:
    OurNumber.objects.filter(number="+12025550112").update(missing_since=timezone.now())
    OurNumber.objects.create(vapi_id="new", number="+12025550113", name="Not yet")

    page = front(admin)

    assert "1 number is gone at Vapi" in page
    assert page.count("Gone at Vapi</span>") == 1
    assert "1 more number is not published yet" in page


def test_many_numbers_are_shown_in_part_found_by_name_and_shown_all(admin: User) -> None:
    import_table(TABLE)
    for place in range(SHOWN + 5):
        OurNumber.objects.create(vapi_id=f"n{place}", number=f"+1303555{place:04}", name=f"Branch {place}")
    publish(author=admin, note="", now=timezone.now())
    store.refresh()

    assert front(admin).count('class="sb-front-number"') == SHOWN
    assert f"{SHOWN} of {SHOWN + 7} numbers" in front(admin)
    assert front(admin, all="1").count('class="sb-front-number"') == SHOWN + 7
    assert front(admin, q="branch 54").count('class="sb-front-number"') == 1
    assert front(admin, q="(303) 555-0054").count('class="sb-front-number"') == 1
    assert "No number matches “nowhere”" in front(admin, q="nowhere")


def test_more_numbers_need_no_more_queries(admin: User, world: dict[str, Any]) -> None:
    client = client_of(admin)
    client.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("admin:index"))
    for place in range(20):
        OurNumber.objects.create(vapi_id=f"n{place}", number=f"+1303555{place:04}", name=f"Branch {place}")
    publish(author=admin, note="", now=timezone.now())
    client.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as many:
        assert client.get(reverse("admin:index")).content.count(b'class="sb-front-number"') == 22

    assert len(many) <= len(few)


@pytest.mark.parametrize("query", ["<script>alert(1)</script>", "'", "\u202eabc", "٣٣٣", "x" * 5000])
def test_odd_searches_find_nothing_and_break_nothing(query: str, admin: User, world: dict[str, Any]) -> None:
    page = front(admin, q=query)

    assert "<script>alert" not in page
    assert 'class="sb-front-number"' not in page


def test_before_anything_is_published_the_last_resort_is_told(admin: User) -> None:
    page = front(admin)

    assert "Nothing is published yet: every caller gets the last resort" in page
    assert "No calls yet" in page


def test_todays_figures_stand_below(admin: User, world: dict[str, Any]) -> None:
    make_call(timezone.now(), vapi_call_id="x", channel="web", reason="ERROR", answer_ms=1234.4)
    WebhookCount.objects.create(hour=timezone.now(), outcome="unauthorized", count=7, last_at=timezone.now())

    page = front(admin)

    assert "Revision 1</a> is live, published by boss" in page
    assert 'aria-label="Calls: 3"' in page
    assert 'aria-label="Failed webhooks: 7"' in page
    assert "1,234 ms" in page


def test_everybody_sees_what_they_may_see(staff: User, world: dict[str, Any]) -> None:
    assert "Your account may not see numbers or calls" in front(staff)

    caller = allow(staff, "view_call")
    assert "Calls by hour" in front(caller)
    assert "Who answers now" not in front(caller)

    both = allow(staff, "view_ournumber")
    assert "Who answers now" in front(both)
    assert "Set-up:" not in front(both)


def test_anonymous_people_log_in_first() -> None:
    assert "/login/" in Client().get(reverse("admin:index")).headers["Location"]


@pytest.mark.parametrize("role", ["Routing viewer", "Routing editor", "Routing publisher", "Routing auditor"])
def test_the_page_opens_for_every_role(role: str, staff: User, world: dict[str, Any]) -> None:
    staff.groups.add(Group.objects.get(name=role))

    assert "Who answers now" in front(User.objects.get(pk=staff.pk))


NOW = datetime.fromisoformat("2026-11-22T15:30:00+00:00")


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-11-22T17:00:00+00:00", "today 17:00"),
        ("2026-11-23T00:00:00+00:00", "tomorrow 00:00"),
        ("2026-11-23T09:00:00+00:00", "tomorrow 09:00"),
        ("2026-11-24T09:00:00+00:00", "Tue 24 Nov, 09:00"),
        ("2026-11-22T16:59:20+00:00", "today 17:00"),
        ("2026-11-22T23:59:59.5+00:00", "tomorrow 00:00"),
    ],
)
def test_an_end_is_told_as_people_say_it(at: str, words: str) -> None:
    assert when_words(datetime.fromisoformat(at), NOW) == words


def test_an_end_is_told_in_the_zone_of_the_pages(settings: Settings) -> None:
    settings.TIME_ZONE = "America/New_York"
    with timezone.override("America/New_York"):
        assert when_words(datetime.fromisoformat("2026-11-23T02:00:00+00:00"), NOW) == "today 21:00"


# The checklist


def steps(page: str) -> str:
    return page[page.index("Set-up:") : page.index("Set-up:") + 40]


def test_a_new_installation_is_told_what_to_do(admin: User) -> None:
    page = front(admin)

    assert "Set-up: 0 of 10 steps done" in page
    assert "<details open>" in page
    for advice in ADVICE.values():
        assert advice.title in page
    assert reverse("admin:routing_rule_add") in page


def test_every_step_has_its_advice() -> None:
    assert set(ADVICE) == set(Step)


def test_each_step_counts_once_it_is_done(admin: User, settings: Settings) -> None:
    settings.VAPI_API_KEY = "key"
    assert "1 of 10" in steps(front(admin))
    now = timezone.now()
    SyncRun.objects.create(state=SyncState.DONE, started_at=now, touched_at=now)
    assert "2 of 10" in steps(front(admin))
    import_table(TABLE)
    assert "6 of 10" in steps(front(admin))  # targets, numbers, default target, rules
    WebhookSecret.objects.create(name="Production", secret="open sesame")
    store.refresh()
    assert "7 of 10" in steps(front(admin))
    publish(author=admin, note="", now=now)
    assert "8 of 10" in steps(front(admin))
    WebhookCount.objects.create(hour=now, outcome="noted", count=1, last_at=now)
    assert "9 of 10" in steps(front(admin))
    make_call(now)
    assert "Set-up:" not in front(admin)


def test_a_checklist_that_is_done_does_not_come_back(admin: User, settings: Settings) -> None:
    test_each_step_counts_once_it_is_done(admin, settings)

    Rule.objects.all().delete()

    assert "Set-up:" not in front(admin)


def test_whoever_hides_the_checklist_does_not_see_it_again_in_this_session(admin: User) -> None:
    client = client_of(admin)

    response = client.post(reverse("admin:dismiss_checklist"))

    assert response.headers["Location"] == reverse("admin:index")
    assert "Set-up:" not in client.get(reverse("admin:index")).content.decode()
    assert "Set-up:" in front(admin)


def test_only_those_who_see_the_checklist_may_hide_it(staff: User, admin: User) -> None:
    assert client_of(staff).post(reverse("admin:dismiss_checklist")).status_code == 403
    assert client_of(admin).get(reverse("admin:dismiss_checklist")).status_code == 405
    assert Client().post(reverse("admin:dismiss_checklist")).status_code == 302


def test_links_lead_only_where_this_person_may_go(staff: User) -> None:
    page = front(allow(staff, "change_rule", "add_rule"))

    assert reverse("admin:routing_rule_add") in page
    assert reverse("admin:routing_target_add") not in page
    assert reverse("admin:connection") not in page
