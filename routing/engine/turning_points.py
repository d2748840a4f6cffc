"""The instants at which something that depends on the clock may turn: opening hours, dates, and the clock itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from routing.engine.conditions import DateBetween
from routing.engine.schedule import Schedule
from routing.engine.schedule_times import boundaries, clock_changes

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
REMEMBERED = 1024  # schedules, each for one day and one time zone


def schedule_turns(schedule: Schedule, zone: ZoneInfo, start: datetime, end: datetime) -> tuple[datetime, ...]:
    """Return the instants after ``start`` and up to ``end`` at which the schedule may open or close, in order.

    There may be too many of them, never too few: whoever asks judges each by ``Schedule.is_open``.
    """
    # Whole days, so that what is remembered serves every question of the same day.
    first = datetime.combine(start.astimezone(UTC).date(), time(), tzinfo=UTC)
    days = (end - first) // DAY + 1
    return tuple(turn for turn in _turns(schedule, zone, first, days) if start < turn <= end)


def date_turns(dates: DateBetween, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the instants after ``start`` and up to ``end`` at which the days begin or are over."""
    turns = [] if dates.starts_on is None else [_midnight(dates.starts_on, dates.zone)]
    if dates.ends_on is not None and dates.ends_on < date.max:
        turns.append(_midnight(dates.ends_on + DAY, dates.zone))
    yield from (turn for turn in turns if start < turn <= end)


@lru_cache(maxsize=REMEMBERED)
def _turns(schedule: Schedule, zone: ZoneInfo, first: datetime, days: int) -> tuple[datetime, ...]:
    end = first + days * DAY
    clocks = {change.at for change in clock_changes(zone, first, end)}
    return tuple(sorted(clocks | boundaries(schedule, zone, first, end)))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a local day: where the clock jumps over midnight, that is when it jumps."""
    midnight = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    while midnight.astimezone(zone).date() < day:
        midnight += MINUTE
    while (midnight - MINUTE).astimezone(zone).date() >= day:
        midnight -= MINUTE
    return midnight
