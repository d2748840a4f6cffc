"""The part of ``opening_hours`` that a week grid can show: weekdays, clock times, and public holidays last.

What a text means is still the library's to say: this module only finds out whether the text has nothing but days
and times, and then asks the library for a week of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from opening_hours import (  # type: ignore[attr-defined]  # its stub forgets the errors
    OpeningHours,
    ParserError,
    State,
)

from routing.engine.schedule import tidied

_DAYS = "Mo|Tu|We|Th|Fr|Sa|Su"
_WEEKLY = re.compile(rf"(?:{_DAYS}|\d{{1,2}}:\d\d|24/7|off|closed|[\s,;-])*", re.IGNORECASE)
# A comma begins a part of its own only behind a finished one: "Mo-Fr,PH 09:00-17:00" has one part.
_HOLIDAYS = re.compile(
    r"(?:^|;|(?:(?<=:\d\d)|(?<=off)|(?<=closed)|(?<=/7)),)\s*PH\s+(off|closed|\d{1,2}:\d\d[\d:,\s-]*)$",
    re.IGNORECASE,
)
_FOREIGN = {
    "months or dates": r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)|\b\d{4}\b|\beaster\b",
    "weeks of the year": r"\bweek\b",
    "weeks of the month": r"\[",
    "a comment": r'"',
    "a fallback (||)": r"\|\|",
    "public holidays among the weekdays": r"\bPH\b",
}
# Any week will do for a text that names no dates; this one begins on a Monday.
_MONDAY = datetime(2001, 1, 1)  # noqa: DTZ001  # a wall clock of no zone
_NOON = 12 * 60
_DAY = 24 * 60


class NotAWeek(ValueError):
    """A text that says more than a week grid can show; the message names what, or is empty for a text with faults."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Week:
    """Open ranges of each weekday, Monday first, as ``("22:00", "06:00")``, and what public holidays are.

    An end that is not after its start lies on the next day; ``holidays`` is ``""`` (days as any other), ``off`` or
    hours.
    """

    days: tuple[tuple[tuple[str, str], ...], ...]
    holidays: str


def read_week(text: str) -> Week:
    """Return the week that the text means. Raises NotAWeek."""
    weekly, holidays = _split(text.strip())
    hours = _parsed(weekly or "off")
    if not _WEEKLY.fullmatch(weekly):
        raise NotAWeek(_why(weekly))
    ranges: list[list[tuple[str, str]]] = [[] for _ in range(7)]
    for day, start, end in _ranges(hours):
        ranges[day].append((_clock(start), _clock(end)))
    return Week(days=tuple(map(tuple, ranges)), holidays=holidays)


def _parsed(text: str) -> OpeningHours:
    try:
        return OpeningHours(tidied(text))
    except ParserError as error:
        raise NotAWeek from error


def _split(text: str) -> tuple[str, str]:
    found = _HOLIDAYS.search(text)
    if not found:
        return text, ""
    holidays = re.sub(r"\s", "", found[1]).lower()
    return text[: found.start()].strip(), "off" if holidays == "closed" else holidays


def _why(weekly: str) -> str:
    named = [name for name, pattern in _FOREIGN.items() if re.search(pattern, weekly, re.IGNORECASE)]
    return " and ".join(named) or "more than weekdays and hours"


def _ranges(hours: OpeningHours) -> list[tuple[int, int, int]]:
    """Return day, start and end in minutes of the second of three weeks, so that a night may cross its edges."""
    first, last = _MONDAY + timedelta(days=7), _MONDAY + timedelta(days=14)
    found = []
    for begins, ends, state, _ in hours.intervals(_MONDAY, last + timedelta(days=7)):
        if state == State.OPEN:
            found += [one for one in _by_day(begins, ends) if first <= one[0] < last]
    return [((start - first).days, start.hour * 60 + start.minute, end) for start, end in found]


def _by_day(begins: datetime, ends: datetime) -> list[tuple[datetime, int]]:
    """Cut at each midnight, but leave a night in one piece: it crosses one midnight and is over by noon."""
    midnight = begins.replace(hour=0, minute=0)
    end = _minutes(ends - midnight)
    if end <= _DAY or (begins > midnight and end <= _DAY + _NOON):
        return [(begins, end)]
    tomorrow = midnight + timedelta(days=1)
    return [(begins, _DAY), *_by_day(tomorrow, ends)]


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds()) // 60


def _clock(minutes: int) -> str:
    """Write 24:00 as it is, and what lies behind it as a time of the next day."""
    shown = minutes if minutes <= _DAY else minutes - _DAY
    return f"{shown // 60:02}:{shown % 60:02}"
