"""Schedules at random instants around changes of the clock and holidays, against plain arithmetic written here.

The oracle knows datetime and zoneinfo only: neither the library nor our way of writing a schedule.
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
    """Opening hours as plain numbers: by weekday, and by date where an exception stands."""

    weekly: dict[int, tuple[Span, ...]]
    dated: dict[date, tuple[Span, ...]]

    def spans(self, day: date) -> tuple[Span, ...]:
        """Return the hours that begin on a day."""
        return self.dated.get(day, self.weekly.get(day.weekday(), ()))

    def is_open(self, at: datetime, zone: ZoneInfo) -> bool:
        """Ask the wall clock: hours of today, and those of last night unless today stands for itself.

        A dated exception is about its own day only: the early hours after it belong to the weekly night.
        """
        wall = at.astimezone(zone)
        today, minute = wall.date(), wall.hour * 60 + wall.minute
        if any(start <= minute < end for start, end in self.spans(today)):
            return True
        if today in self.dated:
            return False  # a dated exception is the whole truth about its day, from 00:00 on
        last_night = self.weekly.get((today - timedelta(days=1)).weekday(), ())
        return any(minute + WHOLE_DAY < end for _, end in last_night)

    def spec(self, zone: str) -> ScheduleSpec:
        """Write it as staff would."""
        by_hours: dict[tuple[Span, ...], list[str]] = {}
        for day, spans in sorted(self.weekly.items()):
            by_hours.setdefault(spans, []).append(DAYS[day])
        weekly = "; ".join(f"{','.join(days)} {_write(spans)}" for spans, days in by_hours.items())
        exceptions = tuple(
            ScheduleException(starts_on=day, ends_on=day, hours=_write(spans) if spans else None)
            for day, spans in sorted(self.dated.items())
        )
        return ScheduleSpec(key="s", name="S", opening_hours=weekly, timezone=zone, exceptions=exceptions)


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
    """Sabotage seen to fail: ask `Schedule.is_open` in UTC, or let what it holds outlive a change of the clock."""
    opened, near = soak(QUICK, seed=6)

    assert QUICK * 0.1 < opened < QUICK * 0.9
    assert near > QUICK * 0.1


@pytest.mark.faults
def test_a_hundred_thousand_instants_agree_with_plain_arithmetic() -> None:
    """Sabotage seen to fail: as above."""
    opened, near = soak(LONG, seed=random.randrange(10**6))

    assert LONG * 0.1 < opened < LONG * 0.9
    report(
        Promise.HOURS,
        "12 time zones, nights, dated exceptions",
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
    return Plan(weekly=weekly, dated={date: (_day(chance),) if chance.random() < 0.5 else () for date in dates})


def _day(chance: random.Random) -> Span:
    """Return hours that end on their day."""
    start = chance.randrange(0, 12 * 60, 15)
    return start, chance.randrange(start + 15, 15 * 60, 15)


def _night(chance: random.Random) -> Span:
    """Return hours that may end on the next day."""
    start = chance.randrange(15 * 60, WHOLE_DAY, 15)
    return start, start + chance.randrange(15, 8 * 60, 15)


def _instant(chance: random.Random, plan: Plan, zone: ZoneInfo, changes: list[datetime]) -> tuple[datetime, bool]:
    """Return an instant: anywhere, around a change of the clock, or about a dated exception."""
    kind = chance.random()
    if kind < 0.4 and changes:
        return chance.choice(changes) + timedelta(seconds=chance.randrange(-2 * 3600, 2 * 3600)), True
    if kind < 0.7 and plan.dated:
        day = chance.choice(sorted(plan.dated))
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
