"""The figures of a span of time, counted from the call log in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Count, Max, Q, TextField
from django.db.models.functions import Cast, Substr

from routing.engine.context import Channel
from routing.engine.decision import Reason
from routing.models import Call, CallState

REMEMBERED_SECONDS = 15
REST = 20  # times as long as counting took
SLOWEST = 5
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONGEST_BY_HOUR = timedelta(hours=49)  # longer spans are shown by day
DIMENSIONS = ("channel", "target_key", "target_kind", "reason", "state", "stale", "sandbox", "moment")


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
    calls = Call.objects.filter(decided_at__gte=since, decided_at__lt=until).order_by()
    with _room_to_group():
        groups = list(_groups(calls, _moment_length(since, until, zone)))
    return Figures(
        since=since,
        until=until,
        total=sum(group["calls"] for group in groups),
        channels=_sum_by(groups, "channel"),
        reasons=_sum_by(groups, "reason"),
        states=_sum_by(groups, "state"),
        targets=_targets(groups),
        columns=_columns(groups, since, until, zone),
        stale=_sum_by(groups, "stale")[True],
        sandbox=_sum_by(groups, "sandbox")[True],
        slowest=_slowest(calls),
    )


@contextmanager
def _room_to_group() -> Iterator[None]:
    """Let PostgreSQL group in memory: with its usual 4 MB it sorts a busy week on disk."""
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        yield


def _groups(calls: Any, length: int) -> Iterable[dict[str, Any]]:
    # The first letters of the instant in UTC: both databases group by them, without a function in Python for each row.
    moment = Substr(Cast("decided_at", TextField()), 1, length)
    grouped = calls.annotate(moment=moment).values(*DIMENSIONS)
    found: Iterable[dict[str, Any]] = grouped.annotate(calls=Count("*"), name=Max("target_name"))
    return found


def _moment_length(since: datetime, until: datetime, zone: ZoneInfo) -> int:
    """Return how many letters of `2026-11-22 10:15` tell: minutes only where a zone's hours are not those of UTC."""
    offsets = {_offset(at, zone) % HOUR for at in (since, until)}
    return len("2026-11-22 10") if offsets == {timedelta(0)} else len("2026-11-22 10:15")


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _sum_by(groups: Iterable[dict[str, Any]], dimension: str) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for group in groups:
        found[group[dimension]] += group["calls"]
    return found


def _targets(groups: list[dict[str, Any]]) -> tuple[Line, ...]:
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    for group in groups:
        key = group["target_key"]
        counts[key] += group["calls"]
        names[key] = (group["name"] or key) if key else "Named by the request"
    return tuple(Line(key=key, name=names[key], count=count) for key, count in counts.most_common())


def _columns(groups: list[dict[str, Any]], since: datetime, until: datetime, zone: ZoneInfo) -> tuple[Column, ...]:
    starts = list(_column_starts(since, until, zone))
    counts: dict[datetime, Counter[str]] = {start: Counter() for start in starts}
    by_hour = until - since <= LONGEST_BY_HOUR
    for group in groups:
        moment = _read_moment(group["moment"])
        start = _column_start(moment, zone, by_hour=by_hour)
        counts.setdefault(max(start, since), Counter())[group["channel"]] += group["calls"]
    channels = [channel.value for channel in Channel]
    return tuple(
        Column(starts_at=start, counts={channel: counts[start][channel] for channel in channels})
        for start in sorted(counts)
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


def _read_moment(text: str) -> datetime:
    shape = "%Y-%m-%d %H" if len(text) == len("2026-11-22 10") else "%Y-%m-%d %H:%M"
    return datetime.strptime(text, shape).replace(tzinfo=UTC)


def _slowest(calls: Any) -> tuple[SlowAnswer, ...]:
    columns = ("pk", "answer_ms", "decided_at", "target_name", "customer_number")
    rows = calls.filter(Q(answer_ms__isnull=False)).order_by("-answer_ms").values_list(*columns)[:SLOWEST]
    return tuple(
        SlowAnswer(call_id=pk, answer_ms=ms, decided_at=at, target_name=target, customer_number=customer)
        for pk, ms, at, target, customer in rows
    )
