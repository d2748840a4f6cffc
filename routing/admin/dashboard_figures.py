"""The figures of a day or a week, in the words of the pages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from routing.admin.dashboard_charts import bars, column_chart, percent
from routing.admin.masking import shown_number
from routing.engine.decision import Reason
from routing.models import CallState, LiveState, WebhookOutcome
from routing.models.choices import CHANNELS, REASONS
from routing.services.count_calls import Figures, count_calls
from routing.services.count_messages import FAILED, count_messages

WEEK = timedelta(days=7)
SEE_CONNECTION = "routing.view_webhooksecret"
TONES = {Reason.DEFAULT.value: "plain", Reason.ERROR.value: "danger", Reason.EMERGENCY.value: "danger"}
STATE_TONES = {CallState.REFUSED: "warning", CallState.FAILED: "danger", CallState.UNKNOWN: "danger"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """The days that are looked at, both included, in the zone of the pages."""

    first: date
    last: date

    @property
    def is_one_day(self) -> bool:
        """Tell whether hours make sense."""
        return self.first == self.last

    def instants(self) -> tuple[datetime, datetime]:
        """Return the midnight before and the midnight after."""
        zone = _zone()
        ends = datetime.combine(self.last + timedelta(days=1), time(), zone)
        return datetime.combine(self.first, time(), zone), ends


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One number to see at a glance. ``tone`` is plain, warning or danger."""

    label: str
    value: str
    note: str = ""
    tone: str = "plain"
    link: str = ""


def today(now: datetime) -> Span:
    """Return the day of this instant."""
    day = timezone.localdate(now)
    return Span(first=day, last=day)


def figures_context(span: Span, user: Any) -> dict[str, Any]:
    """Return everything that the pages show of these days."""
    since, until = span.instants()
    figures, messages = count_calls(since, until, _zone()), count_messages(since, until)
    return {
        "figures": figures,
        "tiles": list(_tiles(figures, messages, span, user)),
        "chart": column_chart(figures),
        "target_bars": bars(
            ((line.name, line.count, calls_link(span, target_key=line.key), "plain") for line in figures.targets),
            figures.total,
        ),
        "reason_bars": _choice_bars(figures, span, "reason", REASONS, TONES),
        "channel_bars": _choice_bars(figures, span, "channel", CHANNELS, {}),
        "state_bars": _choice_bars(figures, span, "state", CallState.choices, STATE_TONES),
        "server_messages": list(message_lines(messages)),
        "slowest": [
            {
                "link": reverse("admin:routing_call_change", args=[slow.call_id]),
                "ms": f"{slow.answer_ms:.1f}",
                "at": slow.decided_at,
                "target": slow.target_name,
                "customer": shown_number(slow.customer_number, user) or "withheld",
            }
            for slow in figures.slowest
        ],
        "live": live_revision(),
        "zone": timezone.get_current_timezone_name(),
    }


def message_lines(messages: Mapping[WebhookOutcome, int]) -> Iterator[tuple[str, str, bool]]:
    """Yield each outcome in words, its count, and whether that is trouble."""
    for outcome in WebhookOutcome:
        count = messages[outcome]
        yield outcome.label, f"{count:,}", outcome in FAILED and count > 0


def live_revision() -> dict[str, Any]:
    """Return the number of what is live, by whom and since when; empty before anything was published."""
    row = LiveState.objects.filter(pk=1).values("revision_id", "revision__author__username", "revision__published_at")
    live = row.first()
    if live is None or live["revision_id"] is None:
        return {}
    return {
        "number": live["revision_id"],
        "author": live["revision__author__username"] or "a command",
        "at": live["revision__published_at"],
    }


def calls_link(span: Span, **filters: str) -> str:
    """Return the call log of these days; a week has no filter there, so all its days are shown."""
    if not all(filters.values()):
        return ""
    query = filters | ({"day": span.first.isoformat()} if span.is_one_day else {})
    return f"{reverse('admin:routing_call_changelist')}?{urlencode(query)}"


def _choice_bars(
    figures: Figures, span: Span, field: str, choices: list[tuple[str, str]], tones: dict[Any, str]
) -> Any:
    counts = {"reason": figures.reasons, "channel": figures.channels, "state": figures.states}[field]
    lines = (
        (label, counts.get(value, 0), calls_link(span, **{f"{field}__exact": value}), tones.get(value, "plain"))
        for value, label in choices
    )
    undecided = ("Not decided here", counts.get("", 0), "", "plain")
    return bars(sorted((*lines, undecided), key=lambda line: -line[1]), figures.total)


def _tiles(figures: Figures, messages: Any, span: Span, user: Any) -> Iterator[Tile]:
    sandbox = f"{figures.sandbox:,} of them in the sandbox" if figures.sandbox else ""
    yield Tile(label="Calls", value=f"{figures.total:,}", note=sandbox, link=calls_link(span))
    yield _share_tile("To the default", figures.by_default, figures.total, "no rule took them", "plain")
    yield _share_tile("To the last resort", figures.unrouted, figures.total, "no table could be used", "danger")
    troubles = figures.not_placed
    note = ", ".join(f"{count} {state}" for state, count in troubles.items() if count)
    yield Tile(
        label="Refused, failed, unknown", value=f"{sum(troubles.values()):,}", note=note or "calls placed from here",
        tone="warning" if any(troubles.values()) else "plain",
    )  # fmt: skip
    failed = sum(messages[outcome] for outcome in FAILED)
    yield Tile(
        label="Failed webhooks", value=f"{failed:,}", note=f"of {sum(messages.values()):,} messages",
        tone="warning" if failed else "plain",
        link=reverse("admin:connection") if user.has_perm(SEE_CONNECTION) else "",
    )  # fmt: skip
    slowest = figures.slowest[0].answer_ms if figures.slowest else None
    if slowest is not None:
        yield Tile(label="Slowest answer", value=f"{slowest:,.0f} ms" if slowest >= 10 else f"{slowest:.1f} ms")
    if figures.stale:
        yield Tile(
            label="From the local copy", value=f"{figures.stale:,}", note="database out of reach", tone="warning"
        )


def _share_tile(label: str, count: int, total: int, note: str, tone: str) -> Tile:
    return Tile(
        label=label, value=percent(count, total), note=f"{count:,} calls: {note}", tone=tone if count else "plain"
    )


def span_words(span: Span, now: datetime) -> str:
    """Return the days as a heading."""
    day = timezone.localdate(now)
    if not span.is_one_day:
        return f"{date_format(span.first, 'D j M')} to {date_format(span.last, 'D j M Y')}"
    special = {day: "Today, ", day - timedelta(days=1): "Yesterday, "}.get(span.first, "")
    return f"{special}{date_format(span.first, 'l j F Y')}"


def _zone() -> ZoneInfo:
    zone = timezone.get_current_timezone()
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo(timezone.get_current_timezone_name())
