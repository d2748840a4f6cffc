"""Charts as plain values: the templates only draw them. No library, no script, and a table beside each."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format

from routing.models.choices import CHANNELS
from routing.services.count_calls import HOUR, Column, Figures

HEIGHT, STEP, BAR = 100.0, 10, 8  # of the drawing's own units; the page stretches it


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """One piece of a column: the calls of one channel."""

    channel: str
    x: int
    y: float
    height: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the table beside a column chart."""

    label: str
    counts: tuple[str, ...]
    total: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnChart:
    """Stacked columns. ``ticks`` are the labels below, one for each column; most are empty."""

    unit: str
    width: int
    top: str
    half: str
    boxes: tuple[Box, ...]
    legend: tuple[tuple[str, str, str], ...]
    ticks: tuple[str, ...]
    rows: tuple[Row, ...]
    busiest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One line of a bar chart. ``width`` in percent of the longest, ``share`` in percent of all."""

    name: str
    count: str
    share: str
    width: float
    link: str
    tone: str


def column_chart(figures: Figures) -> ColumnChart:
    """Return the calls by hour, or by day where the span is long, stacked by channel."""
    columns, by_hour = figures.columns, _is_by_hour(figures)
    used = [(key, label) for key, label in CHANNELS if figures.channels.get(key)]
    top = round_up(max((column.total for column in columns), default=0))
    busiest = max(columns, key=lambda column: column.total, default=None)
    return ColumnChart(
        unit="hour" if by_hour else "day",
        width=STEP * len(columns),
        top=f"{top:,}",
        half=f"{top // 2:,}",
        boxes=tuple(box for place, column in enumerate(columns) for box in _boxes(place, column, top)),
        legend=tuple((key, label, f"{figures.channels[key]:,}") for key, label in used),
        ticks=tuple(_tick(column, by_hour=by_hour) for column in columns),
        rows=tuple(
            Row(
                label=_label(column, by_hour=by_hour),
                counts=tuple(f"{column.counts[key]:,}" for key, _ in used),
                total=f"{column.total:,}",
            )
            for column in columns
            if column.total
        ),
        busiest=f"{'at' if by_hour else 'on'} {_label(busiest, by_hour=by_hour)}" if busiest else "",
    )


def bars(lines: Iterable[tuple[str, int, str, str]], total: int) -> tuple[Bar, ...]:
    """Return a bar chart of name, count, link and tone, in the order given; lines without calls are left out."""
    shown = [line for line in lines if line[1]]
    longest = max((count for _, count, _, _ in shown), default=0)
    return tuple(
        Bar(
            name=name,
            count=f"{count:,}",
            share=percent(count, total),
            width=round(100 * count / longest, 1),
            link=link,
            tone=tone,
        )
        for name, count, link, tone in shown
    )


def percent(part: int, whole: int) -> str:
    """Return a share for people: what is there is never told as 0 %, and what is missing never as 100 %."""
    if not whole:
        return "\N{EN DASH}"
    share = 100 * part / whole
    if 0 < share < 1:
        return "< 1 %"
    return f"{min(round(share), 99) if part < whole else 100} %"


def round_up(most: int) -> int:
    """Return a number for the top of a scale, of which half is a whole number too: 2, 4, 6, 8, 10, 20 …"""
    step = 2
    while most > 5 * step:
        step *= 10
    return step * max(1, -(-most // step))


def _is_by_hour(figures: Figures) -> bool:
    first_two = figures.columns[:2]
    return len(first_two) < 2 or first_two[1].starts_at - first_two[0].starts_at <= HOUR


def _boxes(place: int, column: Column, top: int) -> Iterable[Box]:
    floor = HEIGHT
    for channel, count in column.counts.items():
        if count:
            height = HEIGHT * count / top
            floor -= height
            yield Box(channel=channel, x=place * STEP + 1, y=round(floor, 2), height=round(height, 2))


def _tick(column: Column, *, by_hour: bool) -> str:
    local = timezone.localtime(column.starts_at)
    if not by_hour:
        return date_format(local, "D j")
    return date_format(local, "H:i") if local.hour % 6 == 0 else ""


def _label(column: Column, *, by_hour: bool) -> str:
    local = timezone.localtime(column.starts_at)
    return date_format(local, "H:i") if by_hour else date_format(local, "l j M")
