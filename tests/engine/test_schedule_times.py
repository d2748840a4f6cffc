"""When schedules open and close: days, changes of clocks, holidays, and that lists agree with decisions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from routing.engine.schedule import Schedule, build_schedule, overlaps
from routing.engine.schedule_times import clock_changes, holiday_countries, public_holidays, spans, turns
from routing.engine.table import ScheduleException, ScheduleSpec

NEW_YORK = ZoneInfo("America/New_York")
SANTIAGO = ZoneInfo("America/Santiago")


def schedule(hours: str, country: str | None = None, *exceptions: ScheduleException) -> Schedule:
    return build_schedule(
        ScheduleSpec(
            key="s", name="S", opening_hours=hours, timezone="UTC", country=country, exceptions=tuple(exceptions)
        )
    )


def closed(day: date) -> ScheduleException:
    return ScheduleException(starts_on=day, ends_on=day, hours=None)


@pytest.mark.parametrize(
    ("hours", "day", "expected"),
    [
        ("Mo-Fr 09:00-12:00,13:00-17:00", date(2026, 11, 23), [(540, 720), (780, 1020)]),
        ("Mo-Fr 09:00-17:00", date(2026, 11, 22), []),
        ("24/7", date(2026, 11, 22), [(0, 1440)]),
        ("Mo-Fr 22:00-06:00", date(2026, 11, 23), [(1320, 1440)]),
        ("Mo-Fr 22:00-06:00", date(2026, 11, 28), [(0, 360)]),
        ("Mo-Fr 09:00-17:00; PH off", date(2026, 11, 26), []),
        ("Mo-Fr 09:00-17:00 unknown", date(2026, 11, 23), []),
    ],
)
def test_a_day_has_its_open_hours(hours: str, day: date, expected: list[tuple[int, int]]) -> None:
    found = spans(schedule(hours, "US" if "PH" in hours else None), day)

    assert [(span.start, span.end) for span in found] == expected


def test_a_closed_day_ends_the_night_before_it_and_the_early_hours_after_it_are_open() -> None:
    nights = schedule("Mo-Su 22:00-06:00", None, closed(date(2026, 12, 24)))

    found = [spans(nights, date(2026, 12, day)) for day in (23, 24, 25)]

    assert [[(span.start, span.end) for span in day] for day in found] == [
        [(0, 360), (1320, 1440)],
        [],
        [(0, 360), (1320, 1440)],
    ]


@pytest.mark.parametrize(
    ("hours", "zone", "since", "expected"),
    [
        (
            "Mo-Fr 09:00-17:00",
            NEW_YORK,
            datetime(2026, 11, 20, 21, tzinfo=UTC),
            [("2026-11-20 22:00", False), ("2026-11-23 14:00", True)],
        ),
        ("24/7", NEW_YORK, datetime(2026, 11, 20, tzinfo=UTC), []),
        ("off", NEW_YORK, datetime(2026, 11, 20, tzinfo=UTC), []),
        # 01:30 comes twice: both are open, so it opens twice and the change of clocks closes in between.
        (
            "2026 Nov 01 01:30-01:45",
            NEW_YORK,
            datetime(2026, 11, 1, 4, tzinfo=UTC),
            [
                ("2026-11-01 05:30", True),
                ("2026-11-01 05:45", False),
                ("2026-11-01 06:30", True),
                ("2026-11-01 06:45", False),
            ],
        ),
        # 02:00 to 03:00 does not exist on that day.
        ("2026 Mar 08 02:15-02:45", NEW_YORK, datetime(2026, 3, 8, 4, tzinfo=UTC), []),
        # The end lies in the missing hour: the clocks close.
        (
            "2026 Mar 08 01:00-02:30",
            NEW_YORK,
            datetime(2026, 3, 8, 4, tzinfo=UTC),
            [("2026-03-08 06:00", True), ("2026-03-08 07:00", False)],
        ),
        (
            "2026 Mar 08 02:30-04:00",
            NEW_YORK,
            datetime(2026, 3, 8, 4, tzinfo=UTC),
            [("2026-03-08 07:00", True), ("2026-03-08 08:00", False)],
        ),
    ],
    ids=["office", "always", "never", "twice", "missing", "end missing", "start missing"],
)
def test_turns_are_instants(hours: str, zone: ZoneInfo, since: datetime, expected: list[tuple[str, bool]]) -> None:
    found = islice(turns(schedule(hours), zone, since), max(len(expected), 1))

    assert [(f"{turn.at:%Y-%m-%d %H:%M}", turn.opens) for turn in found] == expected


def test_a_turn_that_only_the_clocks_make_says_so() -> None:
    spring = schedule("2026 Mar 08 01:00-02:30")

    found = list(turns(spring, NEW_YORK, datetime(2026, 3, 8, 4, tzinfo=UTC)))

    assert [turn.by_clock for turn in found] == [False, True]


@pytest.mark.parametrize("zone", [NEW_YORK, SANTIAGO], ids=str)
@pytest.mark.parametrize("hours", ["Mo-Su 00:15-01:30", "Mo-Su 22:00-01:15", "Mo-Su 02:15-02:45,23:30-24:00"])
def test_between_two_turns_every_decision_is_the_same(hours: str, zone: ZoneInfo) -> None:
    asked, start = schedule(hours), datetime(2026, 3, 1, tzinfo=UTC)
    known = {turn.at: turn.opens for turn in turns(asked, zone, start)}
    is_open = asked.is_open(start, zone)

    for step in range(1, 365 * 24 * 4):
        at = start + timedelta(minutes=15 * step)
        is_open = known.pop(at, is_open)
        assert asked.is_open(at, zone) is is_open, at


def test_changes_of_clocks_are_found_to_the_second() -> None:
    found = clock_changes(NEW_YORK, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC))

    assert [(change.at, f"{change.before:%d %H:%M}", f"{change.after:%d %H:%M}") for change in found] == [
        (datetime(2026, 3, 8, 7, tzinfo=UTC), "08 02:00", "08 03:00"),
        (datetime(2026, 11, 1, 6, tzinfo=UTC), "01 02:00", "01 01:00"),
    ]
    assert clock_changes(ZoneInfo("UTC"), datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)) == ()


def test_holidays_are_those_of_the_country() -> None:
    spain = public_holidays("ES", date(2026, 12, 1), date(2026, 12, 31))

    assert date(2026, 12, 8) in spain
    assert date(2026, 12, 8) not in public_holidays("US", date(2026, 12, 1), date(2026, 12, 31))
    assert public_holidays("XX", date(2026, 1, 1), date(2026, 12, 31)) == ()
    assert {"US", "ES", "DE"} <= set(holiday_countries())
    assert "XX" not in holiday_countries()


def test_overlaps_name_the_places_of_both() -> None:
    def days(first: int, last: int) -> ScheduleException:
        return ScheduleException(starts_on=date(2026, 12, first), ends_on=date(2026, 12, last), hours=None)

    assert list(overlaps([days(20, 21), days(1, 31), days(5, 6)])) == [(1, 2), (1, 0)]
    assert list(overlaps([days(2, 3), days(1, 1), days(4, 4)])) == []
    assert list(overlaps([])) == []
