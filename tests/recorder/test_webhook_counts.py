"""Counting server messages in memory, and adding the counts to the database."""

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from pytest_django import DjangoAssertNumQueries, Settings

from routing.models import WebhookCount
from routing.recorder import background
from routing.recorder.webhook_counts import MOST_KEYS, WebhookCounter, counter
from tests.snapshot.live_rows import eventually

NOON = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
HOUR = NOON.replace(minute=0)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    counter.forget()
    yield
    counter.forget()


def rows() -> list[tuple[Any, ...]]:
    return list(WebhookCount.objects.order_by("hour", "outcome").values_list("hour", "outcome", "count", "detail"))


@pytest.mark.django_db
def test_each_hour_and_outcome_has_its_row() -> None:
    counter.count("answered", NOON, "assistant-request")
    counter.count("answered", NOON + SECOND, "campaign.predial")
    counter.count("unauthorized", NOON, "no-secrets")
    counter.count("answered", NOON + timedelta(hours=1), "assistant-request")

    counter.store()

    assert rows() == [
        (HOUR, "answered", 2, "campaign.predial"),
        (HOUR, "unauthorized", 1, "no-secrets"),
        (HOUR + timedelta(hours=1), "answered", 1, "assistant-request"),
    ]


@pytest.mark.django_db
def test_processes_add_to_the_same_row_and_the_latest_message_is_told_about() -> None:
    one, other = WebhookCounter(), WebhookCounter()
    one.count("unauthorized", NOON + SECOND, "clock: +400")
    other.count("unauthorized", NOON, "no-secrets")
    other.count("unauthorized", NOON, "no-secrets")

    one.store()
    other.store()

    assert rows() == [(HOUR, "unauthorized", 3, "clock: +400")]
    assert WebhookCount.objects.get().last_at == NOON + SECOND


@pytest.mark.django_db
def test_what_is_stored_is_not_stored_again(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    counter.count("noted", NOON)
    counter.store()

    with django_assert_num_queries(0):
        counter.store()

    assert rows() == [(HOUR, "noted", 1, "")]


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_down_the_counts_are_kept() -> None:
    counter.count("answered", NOON)
    counter.count("noted", NOON)
    refused: list[str] = []

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        refused.append(sql)
        if len(refused) > 2:  # the first row gets in
            raise OperationalError("the server went away")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse), pytest.raises(OperationalError):
        counter.store()
    counter.count("noted", NOON + SECOND, "later")
    counter.store()

    assert [row[1:] for row in rows()] == [("answered", 1, ""), ("noted", 2, "later")]


@pytest.mark.django_db
def test_only_so_much_waits_and_the_oldest_hours_go_first() -> None:
    for hour in range(MOST_KEYS + 3):
        counter.count("answered", NOON + timedelta(hours=hour))

    counter.store()

    assert WebhookCount.objects.count() == MOST_KEYS
    assert rows()[0][0] == HOUR + timedelta(hours=3)


@pytest.mark.django_db
def test_odd_details_are_made_to_fit() -> None:
    counter.count("noted", NOON, "\0\ud800" + "é" * 300)

    counter.store()

    assert rows() == [(HOUR, "noted", 1, "?" + "é" * 254)]


@pytest.mark.django_db
def test_threads_lose_nothing() -> None:
    def count_many() -> None:
        for _ in range(2_000):
            counter.count("answered", NOON)

    threads = [threading.Thread(target=count_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counter.store()

    assert rows() == [(HOUR, "answered", 8_000, "")]


def test_a_forked_child_leaves_its_parents_counts_to_the_parent() -> None:
    counter.count("answered", NOON)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(len(counter._tallies)).encode())
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(reading, 9) == b"0"
    assert len(counter._tallies) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("spool_path")
def test_the_thread_stores_them_now_and_then_and_when_it_stops(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ROUTING_POLL_SECONDS = 1
    monkeypatch.setattr(background, "INTERVAL_SECONDS", 0.02)
    counter.count("answered", NOON)
    background.start()
    assert eventually(lambda: [row[2] for row in rows()] == [1])
    counter.count("answered", NOON)

    background.stop()

    assert [row[2] for row in rows()] == [2]
