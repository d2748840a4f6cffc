"""Schedules at random instants around changes of the clock and holidays, against plain arithmetic written here.

The oracle knows datetime and zoneinfo only: neither the library nor our way of writing a schedule. It takes the public
holidays of two countries that move none to another weekday, and reckons Easter itself.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from routing.engine.schedule import build_schedule
from routing.engine.table import ScheduleException, ScheduleSpec
from tests.faults.report import Promise, report

DAYS = "Mo Tu We Th Fr Sa Su".split()
ZONES = (
    "America/New_York Europe/London Europe/Berlin Australia/Lord_Howe America/Santiago Asia/Kathmandu "
    "Pacific/Apia Africa/Casablanca America/St_Johns Pacific/Chatham Asia/Tehran UTC"
).split()
FIRST_DAY, DAYS_LONG = date(2025, 1, 1), 3 * 365
WHOLE_DAY = 24 * 60
ASKED_PER_SCHEDULE = 50
QUICK, LONG = 3_000, 100_000

Span = tuple[int, int]  # minutes of the local day; an end above 24:00 is on the next day


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Opening hours as plain numbers: by weekday, by date where an exception stands, and of public holidays."""

    weekly: dict[int, tuple[Span, ...]]
    dated: dict[date, tuple[Span, ...]]
    country: str = ""
    on_holidays: tuple[Span, ...] = ()

    def is_special(self, day: date) -> bool:
        """Tell whether a day has hours of its own, whatever its weekday."""
        return day in self.dated or day in HOLIDAYS[self.country]

    def spans(self, day: date) -> tuple[Span, ...]:
        """Return the hours that begin on a day."""
        if day in self.dated:
            return self.dated[day]
        return self.on_holidays if self.is_special(day) else self.weekly.get(day.weekday(), ())

    def is_open(self, at: datetime, zone: ZoneInfo) -> bool:
        """Ask the wall clock: hours of today, and those of last night unless today stands for itself.

        A dated exception, or a holiday, is about its own day only: the early hours after it belong to the weekly night.
        """
        wall = at.astimezone(zone)
        today, minute = wall.date(), wall.hour * 60 + wall.minute
        if any(start <= minute < end for start, end in self.spans(today)):
            return True
        if self.is_special(today):
            return False  # such a day is told all about, from 00:00 on
        last_night = self.weekly.get((today - timedelta(days=1)).weekday(), ())
        return any(minute + WHOLE_DAY < end for _, end in last_night)

    def spec(self, zone: str) -> ScheduleSpec:
        """Write it as staff would."""
        by_hours: dict[tuple[Span, ...], list[str]] = {}
        for day, spans in sorted(self.weekly.items()):
            by_hours.setdefault(spans, []).append(DAYS[day])
        weekly = "; ".join(f"{','.join(days)} {_write(spans)}" for spans, days in by_hours.items())
        if self.country:
            weekly += f"; PH {_write(self.on_holidays) or 'off'}"
        exceptions = tuple(
            ScheduleException(starts_on=day, ends_on=day, hours=_write(spans) if spans else None)
            for day, spans in sorted(self.dated.items())
        )
        return ScheduleSpec(
            key="s", name="S", opening_hours=weekly, timezone=zone, country=self.country, exceptions=exceptions
        )


