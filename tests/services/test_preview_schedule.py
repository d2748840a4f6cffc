"""The preview of a schedule: now, next days, changes with their reasons, holidays and months."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from routing.engine.table import ScheduleException, ScheduleSpec
from routing.services.preview_schedule import Day, has_night, preview_schedule

TUESDAY = datetime(2026, 11, 24, 19, 5, tzinfo=UTC)  # 14:05 in New York


def spec(hours: str = "Mo-Fr 09:00-17:00; PH off", **fields: Any) -> ScheduleSpec:
    usual = {"timezone": "America/New_York", "country": "US" if "PH" in hours else None}
    return ScheduleSpec(key="s", name="S", opening_hours=hours, **{**usual, **fields})


def exception(first: date, last: date | None = None, hours: str | None = None, note: str = "") -> ScheduleException:
    return ScheduleException(starts_on=first, ends_on=last or first, hours=hours, note=note)


@pytest.mark.parametrize(
    ("hours", "zone", "is_open", "now", "until"),
    [
        ("Mo-Fr 09:00-17:00", "America/New_York", True, "Tue 14:05", "24 17:00"),
        ("Mo-Fr 09:00-17:00", "Europe/Madrid", False, "Tue 20:05", "25 09:00"),
        ("24/7", "America/New_York", True, "Tue 14:05", None),
        ("off", "America/New_York", False, "Tue 14:05", None),
    ],
)
def test_it_tells_the_time_there_and_until_when(
    hours: str, zone: str, is_open: bool, now: str, until: str | None
) -> None:
    (found,) = preview_schedule(spec(hours, timezone=zone), now=TUESDAY).standings

    assert (found.is_open, f"{found.now:%a %H:%M}") == (is_open, now)
    assert (f"{found.until:%d %H:%M}" if found.until else None) == until


def test_customers_time_is_shown_for_callers_of_several_places() -> None:
    preview = preview_schedule(spec("Mo-Fr 09:00-17:00", timezone="customer"), now=TUESDAY)

    assert preview.in_customer_time
    assert {found.zone: found.is_open for found in preview.standings} == {
        "America/New_York": True,
        "America/Los_Angeles": True,
        "America/Mexico_City": True,
        "Europe/Madrid": False,
    }
    assert not any(day.clock_change for month in preview.months for day in month)


def test_changes_say_what_is_special_about_their_day_and_what_they_pass_over() -> None:
    eve = exception(date(2026, 11, 25), hours="09:00-12:00", note="Inventory")

    changes = preview_schedule(spec(exceptions=(eve,)), now=TUESDAY).changes

    assert len(changes) == 8
    assert [(f"{change.at:%a %H:%M}", change.opens) for change in changes[:4]] == [
        ("Tue 17:00", False),
        ("Wed 09:00", True),
        ("Wed 12:00", False),
        ("Fri 09:00", True),
    ]
    assert changes[2].on.exception == eve
    assert [(day.day, day.is_holiday) for day in changes[3].passed] == [(date(2026, 11, 26), True)]


def test_a_change_that_the_clocks_make_is_marked() -> None:
    spring = spec("Su 01:00-02:30")

    changes = preview_schedule(spring, now=datetime(2026, 3, 8, 4, tzinfo=UTC)).changes

    found = [(f"{change.at:%d %H:%M}", change.by_clock) for change in changes[:2]]
    assert found == [("08 01:00", False), ("08 03:00", True)]


def test_the_week_begins_with_the_day_it_is_there() -> None:
    week = preview_schedule(spec(timezone="Asia/Tokyo"), now=TUESDAY).week

    assert [day.day.day for day in week] == [25, 26, 27, 28, 29, 30, 1]
    assert week[1].is_holiday
    assert week[1].spans == ()


def day_of(days: tuple[Day, ...], day: date) -> Day:
    return next(found for found in days if found.day == day)


def test_months_mark_exceptions_and_changes_of_clocks() -> None:
    fair = exception(date(2026, 10, 30), date(2026, 11, 2), "10:00-20:00", "Fair")

    october, november = preview_schedule(spec(exceptions=(fair,)), now=TUESDAY, month=date(2026, 10, 5)).months

    assert (len(october), len(november)) == (31, 30)
    assert day_of(october, date(2026, 10, 31)).exception == fair
    sunday = day_of(november, date(2026, 11, 1))
    assert sunday.clock_change
    assert sunday.clock_change.after < sunday.clock_change.before
    assert [span.start for span in sunday.spans] == [600]


def test_holidays_of_a_year_have_the_hours_they_will_have() -> None:
    christmas = exception(date(2026, 12, 25), hours="09:00-12:00")

    holidays = preview_schedule(spec(exceptions=(christmas,)), now=TUESDAY).holidays

    assert day_of(holidays, date(2026, 12, 25)).spans
    assert not day_of(holidays, date(2026, 11, 26)).spans
    assert holidays[-1].day <= date(2027, 11, 24)


@pytest.mark.parametrize(
    ("faulty", "field"),
    [
        (spec("Mo-Fr 9 to 5"), "opening_hours"),
        (spec(timezone="Mars"), "timezone"),
        (spec("Mo-Fr 09:00-17:00", country="ES"), "opening_hours"),
    ],
)
def test_faults_leave_no_picture_but_the_holidays(faulty: ScheduleSpec, field: str) -> None:
    preview = preview_schedule(faulty, now=TUESDAY)

    assert [fault.field for fault in preview.faults] == [field]
    assert (preview.standings, preview.months) == ((), ())
    assert bool(preview.holidays) is bool(faulty.country)


def test_a_faulty_exception_is_told_and_left_out() -> None:
    lines = (exception(date(2026, 11, 25), hours="noon"), exception(date(2026, 11, 27), hours="10:00-11:00"))

    preview = preview_schedule(spec(exceptions=lines), now=TUESDAY)

    assert [fault.field for fault in preview.faults] == ["exceptions[0].hours"]
    assert [len(day.spans) for day in preview.week[:4]] == [1, 1, 0, 1]
    assert preview.week[1].exception is None


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ("Mo-Fr 22:00-06:00", True),
        ("Mo-Fr 22:00-26:00", True),
        ("Mo 10:00-10:00", True),
        ("Mo-Fr 09:00-24:00", False),
        ("24/7", False),
    ],
)
def test_nights_are_noticed(hours: str, expected: bool) -> None:
    assert has_night(hours) is expected
