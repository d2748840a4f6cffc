"""When a schedule opens and closes, as its decisions will judge it: for pictures and lists, never for a call.

Everything is asked of the same library object that decides calls, so that no picture can differ from an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from string import ascii_uppercase
from zoneinfo import ZoneInfo

from opening_hours import (  # type: ignore[attr-defined]  # its stub forgets the errors
    OpeningHours,
    State,
    UnknownCountryError,
)

from routing.engine.schedule import Schedule

DAY = timedelta(days=1)
# Long enough for hours that hold in one week of the year; a list stops looking after it.
HORIZON = timedelta(days=370)
_STEP = timedelta(days=28)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockChange:
    """An instant at which a zone's clocks are changed: ``before`` and ``after`` are the wall clock's two readings."""

    at: datetime
    before: datetime
    after: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """An instant at which a schedule opens or closes; ``by_clock`` where only the change of clocks makes it so."""

    at: datetime
    opens: bool
    by_clock: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Open hours within one day, in minutes from its midnight: 0 to 1440, the end not included."""

    start: int
    end: int


def turns(schedule: Schedule, zone: ZoneInfo, since: datetime) -> Iterator[Turn]:
    """Yield, in order, every opening and closing after that instant, a year ahead.

    A boundary of the wall clock may happen twice (autumn) or never (spring), and a change of clocks may itself
    open or close: so each such instant is only a candidate, and the schedule is asked about it.
    """
    was_open = schedule.is_open(since, zone)
    end = since + HORIZON
    while since < end:
        until = min(since + _STEP, end)
        clocks = {change.at for change in clock_changes(zone, since, until)}
        for at in sorted(clocks | boundaries(schedule, zone, since, until)):
            if schedule.is_open(at, zone) is not was_open:
                was_open = not was_open
                yield Turn(at=at, opens=was_open, by_clock=at in clocks)
        since = until


def spans(schedule: Schedule, day: date) -> tuple[Span, ...]:
    """Return the open hours of a day by the wall clock, whatever the zone."""
    midnight = datetime.combine(day, time())
    return tuple(
        Span(start=_minutes(start - midnight), end=_minutes(end - midnight))
        for start, end in _open_intervals(schedule.hours, midnight, midnight + DAY)
    )


def boundaries(schedule: Schedule, zone: ZoneInfo, since: datetime, until: datetime) -> set[datetime]:
    """Return the instants after ``since``, up to and with ``until``, at which the hours begin or end by the wall clock.

    A repeated hour has each of them twice.
    """
    start, end = (at.astimezone(zone).replace(tzinfo=None) for at in (since - DAY, until + DAY))
    walls = {wall for interval in _open_intervals(schedule.hours, start, end) for wall in interval}
    instants = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for wall in walls for fold in (0, 1)}
    return {at for at in instants if since < at <= until}


def clock_changes(zone: ZoneInfo, since: datetime, until: datetime) -> tuple[ClockChange, ...]:
    """Return the changes of a zone's clocks after ``since``, up to and with ``until``."""
    steps = [since.astimezone(UTC)]
    while steps[-1] < until:
        steps.append(min(steps[-1] + DAY, until.astimezone(UTC)))
    return tuple(
        _clock_change(zone, earlier, later)
        for earlier, later in pairwise(steps)
        if _offset(zone, earlier) != _offset(zone, later)
    )


@lru_cache(maxsize=128)
def public_holidays(country: str, first: date, last: date) -> tuple[date, ...]:
    """Return the days, both ends included, that PH means in this country; none for a country that is not known."""
    try:
        hours = OpeningHours("PH", country=country)
    except UnknownCountryError:
        return ()
    start, end = datetime.combine(first, time()), datetime.combine(last + DAY, time())
    return tuple(
        (begins + DAY * number).date()
        for begins, ends in _open_intervals(hours, start, end)
        for number in range((ends - begins).days)
    )


@lru_cache(maxsize=1)
def holiday_countries() -> tuple[str, ...]:
    """Return the codes of the countries whose public holidays are known; the library has no list, so each is tried."""
    return tuple(code for one in ascii_uppercase for two in ascii_uppercase if _is_known(code := one + two))


def _is_known(country: str) -> bool:
    try:
        OpeningHours("PH", country=country)
    except UnknownCountryError:
        return False
    return True


def _open_intervals(hours: OpeningHours, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    for begins, ends, state, _ in hours.intervals(start, end):
        if state == State.OPEN:
            yield begins, ends


def _clock_change(zone: ZoneInfo, earlier: datetime, later: datetime) -> ClockChange:
    """Halve the time between two instants of different offsets down to the second of the change."""
    before = _offset(zone, earlier)
    while later - earlier > timedelta(seconds=1):
        middle = earlier + (later - earlier) // 2
        earlier, later = (middle, later) if _offset(zone, middle) == before else (earlier, middle)
    at = later.replace(microsecond=0)
    return ClockChange(at=at, before=_wall(at, before), after=_wall(at, _offset(zone, at)))


def _wall(at: datetime, offset: timedelta) -> datetime:
    return (at + offset).replace(tzinfo=None)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _minutes(time_of_day: timedelta) -> int:
    return int(time_of_day.total_seconds()) // 60
