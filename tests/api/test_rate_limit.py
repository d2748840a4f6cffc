"""Publishable keys may be used so many times a minute, by all processes together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from routing.models import ApiKey, RequestRate
from routing.services.limit_rate import count_request
from tests.api.conftest import make_api
from tests.api.world import FakeVapi

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SHOP = "https://shop.example.com"


def test_a_key_that_is_used_too_often_waits_for_the_next_minute(vapi: FakeVapi) -> None:
    page = make_api("publishable", allowed_origins=[SHOP], requests_per_minute=2)
    answers = []

    for seconds in (5, 20, 41.5, 59.9, 60):
        with time_machine.travel(NOON + timedelta(seconds=seconds), tick=False):
            answers.append(page.post("call/web", {}, Origin=SHOP))

    assert [answer.status_code for answer in answers] == [201, 201, 429, 429, 201]
    assert [answer.headers.get("Retry-After") for answer in answers] == [None, None, "19", "1", None]
    assert answers[2].json() == {
        "message": "Rate limit exceeded: all visitors together used this key too often; try again in 19 seconds.",
        "error": "Too Many Requests",
        "statusCode": 429,
    }
    assert answers[2].headers["Access-Control-Allow-Origin"] == SHOP
    assert len(vapi.sent) == 3


def test_each_key_counts_for_itself_and_servers_not_at_all(vapi: FakeVapi) -> None:
    pages = [make_api("publishable", allowed_origins=["*"], requests_per_minute=2) for _ in range(2)]
    server = make_api("secret", requests_per_minute=1)

    with time_machine.travel(NOON, tick=False):
        statuses = [api.post("call/web", {}).status_code for api in [*pages, *pages, *pages, server, server]]

    assert statuses == [201, 201, 201, 201, 429, 429, 201, 201]


def test_other_pages_and_strangers_do_not_use_a_key_up(vapi: FakeVapi) -> None:
    page = make_api("publishable", allowed_origins=[SHOP], requests_per_minute=1)

    with time_machine.travel(NOON, tick=False):
        assert page.post("call/web", {}, Origin="https://evil.example.com").status_code == 403
        assert page.post("call/web", {}, Origin=SHOP).status_code == 201


def test_a_key_leaves_one_row_however_long_it_is_used(published: None) -> None:
    key, _ = ApiKey.objects.create_key("Shop", "publishable", requests_per_minute=1)

    for minutes in range(5):
        count_request(key, now=NOON + timedelta(minutes=minutes))

    row = RequestRate.objects.get()
    assert (row.minute, row.count) == (NOON + timedelta(minutes=4), 1)


def test_a_clock_that_is_behind_lets_nobody_through_twice(published: None) -> None:
    key, _ = ApiKey.objects.create_key("Shop", "publishable", requests_per_minute=1)

    assert count_request(key, now=NOON + timedelta(seconds=1)) is None

    assert count_request(key, now=NOON - timedelta(seconds=1)) == timedelta(seconds=1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("before", [None, NOON - timedelta(minutes=1)], ids=["first use", "new minute"])
def test_requests_at_the_same_instant_share_the_limit(before: datetime | None) -> None:
    key, _ = ApiKey.objects.create_key("Shop", "publishable", requests_per_minute=10)
    if before is not None:
        count_request(key, now=before)

    def ask(_: int) -> bool:
        try:
            return count_request(key, now=NOON) is None
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as threads:
        passed = sum(threads.map(ask, range(40)))

    assert passed == 10
    assert RequestRate.objects.get().count == 10
