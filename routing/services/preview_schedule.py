"""What a schedule will do, before anybody saves it: its clock now, its next days, months and changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from routing.engine.errors import TableError, TableErrors
from routing.engine.nights import cut_nights
from routing.engine.numbers import candidate_zones
from routing.engine.schedule import Schedule, build_schedule, check_schedule, is_timezone
from routing.engine.schedule_times import (
    DAY,
    ClockChange,
    Span,
    Turn,
    clock_changes,
    public_holidays,
    spans,
    turns,
)
from routing.engine.table import CUSTOMER_LOCAL_TIME, ScheduleException, ScheduleSpec

LISTED_TURNS = 8
# For schedules in the customer's local time: callers in places that do not share a clock, the first stands for all.
EXAMPLE_CALLERS = ("+12125550123", "+14155550123", "+525512345678", "+34912345678")
_RANGE = re.compile(r"(\d{1,2}:\d\d)\s*-\s*(\d{1,2}:\d\d)")
_ENGINE_EXCEPTION = re.compile(r"exceptions\b")


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What a schedule is at this moment by one zone's wall clock; ``until`` None where nothing changes for a year."""

    zone: str
    now: datetime
    is_open: bool
    until: datetime | None
    caller: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """One day as it will be, and what is special about it."""

    day: date
    spans: tuple[Span, ...]
    is_holiday: bool
    exception: ScheduleException | None
    clock_change: ClockChange | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """An opening or closing by the wall clock, the special days on which it falls, and those passed over before it."""

    at: datetime
    opens: bool
    by_clock: bool
    on: Day
    passed: tuple[Day, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """All that the page shows; without ``standings`` the hours have faults and nothing can be pictured."""

    faults: tuple[TableError, ...]
    standings: tuple[Standing, ...] = ()
    in_customer_time: bool = False
    week: tuple[Day, ...] = ()
    months: tuple[tuple[Day, ...], ...] = ()
    changes: tuple[Change, ...] = ()
    holidays: tuple[Day, ...] = ()
    has_night: bool = False
    cut_nights: list[str] = field(default_factory=list)


def preview_schedule(spec: ScheduleSpec, *, now: datetime, month: date | None = None) -> Preview:
    """Return what the schedule will do after ``now``; the two months begin with that of ``month``.

    Exceptions that have faults are left out of the picture, other faults leave no picture.
    """
    faults = tuple(check_schedule(spec))
    if any(not _ENGINE_EXCEPTION.match(fault.field) for fault in faults):
        return Preview(faults=faults, holidays=_bare_holidays(spec, now))
    spec = replace(spec, exceptions=tuple(filter(_is_sound, spec.exceptions)))
    schedule = build_schedule(spec)
    standings = tuple(_standings(schedule, now))
    calendar = _Calendar(spec=spec, schedule=schedule, zone=ZoneInfo(standings[0].zone))
    today = standings[0].now.date()
    first = (month or today).replace(day=1)
    return Preview(
        faults=faults,
        standings=standings,
        in_customer_time=schedule.zone is None,
        week=calendar.days(today, today + 6 * DAY),
        months=tuple(calendar.month(begin) for begin in (first, next_month(first))),
        changes=tuple(calendar.changes(now)),
        holidays=tuple(map(calendar.day, _holidays_ahead(spec.country, today))),
        has_night=has_night(spec.opening_hours),
        cut_nights=cut_nights(spec.opening_hours),
    )


def standing(schedule: Schedule, zone: ZoneInfo, now: datetime, caller: str = "") -> Standing:
    """Return what the schedule is now and until when, by that zone's wall clock."""
    turn: Turn | None = next(turns(schedule, zone, now), None)
    return Standing(
        zone=zone.key,
        now=_wall(now, zone),
        is_open=schedule.is_open(now, zone),
        until=_wall(turn.at, zone) if turn else None,
        caller=caller,
    )


def standing_of(spec: ScheduleSpec, now: datetime) -> Standing:
    """Return what a schedule with a zone of its own is now. Raises TableErrors where it has faults."""
    if faults := check_schedule(spec):
        raise TableErrors(tuple(faults))
    return standing(build_schedule(spec), ZoneInfo(spec.timezone), now)


def next_month(day: date) -> date:
    """Return the first day of the month after that of ``day``."""
    return (day.replace(day=28) + 4 * DAY).replace(day=1)


def has_night(hours: str) -> bool:
    """Tell whether some hours of the text reach into the next day."""
    ranges = (tuple(map(_minutes, found)) for found in _RANGE.findall(hours))
    return any(start >= end or end > 24 * 60 for start, end in ranges)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Calendar:
    """Looks up the days of one schedule."""

    spec: ScheduleSpec
    schedule: Schedule
    zone: ZoneInfo

    def day(self, day: date) -> Day:
        return self.days(day, day)[0]

    def days(self, first: date, last: date) -> tuple[Day, ...]:
        holidays = set(public_holidays(self.spec.country or "", first, last))
        clocks = self._clock_changes(first, last)
        return tuple(
            Day(
                day=day,
                spans=spans(self.schedule, day),
                is_holiday=day in holidays,
                exception=next((one for one in self.spec.exceptions if one.starts_on <= day <= one.ends_on), None),
                clock_change=clocks.get(day),
            )
            for day in _each_day(first, last)
        )

    def month(self, first: date) -> tuple[Day, ...]:
        return self.days(first, next_month(first) - DAY)

    def changes(self, now: datetime) -> Iterator[Change]:
        last = _wall(now, self.zone).date()
        for turn in islice(turns(self.schedule, self.zone, now), LISTED_TURNS):
            at = _wall(turn.at, self.zone)
            between = self.days(last + DAY, at.date() - DAY) if at.date() > last + DAY else ()
            yield Change(
                at=at,
                opens=turn.opens,
                by_clock=turn.by_clock,
                on=self.day(at.date()),
                passed=tuple(day for day in between if day.is_holiday or day.exception),
            )
            last = at.date()

    def _clock_changes(self, first: date, last: date) -> dict[date, ClockChange]:
        if self.schedule.zone is None:
            return {}  # every caller has clocks of their own
        since, until = (datetime.combine(day, datetime.min.time(), self.zone) for day in (first, last + DAY))
        return {change.before.date(): change for change in clock_changes(self.zone, since, until)}


def _standings(schedule: Schedule, now: datetime) -> Iterator[Standing]:
    if schedule.zone is not None:
        yield standing(schedule, schedule.zone, now)
        return
    for number in EXAMPLE_CALLERS:
        yield standing(schedule, ZoneInfo(candidate_zones(number)[0]), now, caller=number)


def _bare_holidays(spec: ScheduleSpec, now: datetime) -> tuple[Day, ...]:
    """Return the country's holidays although the hours have faults: they are what staff may be looking for."""
    known = spec.timezone != CUSTOMER_LOCAL_TIME and is_timezone(spec.timezone)
    today = _wall(now, ZoneInfo(spec.timezone)).date() if known else now.date()
    return tuple(
        Day(day=day, spans=(), is_holiday=True, exception=None, clock_change=None)
        for day in _holidays_ahead(spec.country, today)
    )


def _holidays_ahead(country: str | None, today: date) -> tuple[date, ...]:
    return public_holidays(country, today, today + timedelta(days=365)) if country else ()


def _is_sound(exception: ScheduleException) -> bool:
    always = ScheduleSpec(key="", name="", opening_hours="24/7", timezone="UTC", exceptions=(exception,))
    return not check_schedule(always)


def _each_day(first: date, last: date) -> Iterator[date]:
    return (first + DAY * number for number in range((last - first).days + 1))


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