def holidays(country: str) -> frozenset[date]:
    """Return the days on which everybody in the country is off, of every year that is asked about."""
    years = range(FIRST_DAY.year - 1, FIRST_DAY.year + DAYS_LONG // 365 + 2)
    fixed, after_easter = KNOWN_HOLIDAYS[country]
    moving = {easter(year) + timedelta(days=days) for year in years for days in after_easter}
    return frozenset(moving | {date(year, month, day) for year in years for month, day in fixed})


def easter(year: int) -> date:
    """Return Easter Sunday by the rule of Gauss, as corrected by Butcher for the Gregorian calendar."""
    century, golden = year // 100, year % 19
    skipped = (century - century // 4 - (8 * century + 13) // 25 + 19 * golden + 15) % 30
    moon = skipped - (skipped // 28) * (1 - (29 // (skipped + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    return date(year, 3, 28) + timedelta(days=moon - weekday)


# Month and day, and days after Easter Sunday.
KNOWN_HOLIDAYS: dict[str, tuple[tuple[Span, ...], tuple[int, ...]]] = {
    "": ((), ()),
    "DE": (((1, 1), (5, 1), (10, 3), (12, 25), (12, 26)), (-2, 1, 39, 50)),
    "FR": (((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)), (1, 39, 50)),
}
HOLIDAYS = {country: holidays(country) for country in KNOWN_HOLIDAYS}


def test_easter_is_reckoned_right() -> None:
    assert [easter(year) for year in (2024, 2025, 2026, 2027, 2038)] == [
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2026, 4, 5),
        date(2027, 3, 28),
        date(2038, 4, 25),
    ]


def soak(count: int, seed: int) -> tuple[int, int]:
    """Ask ``count`` times and return how many instants were open, and how many near a change of the clock."""
    chance, opened, near = random.Random(seed), 0, 0
    changes = {name: _clock_changes(ZoneInfo(name)) for name in ZONES}
    for _ in range(count // ASKED_PER_SCHEDULE):
        name = chance.choice(ZONES)
        zone, plan = ZoneInfo(name), _plan(chance)
        schedule = build_schedule(plan.spec(name))
        at, is_near = _instant(chance, plan, zone, changes[name])
        for _ in range(ASKED_PER_SCHEDULE):
            if chance.random() < 0.5:  # as calls come: soon after each other, while an answer is remembered
                at += timedelta(seconds=chance.randrange(2 * 3600))
            else:
                at, is_near = _instant(chance, plan, zone, changes[name])
            expected = plan.is_open(at, zone)
            assert schedule.is_open(at, zone) == expected, (at.isoformat(), name, plan.spec(name))
            opened, near = opened + expected, near + is_near
    return opened, near


def test_schedules_agree_with_plain_arithmetic() -> None:
    """Sabotage seen to fail: ask `Schedule.is_open` in UTC, let what it holds outlive a change of the clock; forget the
    holidays' country, or that a holiday ends the night before it.
    """
    opened, near = soak(QUICK, seed=8)

    assert QUICK * 0.1 < opened < QUICK * 0.9
    assert near > QUICK * 0.1


@pytest.mark.faults
def test_a_hundred_thousand_instants_agree_with_plain_arithmetic() -> None:
    """Sabotage seen to fail: as above."""
    opened, near = soak(LONG, seed=random.randrange(10**6))

    assert LONG * 0.1 < opened < LONG * 0.9
    report(
        Promise.HOURS,
        "12 time zones, nights, dated exceptions, public holidays",
        f"{LONG} instants ({near} at clock changes), no disagreement",
    )


def _plan(chance: random.Random) -> Plan:
    """Return hours that differ by day, or nights that are the same on each of their days.

    Not both: a later part of the text is the whole truth about the days that it names, and so ends the night before
    them at 00:00, as dated exceptions do.
    """
    days = [day for day in range(7) if chance.random() < 0.8] or [0]
    night: tuple[Span, ...] = (_day(chance), _night(chance)) if chance.random() < 0.5 else (_night(chance),)
    weekly: dict[int, tuple[Span, ...]] = {day: (_day(chance),) for day in days}
    if chance.random() < 0.5:
        weekly = dict.fromkeys(days, night)
    dates = [FIRST_DAY + timedelta(days=day) for day in chance.sample(range(DAYS_LONG), chance.randrange(5))]
    dated: dict[date, tuple[Span, ...]] = {day: (_day(chance),) if chance.random() < 0.5 else () for day in dates}
    country = chance.choice(list(KNOWN_HOLIDAYS))
    on_holidays: tuple[Span, ...] = (_day(chance),) if country and chance.random() < 0.5 else ()
    return Plan(weekly=weekly, dated=dated, country=country, on_holidays=on_holidays)


def _day(chance: random.Random) -> Span:
    """Return hours that end on their day."""
    start = chance.randrange(0, 12 * 60, 15)
    return start, chance.randrange(start + 15, 15 * 60, 15)


def _night(chance: random.Random) -> Span:
    """Return hours that may end on the next day."""
    start = chance.randrange(15 * 60, WHOLE_DAY, 15)
    return start, start + chance.randrange(15, 8 * 60, 15)


def _instant(chance: random.Random, plan: Plan, zone: ZoneInfo, changes: list[datetime]) -> tuple[datetime, bool]:
    """Return an instant: anywhere, around a change of the clock, or about a dated exception or a holiday."""
    kind = chance.random()
    if kind < 0.4 and changes:
        return chance.choice(changes) + timedelta(seconds=chance.randrange(-2 * 3600, 2 * 3600)), True
    special = sorted({*plan.dated, *HOLIDAYS[plan.country]})
    if kind < 0.7 and special:
        day = chance.choice(special)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        return midnight + timedelta(minutes=chance.randrange(-12 * 60, 36 * 60)), False
    start = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)
    return start + timedelta(seconds=chance.randrange(DAYS_LONG * 86_400)), False


def _clock_changes(zone: ZoneInfo) -> list[datetime]:
    """Return the hours in which the zone's clock changes, found by looking at every one of them."""
    start = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)
    hours = [start + timedelta(hours=hour) for hour in range(DAYS_LONG * 24)]
    offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
    return [hours[place] for place in range(1, len(hours)) if offsets[place] != offsets[place - 1]]


def _write(spans: tuple[Span, ...]) -> str:
    return ",".join(f"{_clock(start)}-{_clock(end)}" for start, end in spans)


def _clock(minute: int) -> str:
    """Write a time of day; one of the next day begins at 00:00 again."""
    minute = minute if minute == WHOLE_DAY else minute % WHOLE_DAY
    return f"{minute // 60:02}:{minute % 60:02}"
