"""Nights that a later part of the same hours cuts off at midnight, which hardly anybody means.

In ``Mo-Fr 22:00-06:00; Sa 10:00-14:00`` the second part replaces everything that falls on Saturday, the end of
Friday's night too. With a comma instead of the semicolon it would add to it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from opening_hours import OpeningHours, ParserError  # type: ignore[attr-defined]  # its stub forgets the errors

from routing.engine.schedule import tidied

WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
# Any week will do, for a text that names dates hardly ever has a night cut; this one begins on a Monday.
_MONDAY = datetime(2001, 1, 1)  # noqa: DTZ001  # a wall clock of no zone
_COMMENT = re.compile(r'"[^"]*"')


def cut_nights(hours: str) -> list[str]:
    """Return the weekdays whose night ends at midnight only because a later part has other hours for the next day.

    A next day that is closed altogether is taken as meant. Hours that cannot be read have no nights.
    """
    text = _COMMENT.sub("", tidied(hours))
    try:
        whole, parts = OpeningHours(text), [OpeningHours(part) for part in text.split(";") if part.strip()]
    except ParserError:
        return []
    midnights = [_MONDAY + timedelta(days=day) for day in range(1, 8)]
    return [WEEKDAYS[midnight.weekday() - 1] for midnight in midnights if _is_cut(midnight, whole, parts)]


def _is_cut(midnight: datetime, whole: OpeningHours, parts: list[OpeningHours]) -> bool:
    before = midnight - timedelta(minutes=1)
    if not whole.is_open(before) or whole.is_open(midnight):
        return False
    goes_on = any(part.is_open(before) and part.is_open(midnight) for part in parts)
    return goes_on and _opens(whole, midnight)


def _opens(whole: OpeningHours, midnight: datetime) -> bool:
    """Tell whether the day that begins then has hours of its own."""
    return any(str(span[2]) == "open" for span in whole.intervals(midnight, midnight + timedelta(days=1)))
