"""What a schedule's preview says: plain words for hours, days and changes."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.formats import date_format

from routing.admin.base import as_sentence
from routing.engine.lint_schedules import CUT
from routing.engine.schedule_times import ClockChange, Span
from routing.engine.sentences import join_words
from routing.services.preview_schedule import Change, Day, Preview, Standing, next_month

DAY_MINUTES = 24 * 60
FARTHEST_MONTH = timedelta(days=3 * 366)
FIELD_WORDS = {"opening_hours": "Weekly hours", "timezone": "Time zone", "country": "Holiday country"}
NIGHT_NOTE = (
    "Hours reach into the next day here. A closed day ends the night that began before it at 00:00, "
    "but the early hours after a closed day are open. The pictures show it as calls will be judged."
)
CUSTOMER_NOTE = (
    "The customer's local time depends on the number of each call. A number that may lie in several time zones "
    "counts only where all of them agree, and one without a known zone never does. "
    "The pictures below are for customers in {}."
)


def standing_words(standing: Standing) -> str:
    """Return “open until 17:00”, with the day where that is not today."""
    state = "open" if standing.is_open else "closed"
    if standing.until is None:
        return f"{state}, and no change within a year"
    same_day = standing.until.date() == standing.now.date()
    return f"{state} until {date_format(standing.until, 'H:i' if same_day else 'D j M, H:i')}"


def preview_context(preview: Preview, today: date) -> dict[str, Any]:
    """Return what the template `admin/routing/schedule/preview.html` shows."""
    return {
        "faults": [(FIELD_WORDS.get(fault.field, fault.field), as_sentence(fault.message)) for fault in preview.faults],
        "standings": [_standing(one) for one in preview.standings],
        "customer_note": CUSTOMER_NOTE.format(preview.standings[0].zone) if preview.in_customer_time else "",
        "cut_note": f"It {CUT.format(join_words(preview.cut_nights, 'and'))}" if preview.cut_nights else "",
        "night_note": NIGHT_NOTE if preview.has_night else "",
        "days": [_day(day) for day in preview.week],
        "changes": [_change(change) for change in preview.changes],
        "holidays": [(_long(day.day), _special_hours(day)) for day in preview.holidays],
        "months": [_month(days, today) for days in preview.months],
        **_neighbours(preview, today),
    }


def hours_words(spans: Iterable[Span]) -> str:
    """Return `09:00-12:00, 13:00-17:00`, “closed” or “open all day”."""
    ranges = [(span.start, span.end) for span in spans]
    if ranges == [(0, DAY_MINUTES)]:
        return "open all day"
    return ", ".join(f"{_clock(start)}-{_clock(end)}" for start, end in ranges) or "closed"


def clock_words(change: ClockChange) -> str:
    """Return what happens to the clocks: “clocks go back from 02:00 to 01:00”."""
    return f"clocks go {_way(change)} from {change.before:%H:%M} to {change.after:%H:%M}"


def _way(change: ClockChange) -> str:
    return "forward" if change.after > change.before else "back"


def _standing(standing: Standing) -> dict[str, str]:
    return {
        "now": date_format(standing.now, "D H:i"),
        "zone": standing.zone,
        "caller": standing.caller,
        "words": standing_words(standing),
    }


def _day(day: Day) -> dict[str, Any]:
    return {
        "name": date_format(day.day, "D j M"),
        "hours": hours_words(day.spans),
        "bars": [{"start": span.start, "length": span.end - span.start} for span in day.spans],
        "special": ", ".join(_specials(day)),
        "is_clock": day.clock_change is not None,
    }


def _specials(day: Day) -> list[str]:
    """Return what stands behind the hours of a day, the strongest first: an exception overrules a holiday."""
    words = []
    if day.exception:
        words.append(f"exception: {day.exception.note}" if day.exception.note else "exception")
    if day.is_holiday:
        words.append("public holiday")
    if day.clock_change:
        words.append(clock_words(day.clock_change))
    return words


def _special_hours(day: Day) -> str:
    words = hours_words(day.spans)
    return f"{words} ({'; '.join(_specials(day))})" if day.exception or day.clock_change else words


def _change(change: Change) -> dict[str, str]:
    why = ["the clocks are changed"] if change.by_clock else _specials(change.on)
    if change.passed:
        passed = [f"{date_format(day.day, 'D j M')} ({', '.join(_specials(day))})" for day in change.passed[:3]]
        more = f" and {len(change.passed) - 3} more days" if len(change.passed) > 3 else ""
        why.append(f"after {', '.join(passed)}{more}")
    return {
        "at": date_format(change.at, "D j M Y, H:i"),
        "what": "opens" if change.opens else "closes",
        "why": "; ".join(why) or "weekly hours",
    }


def _month(days: tuple[Day, ...], today: date) -> dict[str, Any]:
    first = days[0].day
    cells: list[dict[str, Any] | None] = [None] * first.weekday()
    cells += [_cell(day, today) for day in days]
    cells += [None] * (-len(cells) % 7)
    return {
        "title": date_format(first, "F Y"),
        "weeks": [cells[start : start + 7] for start in range(0, len(cells), 7)],
    }


def _cell(day: Day, today: date) -> dict[str, Any]:
    return {
        "number": day.day.day,
        "hours": [f"{_brief(span.start)}-{_brief(span.end)}" for span in day.spans],
        "all_day": hours_words(day.spans) == "open all day",
        "exception": day.exception,
        "is_holiday": day.is_holiday,
        "clock": clock_words(day.clock_change) if day.clock_change else "",
        "clock_way": _way(day.clock_change) if day.clock_change else "",
        "is_today": day.day == today,
        "is_past": day.day < today,
    }


def _neighbours(preview: Preview, today: date) -> dict[str, str]:
    """Return the months that the two buttons lead to; none beyond what anybody plans."""
    if not preview.months:
        return {"month": "", "previous": "", "following": ""}
    first = preview.months[0][0].day
    before, after = (first - timedelta(days=1)).replace(day=1), next_month(first)
    return {
        "month": f"{first:%Y-%m}",
        "previous": f"{before:%Y-%m}" if today - before < FARTHEST_MONTH else "",
        "following": f"{after:%Y-%m}" if after - today < FARTHEST_MONTH else "",
    }


def _long(day: date) -> str:
    return date_format(datetime.combine(day, datetime.min.time()), "D j M Y")


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _brief(minutes: int) -> str:
    """Write 9 for 09:00: the cells of a month are narrow."""
    return f"{minutes // 60}:{minutes % 60:02}" if minutes % 60 else f"{minutes // 60}"
