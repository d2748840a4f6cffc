"""Opening hours: OpenStreetMap ``opening_hours`` text judged on the local wall clock.

The text and its precedence are those of the OSM specification
(https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification): a later rule overrides an
earlier one for the days it names. So dated exceptions are simply appended as last rules, and a
``PH`` part must stand last in what staff write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo, available_timezones

from opening_hours import (  # type: ignore[attr-defined]  # its stub forgets the errors
    OpeningHours,
    ParserError,
    UnknownCountryError,
)

from routing.engine.errors import TableError
from routing.engine.table import CUSTOMER_LOCAL_TIME, ScheduleException, ScheduleSpec

LOOKED_AHEAD = timedelta(days=1)  # the library walks through its calendar: the further, the longer
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_HOURS = re.compile(r"\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}(\s*,\s*\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2})*")
_COMMENT = re.compile(r'"[^"]*"')
# A comma begins a further rule where it follows a finished one: "PH off, Mo-Fr 09:00-17:00", not "PH,Mo-Fr off".
_RULES = re.compile(r";|\|\||(?:(?<=:\d\d)|(?<=off)|(?<=closed)|(?<=open))\s*,\s*(?=[A-Za-z])", re.IGNORECASE)
_PH = re.compile(r"\bPH\b")
_SUN = re.compile(r"\b(sunrise|sunset|dawn|dusk)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """Named opening hours, ready to be asked; ``zone`` None means the customer's local time.

    ``held`` remembers by zone the latest answer and how long it holds: calls come at much the same time.
    """

    key: str
    name: str
    zone: ZoneInfo | None
    hours: OpeningHours
    held: dict[ZoneInfo, tuple[datetime, datetime, bool]] = field(default_factory=dict, compare=False, repr=False)

    def is_open(self, at: datetime, zone: ZoneInfo) -> bool:
        """Tell whether the schedule is open at that instant by the wall clock of ``zone``.

        The library gets a naive local time: in autumn both passes of a repeated hour count alike.
        """
        held = self.held.get(zone)
        if held is not None and held[0] <= at < held[1]:
            return held[2]
        return self._judge(at, zone)

    def _judge(self, at: datetime, zone: ZoneInfo) -> bool:
        """Ask the library, and remember the answer up to the next turn unless a change of the clock lies between."""
        local = at.astimezone(zone)
        wall = local.replace(tzinfo=None)
        is_open = self.hours.is_open(wall)
        first = next(iter(self.hours.intervals(wall, wall + LOOKED_AHEAD)), None)
        if first is not None and first[1] > wall:
            until = first[1].replace(tzinfo=zone).astimezone(UTC)
            if until.astimezone(zone).utcoffset() == local.utcoffset():  # asked of UTC: a wall time may not exist
                self.held[zone] = (at.astimezone(UTC), until, is_open)
        return is_open


def build_schedule(spec: ScheduleSpec) -> Schedule:
    """Prepare a schedule that ``check_schedule`` found no fault with."""
    in_customer_time = spec.timezone == CUSTOMER_LOCAL_TIME
    return Schedule(
        key=spec.key,
        name=spec.name,
        zone=None if in_customer_time else ZoneInfo(spec.timezone),
        hours=OpeningHours(_full_text(spec), country=spec.country or None),
    )


def check_schedule(spec: ScheduleSpec) -> list[TableError]:
    """Return everything that is wrong with a schedule, in words for staff."""
    subject = f"schedule '{spec.key}'"
    return [
        TableError(subject, field, message)
        for field, message in (
            *_hours_faults(spec),
            *_zone_faults(spec),
            *_holiday_faults(spec),
            *_exception_faults(spec.exceptions),
        )
    ]


def overlaps(exceptions: Sequence[ScheduleException]) -> Iterator[tuple[int, int]]:
    """Yield the places of two exceptions that share a day, the earlier one first.

    Each is compared with the one before it that lasts longest, not only with its neighbour.
    """

    def later_end(one: int, other: int) -> int:
        return max(one, other, key=lambda place: exceptions[place].ends_on)

    ordered = sorted(range(len(exceptions)), key=lambda place: exceptions[place].starts_on)
    for before, place in zip(accumulate(ordered, later_end), ordered[1:], strict=False):
        if exceptions[place].starts_on <= exceptions[before].ends_on:
            yield before, place


def is_timezone(name: str) -> bool:
    """Tell whether this is an IANA time zone name known on this machine."""
    return name in _timezones()


@cache
def _timezones() -> frozenset[str]:
    """Read the names once: the library walks its whole folder at each call (80 ms)."""
    return frozenset(available_timezones())


def _full_text(spec: ScheduleSpec) -> str:
    return "; ".join((tidied(spec.opening_hours), *map(_exception_text, spec.exceptions)))


def tidied(hours: str) -> str:
    """Take the spaces before commas away: behind one the library begins a rule for every day of the week."""
    return re.sub(r"\s+,", ",", hours.strip())


def _exception_text(exception: ScheduleException) -> str:
    days = _osm_date(exception.starts_on)
    if exception.ends_on != exception.starts_on:
        days = f"{days}-{_osm_date(exception.ends_on)}"
    return f"{days} {tidied(exception.hours or 'off')}"


def _osm_date(day: date) -> str:
    return f"{day.year} {MONTHS[day.month - 1]} {day.day:02}"


def _hours_faults(spec: ScheduleSpec) -> Iterator[tuple[str, str]]:
    if not spec.opening_hours.strip():
        yield "opening_hours", "is empty; write hours such as Mo-Fr 09:00-17:00, or 24/7"
        return
    try:
        OpeningHours(tidied(spec.opening_hours))
    except ParserError as error:
        yield (
            "opening_hours",
            f"cannot be read: {_position(error)}; write hours such as Mo-Fr 09:00-17:00; PH off",
        )
        return
    text = _COMMENT.sub("", spec.opening_hours)
    if _SUN.search(text):
        yield "opening_hours", "names the sun; write clock times such as 08:00-20:00 instead"
    if re.search(r"\bSH\b", text):
        yield "opening_hours", "SH (school holidays) is not known here; use dated exceptions instead"


def _position(error: ParserError) -> str:
    found = re.search(r"--> \d+:(\d+)", str(error))
    return f"the fault is at character {found[1]}" if found else "the text is not opening hours"


def _zone_faults(spec: ScheduleSpec) -> Iterator[tuple[str, str]]:
    if spec.timezone == CUSTOMER_LOCAL_TIME:
        return
    if not spec.timezone:
        yield "timezone", 'is missing; write an IANA zone such as America/New_York, or "customer"'
    elif not is_timezone(spec.timezone):
        yield "timezone", f"'{spec.timezone}' is not an IANA time zone such as America/New_York"


def _holiday_faults(spec: ScheduleSpec) -> Iterator[tuple[str, str]]:
    text = _COMMENT.sub("", spec.opening_hours)
    parts = [bool(_PH.search(part)) for part in _RULES.split(text) if part.strip()]
    if any(earlier and not later for earlier, later in pairwise(parts)):
        yield "opening_hours", "the PH part must stand last; move it to the end, e.g. …; PH off"
    if any(parts) and not spec.country:
        yield "country", "PH needs a country whose public holidays count, e.g. US; or remove PH"
    if spec.country and not any(parts):
        yield "opening_hours", f"country {spec.country} has no effect without a PH part; add ; PH off"
    if spec.country and not _has_holidays(spec.country):
        yield "country", f"no public holidays are known for '{spec.country}'; write a code such as US"


def _has_holidays(country: str) -> bool:
    try:
        OpeningHours("PH off", country=country)
    except UnknownCountryError:
        return False
    return True


def _exception_faults(exceptions: tuple[ScheduleException, ...]) -> Iterator[tuple[str, str]]:
    for number, exception in enumerate(exceptions):
        field = f"exceptions[{number}]"
        if exception.ends_on < exception.starts_on:
            yield f"{field}.to", f"{exception.ends_on} is before {exception.starts_on}"
        if exception.hours is not None and not _is_hours(exception.hours):
            yield f"{field}.hours", f"'{exception.hours}' is not hours such as 09:00-12:00,13:00-17:00"
    yield from _overlap_faults(exceptions)


def _overlap_faults(exceptions: tuple[ScheduleException, ...]) -> Iterator[tuple[str, str]]:
    for first, second in overlaps(exceptions):
        earlier, later = exceptions[first], exceptions[second]
        yield (
            "exceptions",
            f"{earlier.starts_on} to {earlier.ends_on} and {later.starts_on} to "
            f"{later.ends_on} overlap; a day can have one exception only",
        )


def _is_hours(text: str) -> bool:
    if not _HOURS.fullmatch(text.strip()):
        return False
    try:
        OpeningHours(f"2026 Dec 24 {tidied(text)}")
    except ParserError:
        return False
    return True
