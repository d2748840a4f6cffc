"""Calls counted by one of their values, from the counts of whole hours and, at both ends, from the log itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min, Sum

from routing.models import Call, CallCount
from routing.models.call_counts import CALLS, HOUR, SOURCES, TABLE, added, count_lines, summed

STEP = timedelta(days=1)  # counted anew in one transaction: writers of calls wait that long
_INSTANTS = ((Call, "decided_at"), (CallCount, "at"))
_COUNTED = "counted_calls"
_CALLS_OF_SPAN = (
    f"WITH {_COUNTED} AS (SELECT {', '.join(SOURCES)} FROM {CALLS} WHERE decided_at >= %s AND decided_at < %s) "  # noqa: S608 - our own names
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """So many calls with one value. Counts by anything but the channel may tell no instant."""

    at: datetime | None
    dimension: str
    key: str
    calls: int


def read_counts(dimensions: Iterable[str], since: datetime, until: datetime) -> tuple[Counted, ...]:
    """Return the calls decided from ``since`` until before ``until``, by these dimensions; a value may come twice."""
    wanted = frozenset(dimensions)
    first, last = _hour_of(since + timedelta(hours=1, microseconds=-1)), _hour_of(until)
    if first >= last:
        return tuple(_count_log(wanted, since, until))
    ends = ((since, first), (last, until))
    in_log = (line for start, end in ends if start < end for line in _count_log(wanted, start, end))
    return (*_read_sums(wanted, first, last), *in_log)


def sum_by_key(counts: Iterable[Counted], dimension: str) -> Counter[str]:
    """Return the calls with each value."""
    found: Counter[str] = Counter()
    for line in counts:
        if line.dimension == dimension:
            found[line.key] += line.calls
    return found


def recount() -> int:
    """Count all calls anew, a day at a time, and return how many days; calls may be written meanwhile."""
    spans = [model._default_manager.aggregate(first=Min(column), last=Max(column)) for model, column in _INSTANTS]
    known = [span for span in spans if span["first"] is not None]
    if not known:
        return 0
    start, last = _hour_of(min(span["first"] for span in known)), max(span["last"] for span in known)
    steps = 0
    while start <= last:
        _recount_step(start, start + STEP)
        start, steps = start + STEP, steps + 1
    return steps


def _recount_step(since: datetime, until: datetime) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute(f"LOCK TABLE {CALLS}, {TABLE} IN SHARE ROW EXCLUSIVE MODE")
        CallCount.objects.filter(at__gte=since, at__lt=until).delete()
        lines = count_lines(_COUNTED, connection.vendor)
        cursor.execute(_CALLS_OF_SPAN + added(lines, merged=True), _instants(since, until))


def _read_sums(wanted: Iterable[str], since: datetime, until: datetime) -> Iterator[Counted]:
    for dimension in sorted(wanted):
        columns = ("at", "key") if dimension == "channel" else ("key",)
        rows = CallCount.objects.filter(dimension=dimension, at__gte=since, at__lt=until).order_by().values(*columns)
        for row in rows.annotate(sum=Sum("calls")):
            if row["sum"]:
                yield Counted(at=row.get("at"), dimension=dimension, key=row["key"], calls=row["sum"])


def _count_log(wanted: frozenset[str], since: datetime, until: datetime) -> Iterator[Counted]:
    with connection.cursor() as cursor:
        lines = count_lines(_COUNTED, connection.vendor)
        cursor.execute(_CALLS_OF_SPAN + summed(lines), _instants(since, until))
        rows = cursor.fetchall()
    for at, dimension, key, calls in rows:
        if dimension in wanted:
            yield Counted(at=_read_instant(at), dimension=dimension, key=key, calls=int(calls))


def _hour_of(at: datetime) -> datetime:
    return datetime.fromtimestamp(at.timestamp() // HOUR * HOUR, UTC)


def _instants(*instants: datetime) -> list[Any]:
    return [connection.ops.adapt_datetimefield_value(at) for at in instants]


def _read_instant(at: datetime | str) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=UTC) if isinstance(at, str) else at
