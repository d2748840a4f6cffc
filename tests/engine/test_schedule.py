"""Opening hours: what is refused and how, and that threads may share them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine.schedule import build_schedule, check_schedule, is_timezone
from routing.engine.table import ScheduleException, ScheduleSpec

NEW_YORK = ZoneInfo("America/New_York")
CHRISTMAS_EVE = date(2026, 12, 24)


def spec(
    hours: str = "Mo-Fr 09:00-17:00",
    zone: str = "America/New_York",
    country: str | None = None,
    exceptions: tuple[ScheduleException, ...] = (),
) -> ScheduleSpec:
    return ScheduleSpec(
        key="office", name="Office", opening_hours=hours, timezone=zone, country=country, exceptions=exceptions
    )


def exception(first: int, last: int, hours: str | None = None) -> ScheduleException:
    return ScheduleException(starts_on=date(2026, 12, first), ends_on=date(2026, 12, last), hours=hours)


PH_LAST = "the PH part must stand last; move it to the end"
NEEDS_COUNTRY = "PH needs a country whose public holidays count"


@pytest.mark.parametrize(
    ("faulty", "field", "message"),
    [
        (spec(""), "opening_hours", "is empty; write hours such as"),
        (spec("  "), "opening_hours", "is empty; write hours such as"),
        (spec("Mo-Fr 9 to 5"), "opening_hours", "cannot be read: the fault is at character 7;"),
        (spec("always"), "opening_hours", "cannot be read: the fault is at character 1;"),
        (spec("Mo-Fr 09:00-17:00;"), "opening_hours", "cannot be read: the fault is at character 19;"),
        (spec("Mo-Fr 25:00-26:00"), "opening_hours", "cannot be read"),
        (spec("sunrise-sunset"), "opening_hours", "names the sun; write clock times"),
        (spec("Mo-Fr (Sunrise+01:00)-20:00"), "opening_hours", "names the sun; write clock times"),
        (spec("Mo-Fr 09:00-17:00; SH off"), "opening_hours", "SH (school holidays) is not known here"),
        (spec("PH off; Mo-Fr 09:00-17:00", country="US"), "opening_hours", PH_LAST),
        (spec("Mo-Fr 09:00-17:00; PH off; Sa 10:00-12:00", country="US"), "opening_hours", PH_LAST),
        (spec("PH off || Mo-Fr 09:00-17:00", country="US"), "opening_hours", PH_LAST),
        (spec("PH off, Mo-Fr 09:00-17:00", country="US"), "opening_hours", PH_LAST),
        (spec("PH 10:00-12:00, Mo-Fr 09:00-17:00", country="US"), "opening_hours", PH_LAST),
        (spec("Mo-Fr 09:00-17:00; PH off"), "country", NEEDS_COUNTRY),
        (
            spec("Mo-Fr 09:00-17:00", country="US"),
            "opening_hours",
            "country US has no effect without a PH part; add ; PH off",
        ),
        (spec('Mo-Fr 09:00-17:00 "not on PH"', country="US"), "opening_hours", "country US has no effect"),
        (spec("Mo-Fr 09:00-17:00; PH off", country="us"), "country", "no public holidays are known for 'us'"),
        (spec("Mo-Fr 09:00-17:00; PH off", country="XX"), "country", "no public holidays are known for 'XX'"),
        (spec(zone=""), "timezone", 'is missing; write an IANA zone such as America/New_York, or "customer"'),
        (spec(zone="New York"), "timezone", "'New York' is not an IANA time zone"),
        (spec(zone="Customer"), "timezone", "'Customer' is not an IANA time zone"),
        (spec(exceptions=(exception(25, 24),)), "exceptions[0].to", "2026-12-24 is before 2026-12-25"),
        (spec(exceptions=(exception(24, 24, "noon"),)), "exceptions[0].hours", "'noon' is not hours such as"),
        (
            spec(exceptions=(exception(24, 24, "Mo 09:00-12:00"),)),
            "exceptions[0].hours",
            "'Mo 09:00-12:00' is not hours",
        ),
        (spec(exceptions=(exception(24, 24, "09:00-99:00"),)), "exceptions[0].hours", "'09:00-99:00' is not hours"),
        (
            spec(exceptions=(exception(26, 28), exception(24, 26, "09:00-12:00"))),
            "exceptions",
            "2026-12-24 to 2026-12-26 and 2026-12-26 to 2026-12-28 overlap; a day can have one exception only",
        ),
        (spec(exceptions=(exception(24, 24), exception(24, 24))), "exceptions", "2026-12-24 to 2026-12-24 and"),
        (spec(exceptions=(exception(1, 31), exception(10, 11))), "exceptions", "2026-12-01 to 2026-12-31 and"),
    ],
    ids=lambda value: (
        f"{value.opening_hours!r} {value.timezone} {value.country}" if isinstance(value, ScheduleSpec) else ""
    ),
)
def test_a_faulty_schedule_says_what_to_do(faulty: ScheduleSpec, field: str, message: str) -> None:
    errors = {error.field: error for error in check_schedule(faulty)}

    assert errors[field].subject == "schedule 'office'"
    assert errors[field].message.startswith(message)
    assert len(errors) == 1


def test_overlaps_with_one_long_exception_are_all_told() -> None:
    faulty = spec(exceptions=(exception(1, 31), exception(5, 6), exception(20, 21)))

    assert len(check_schedule(faulty)) == 2


def test_every_fault_is_told_together() -> None:
    faulty = spec("PH off; sunrise-12:00", zone="Mars", exceptions=(exception(2, 1), exception(5, 5, "x")))

    fields = [error.field for error in check_schedule(faulty)]

    assert fields == [
        "opening_hours",
        "timezone",
        "opening_hours",
        "country",
        "exceptions[0].to",
        "exceptions[1].hours",
    ]


@pytest.mark.parametrize(
    "sound",
    [
        spec(),
        spec("24/7"),
        spec("off"),
        spec("mo-fr 09:00-17:00"),
        spec("Mo-Fr 22:00-06:00"),
        spec("Mo-Fr 00:00-24:00"),
        spec("Mo-Fr 09:00-12:00,13:00-17:00; Sa 10:00-12:00"),
        spec('Mo-Fr 09:00-17:00 "sunrise; SH; PH"'),
        spec("Jan-Mar Mo-Fr 09:00-17:00 || 10:00-12:00"),
        spec("Mo-Fr 09:00-17:00; PH off", country="US"),
        spec("Mo-Fr 09:00-17:00, PH off", country="US"),
        spec("Mo-Fr,PH 09:00-17:00", country="US"),
        spec("PH,Mo-Fr 09:00-17:00", country="US"),
        spec("Mo-Fr 09:00-17:00; PH 10:00-12:00,13:00-14:00", country="DE"),
        spec(zone="customer"),
        spec(zone="UTC"),
        spec(
            exceptions=(
                exception(24, 24, " 09:00-12:00 , 13:00-24:00"),
                exception(25, 26),
                exception(31, 31, "22:00-02:00"),
            )
        ),
    ],
    ids=lambda value: f"{value.opening_hours} {value.timezone} {value.country}",
)
def test_a_sound_schedule_can_be_built(sound: ScheduleSpec) -> None:
    assert check_schedule(sound) == []
    assert build_schedule(sound).name == "Office"


@pytest.mark.parametrize(
    ("hours", "country", "day", "is_open"),
    [
        ("Mo-Su 09:00-17:00, PH off", "US", date(2026, 12, 25), False),
        ("Mo-Su,PH 09:00-17:00", "US", date(2026, 12, 25), True),
        ("Mo-Fr 09:00-09:30 , 09:45-17:00", None, date(2026, 12, 25), True),
        ("Mo-Fr 09:00-09:30 , 09:45-17:00", None, date(2026, 12, 26), False),
        ("Mo-Fr 09:00-17:00 || 08:00-12:00", None, date(2026, 12, 26), True),
        ("24/7", None, date(2026, 12, 26), True),
        ("off", None, date(2026, 12, 26), False),
        ("Mo-Su 09:00-17:00 unknown", None, date(2026, 12, 26), False),
    ],
)
def test_hours_are_judged_at_ten_o_clock(hours: str, country: str | None, day: date, is_open: bool) -> None:
    schedule = build_schedule(spec(hours, country=country))

    assert schedule.is_open(datetime(day.year, day.month, day.day, 10, tzinfo=NEW_YORK), NEW_YORK) is is_open


def test_exceptions_need_no_order() -> None:
    shuffled = spec(exceptions=(exception(28, 29), exception(24, 24, "20:00-21:00")))

    schedule = build_schedule(shuffled)

    assert check_schedule(shuffled) == []
    assert schedule.is_open(datetime(2026, 12, 24, 20, tzinfo=NEW_YORK), NEW_YORK)
    assert not schedule.is_open(datetime(2026, 12, 28, 10, tzinfo=NEW_YORK), NEW_YORK)


def test_time_zones_are_those_of_iana() -> None:
    assert is_timezone("America/New_York")
    assert not is_timezone("america/new_york")
    assert not is_timezone("")
    assert not is_timezone("../etc/passwd")


def test_threads_share_a_schedule() -> None:
    schedule = build_schedule(
        spec("Mo-Fr 22:00-06:00; PH off", country="US", exceptions=(exception(24, 24, "09:00-12:00"),))
    )
    start = datetime(2026, 12, 20, tzinfo=NEW_YORK)
    instants = [start + timedelta(minutes=17 * step) for step in range(1_000)]
    alone = [schedule.is_open(at, NEW_YORK) for at in instants]

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda _: [schedule.is_open(at, NEW_YORK) for at in instants], range(16)))

    assert True in alone
    assert False in alone
    assert together == [alone] * 16


WEEKS = ["Mo-Fr 09:00-17:00", "Mo-Su 22:00-06:00", "Su 01:00-02:30", "Su 02:15-05:00", "24/7", "Mo-Su 00:00-24:00"]
CLOCK_CHANGES = ["2026-03-08T05:00:00+00:00", "2026-11-01T04:00:00+00:00", "2026-10-03T14:00:00+00:00"]
ZONES = ["America/New_York", "Europe/Madrid", "Australia/Lord_Howe", "UTC"]


@given(
    hours=st.sampled_from(WEEKS),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    start=st.sampled_from(CLOCK_CHANGES).map(datetime.fromisoformat),
    steps=st.lists(st.integers(-20_000, 20_000), min_size=2, max_size=30),
)
def test_a_remembered_answer_is_never_another_than_the_librarys(
    hours: str, zone: ZoneInfo, start: datetime, steps: list[int]
) -> None:
    """Calls do not come in the order of their instants: schedules are also asked about the past and the future."""
    schedule = build_schedule(spec(hours, zone.key))
    at = start
    for step in steps:
        at += timedelta(seconds=step)
        assert schedule.is_open(at, zone) is schedule.hours.is_open(at.astimezone(zone).replace(tzinfo=None))
