"""The dashboard: the figures of a day or a week, drawn so that everybody can read them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from routing.admin.dashboard_charts import bars, percent, round_up
from routing.admin.tools.dashboard import read_span
from routing.models import WebhookCount
from tests.admin.conftest import allow, client_of, make_call

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/dashboard/"
NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)


def page_of(user: User, day: str = "") -> str:
    response = client_of(user).get(ADDRESS, {"day": day} if day else {})
    assert response.status_code == 200
    return response.content.decode()


def test_only_those_who_may_see_calls_get_in(staff: User, world: dict[str, Any]) -> None:
    assert Client().get(ADDRESS).status_code == 302
    assert client_of(staff).get(ADDRESS).status_code == 403
    assert client_of(allow(staff, "view_call")).get(ADDRESS).status_code == 200


def test_the_sidebar_leads_to_it_for_those_who_may(staff: User, admin: User, world: dict[str, Any]) -> None:
    assert f'href="{ADDRESS}"' in client_of(admin).get(reverse("admin:index")).content.decode()
    viewer = allow(staff, "view_rule")
    assert f'href="{ADDRESS}"' not in client_of(viewer).get(reverse("admin:index")).content.decode()


def test_calls_are_drawn_and_told_in_a_table(admin: User, world: dict[str, Any]) -> None:
    make_call(
        timezone.now(),
        vapi_call_id="web",
        channel="web",
        reason="DEFAULT",
        target_key="owl",
        target_name="Night & day",
    )

    page = page_of(admin)

    assert len(re.findall(r'<rect class="sb-chart-(?:inbound|outbound|web)"', page)) == 3
    assert re.search(r"<tr>\s*<th scope=\"row\">[^<]*:00</th>(\s*<td>1</td>){3}\s*<td>3</td>", page)
    assert "Night &amp; day" in page
    assert "33 %" in page


def test_names_are_links_to_the_calls_behind_them(admin: User, world: dict[str, Any]) -> None:
    day = timezone.localdate().isoformat()

    page = page_of(admin)
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/admin/routing/call/\?[^"]*)"', page)}

    assert f"/admin/routing/call/?target_key=concierge&day={day}" in links
    assert f"/admin/routing/call/?reason__exact=TARGETING_MATCH&day={day}" in links
    for link in links:
        assert client_of(admin).get(link).status_code == 200


def test_whoever_may_not_see_numbers_sees_them_masked(staff: User, world: dict[str, Any]) -> None:
    make_call(timezone.now(), vapi_call_id="slow", answer_ms=99.5)

    page = page_of(allow(staff, "view_call"))

    assert "99.5 ms" in page
    assert "+12025550100" not in page
    assert "0100" in page


def test_messages_from_vapi_are_counted(admin: User, world: dict[str, Any]) -> None:
    WebhookCount.objects.create(hour=timezone.now(), outcome="not-json", count=17, last_at=timezone.now())

    assert re.search(r'sb-front-trouble-row"><th scope="row">Refused: not JSON</th><td>17</td>', page_of(admin))


def test_yesterday_and_the_week_can_be_chosen(admin: User, world: dict[str, Any]) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    make_call(yesterday, vapi_call_id="y", target_name="Only yesterday", target_key="yesterday")

    today, day_before, week = (page_of(admin, day) for day in ("", yesterday.date().isoformat(), "week"))

    assert ["Only yesterday" in page for page in (today, day_before, week)] == [False, True, True]
    assert "Yesterday, " in day_before
    assert "Calls by day" in week
    assert week.count('aria-current="true">Last 7 days') == 1


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("", "2026-11-22", "2026-11-22"),
        ("2026-11-20", "2026-11-20", "2026-11-20"),
        ("week", "2026-11-16", "2026-11-22"),
        ("2026-11-23", "2026-11-22", "2026-11-22"),
        ("9999-12-31", "2026-11-22", "2026-11-22"),
        ("0001-01-01", "2026-11-22", "2026-11-22"),
        ("yesterday'--", "2026-11-22", "2026-11-22"),
    ],
)
def test_days_that_make_no_sense_mean_today(asked: str, first: str, last: str) -> None:
    span, _ = read_span(asked, NOW)

    assert (span.first.isoformat(), span.last.isoformat()) == (first, last)


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(0, 0, "\N{EN DASH}"), (0, 9, "0 %"), (1, 1000, "< 1 %"), (1, 3, "33 %"), (999, 1000, "99 %"), (7, 7, "100 %")],
)
def test_shares_are_told_honestly(part: int, whole: int, words: str) -> None:
    assert percent(part, whole) == words


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 2), (1, 2), (2, 2), (3, 4), (10, 10), (11, 20), (63, 80), (100, 100), (101, 200), (5432, 6000)],
)
def test_a_scale_ends_above_the_highest_column(most: int, top: int) -> None:
    assert round_up(most) == top


def test_bars_are_as_long_as_their_share_of_the_longest() -> None:
    drawn = bars([("A", 40, "", "plain"), ("B", 10, "", "plain"), ("C", 0, "", "plain")], 50)

    assert [(bar.name, bar.width, bar.share) for bar in drawn] == [("A", 100.0, "80 %"), ("B", 25.0, "20 %")]
