"""The figures of a span of time, in any zone, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from routing.models import Call
from routing.services.count_calls import Figures, count_calls

pytestmark = pytest.mark.django_db

BERLIN, KOLKATA, KATHMANDU = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata"), ZoneInfo("Asia/Kathmandu")
NEW_YORK = ZoneInfo("America/New_York")
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.clear()


def add(decided_at: datetime, **columns: Any) -> Call:
    known: dict[str, Any] = {
        "channel": "inbound", "state": "ended", "target_key": "desk", "target_kind": "transfer",
        "target_name": "Desk", "reason": "TARGETING_MATCH", "customer_number": "+12025550100",
    }  # fmt: skip
    return Call.objects.create(decided_at=decided_at, **known | columns)


def day_in(zone: ZoneInfo, year: int = 2026, month: int = 11, day: int = 22) -> Figures:
    midnight = datetime(year, month, day, tzinfo=zone)
    return count_calls(midnight, datetime(year, month, day + 1, tzinfo=zone), zone)


def test_calls_are_counted_by_channel_reason_state_and_target() -> None:
    noon = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    add(noon)
    add(noon, state="in-progress")
    add(noon, channel="outbound", state="failed", sandbox=True)
    add(noon, channel="outbound", state="unknown", reason="DEFAULT", target_key="reception", target_name="Reception")
    add(noon, channel="web", reason="ERROR", target_key="last-resort", target_name="Last resort", stale=True)
    add(noon, channel="web", reason="EXPLICIT", target_key="", target_name="some assistant")

    figures = day_in(ZoneInfo("UTC"))

    assert figures.total == 6
    assert figures.channels == {"inbound": 2, "outbound": 2, "web": 2}
    assert figures.states == {"ended": 3, "in-progress": 1, "failed": 1, "unknown": 1}
    assert {(line.key, line.name, line.count) for line in figures.targets} == {
        ("desk", "Desk", 3),
        ("reception", "Reception", 1),
        ("last-resort", "Last resort", 1),
        ("", "Named by the request", 1),
    }
    assert figures.targets[0].key == "desk"
    assert (figures.by_default, figures.unrouted, figures.stale, figures.sandbox) == (1, 1, 1, 1)
    assert figures.not_placed == {"refused": 0, "failed": 1, "unknown": 1}


@pytest.mark.parametrize("zone", [ZoneInfo("UTC"), BERLIN, KOLKATA, KATHMANDU, NEW_YORK], ids=str)
def test_a_day_begins_and_ends_at_midnight_of_the_zone(zone: ZoneInfo) -> None:
    midnight = datetime(2026, 11, 22, tzinfo=zone)
    add(midnight - timedelta(seconds=1))
    add(midnight)
    add(midnight + DAY - timedelta(seconds=1))
    add(midnight + DAY)

    figures = day_in(zone)

    assert figures.total == 2
    assert [column.total for column in figures.columns] == [1, *[0] * 22, 1]


@pytest.mark.parametrize("zone", [BERLIN, KOLKATA, KATHMANDU], ids=str)
def test_calls_stand_in_the_hour_that_the_clock_on_the_wall_shows(zone: ZoneInfo) -> None:
    add(datetime(2026, 11, 22, 9, 0, tzinfo=zone), channel="web")
    add(datetime(2026, 11, 22, 9, 59, 59, 999999, tzinfo=zone))
    add(datetime(2026, 11, 22, 10, 0, tzinfo=zone))

    columns = day_in(zone).columns

    assert {column.starts_at.astimezone(zone).hour: column.total for column in columns if column.total} == {9: 2, 10: 1}
    assert columns[9].counts == {"inbound": 1, "outbound": 0, "web": 1}


def test_a_day_of_a_clock_change_has_as_many_columns_as_hours() -> None:
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # half past one, twice
    add(first)
    add(first + timedelta(hours=1))

    autumn, spring = day_in(NEW_YORK, month=11, day=1).columns, day_in(NEW_YORK, month=3, day=8).columns

    assert (len(autumn), len(spring)) == (25, 23)
    assert [column.total for column in autumn[:4]] == [0, 1, 1, 0]


def test_a_week_is_shown_by_day() -> None:
    since = datetime(2026, 10, 29, tzinfo=NEW_YORK)  # the clock changes in it
    add(datetime(2026, 10, 29, 0, 0, tzinfo=NEW_YORK))
    add(datetime(2026, 11, 4, 23, 59, tzinfo=NEW_YORK))

    columns = count_calls(since, datetime(2026, 11, 5, tzinfo=NEW_YORK), NEW_YORK).columns

    assert [column.total for column in columns] == [1, 0, 0, 0, 0, 0, 1]
    assert [column.starts_at.astimezone(NEW_YORK).hour for column in columns] == [0] * 7


def test_the_slowest_answers_come_first_and_only_those_that_were_measured() -> None:
    noon = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    for answer_ms in (1.5, None, 80.25, 3.0, 0.5, 2.0, 9.0):
        add(noon, answer_ms=answer_ms)

    assert [slow.answer_ms for slow in day_in(ZoneInfo("UTC")).slowest] == [80.25, 9.0, 3.0, 2.0, 1.5]


def test_as_many_queries_whatever_the_number_of_calls_and_the_answer_is_remembered() -> None:
    for minute in range(30):
        add(datetime(2026, 11, 22, 12, minute, tzinfo=UTC))

    with CaptureQueriesContext(connection) as queries:
        first, second = day_in(BERLIN), day_in(BERLIN)

    # Six dimensions, the targets' names, one name that only the log knows, and two for the slowest answers.
    assert len(queries) <= 10
    assert first == second


def test_without_calls_there_are_empty_columns() -> None:
    figures = day_in(BERLIN)

    assert (figures.total, figures.targets, figures.slowest) == (0, (), ())
    assert [column.total for column in figures.columns] == [0] * 24
