"""The figures of a span of time, from the counts of calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.cache import cache

from routing.engine.context import Channel
from routing.engine.decision import Reason
from routing.models import Call, CallState, Target
from routing.services.call_counts import Counted, read_counts, sum_by_key

REMEMBERED_SECONDS = 15
REST = 20  # times as long as counting took
SLOWEST = 5
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONGEST_BY_HOUR = timedelta(hours=49)  # longer spans are shown by day
DIMENSIONS = ("channel", "target", "reason", "state", "stale", "sandbox")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a chart. ``key`` is what the call log is filtered by."""

    key: str
    name: str
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One hour or day of a chart, with its calls by channel."""

    starts_at: datetime
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """Return the calls of all channels."""
        return sum(self.counts.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class SlowAnswer:
    """A call whose answer took long."""

    call_id: UUID
    answer_ms: float
    decided_at: datetime
    target_name: str
    customer_number: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """All calls decided from ``since`` until before ``until``; channels, reasons and states by their value."""

    since: datetime
    until: datetime
    total: int
    channels: Mapping[str, int]
    reasons: Mapping[str, int]
    states: Mapping[str, int]
    targets: tuple[Line, ...]
    columns: tuple[Column, ...]
    stale: int
    sandbox: int
    slowest: tuple[SlowAnswer, ...]

    @property
    def by_default(self) -> int:
        """Return the calls that no rule took."""
        return self.reasons.get(Reason.DEFAULT, 0)

    @property
    def unrouted(self) -> int:
        """Return the calls that no routing table could be used for."""
        return self.reasons.get(Reason.ERROR, 0)

    @property
    def not_placed(self) -> Mapping[str, int]:
        """Return the calls that did not come about as wanted, by state."""
        troubles = (CallState.REFUSED, CallState.FAILED, CallState.UNKNOWN)
        return {state.value: self.states.get(state, 0) for state in troubles}


def count_calls(since: datetime, until: datetime, zone: ZoneInfo) -> Figures:
    """Return the figures; ``zone`` is whose hours and days the columns are. They may be some seconds old."""
    key = f"call-figures:{since.timestamp()}:{until.timestamp()}:{zone.key}"
    figures: Figures | None = cache.get(key)
    if figures is None:
        started = perf_counter()
        figures = _count(since, until, zone)
        # What takes long to count is counted less often: pages that are left open must not keep the database busy.
        cache.set(key, figures, max(REMEMBERED_SECONDS, REST * (perf_counter() - started)))
    return figures


def _count(since: datetime, until: datetime, zone: ZoneInfo) -> Figures:
    counts = read_counts(DIMENSIONS, since, until)
    channels = sum_by_key(counts, "channel")
    return Figures(
        since=since,
        until=until,
        total=sum(channels.values()),
        channels=channels,
        reasons=sum_by_key(counts, "reason"),
        states=sum_by_key(counts, "state"),
        targets=_targets(sum_by_key(counts, "target")),
        columns=_columns(counts, since, until, zone),
        stale=sum_by_key(counts, "stale").total(),
        sandbox=sum_by_key(counts, "sandbox").total(),
        slowest=_slowest(since, until),
    )


def _targets(counts: Counter[str]) -> tuple[Line, ...]:
    names = dict(Target.objects.filter(key__in=counts).values_list("key", "name")) | {"": "Named by the request"}
    return tuple(
        Line(key=key, name=names.get(key) or _name_in_log(key), count=count) for key, count in counts.most_common()
    )


def _name_in_log(key: str) -> str:
    """Return what a target was called that is not there any more, or never was a row."""
    newest = Call.objects.filter(target_key=key).order_by("-decided_at", "-id").values_list("target_name", flat=True)
    return newest.first() or key


def _columns(counts: Iterable[Counted], since: datetime, until: datetime, zone: ZoneInfo) -> tuple[Column, ...]:
    columns: dict[datetime, Counter[str]] = {start: Counter() for start in _column_starts(since, until, zone)}
    by_hour = until - since <= LONGEST_BY_HOUR
    for line in counts:
        if line.dimension == "channel" and line.at is not None:
            start = _column_start(line.at, zone, by_hour=by_hour)
            columns.setdefault(max(start, since), Counter())[line.key] += line.calls
    channels = [channel.value for channel in Channel]
    return tuple(
        Column(starts_at=start, counts={channel: columns[start][channel] for channel in channels})
        for start in sorted(columns)
    )


def _column_starts(since: datetime, until: datetime, zone: ZoneInfo) -> Iterable[datetime]:
    by_hour = until - since <= LONGEST_BY_HOUR
    at, seen = since, None
    while at < until:
        start = max(_column_start(at, zone, by_hour=by_hour), since)
        if start != seen:
            yield start
        at, seen = at + HOUR, start


def _column_start(at: datetime, zone: ZoneInfo, *, by_hour: bool) -> datetime:
    """Return when the hour or day of this instant began, in UTC; a repeated hour is a column of its own."""
    local = at.astimezone(zone)
    if by_hour:
        return (
            (local - timedelta(minutes=local.minute)).replace(second=0, microsecond=0, fold=local.fold).astimezone(UTC)
        )
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


def _slowest(since: datetime, until: datetime) -> tuple[SlowAnswer, ...]:
    """Find the calls in an index alone, which holds the durations, and only then read them."""
    timed = Call.objects.filter(decided_at__gte=since, decided_at__lt=until, answer_ms__isnull=False)
    slowest = list(timed.order_by("-answer_ms").values_list("pk", flat=True)[:SLOWEST])
    columns = ("pk", "answer_ms", "decided_at", "target_name", "customer_number")
    rows = Call.objects.filter(pk__in=slowest).order_by("-answer_ms").values_list(*columns)
    return tuple(
        SlowAnswer(call_id=pk, answer_ms=ms, decided_at=at, target_name=target, customer_number=customer)
        for pk, ms, at, target, customer in rows
    )
