"""The hours of the next days at which a rule's conditions on time hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from routing.engine.conditions import DateBetween
from routing.engine.schedule import Schedule, build_schedule, check_schedule
from routing.engine.table import CampaignSpec, Table, When

DAYS = 7
MINUTES_OF_DAY = 24 * 60
# Every change of date or clock in any time zone falls on such a step; a schedule's own minutes are added to them.
STEP = timedelta(minutes=15)

Bar = tuple[int, int]  # first minute of the day, and the minute after the last


@dataclass(frozen=True, kw_only=True, slots=True)
class WeekDay:
    """A local day and the minutes of its wall clock at which the conditions hold."""

    day: date
    bars: tuple[Bar, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleWeek:
    """The next days by the wall clock of ``zone``. No ``days``: nothing of the rule depends on the time.

    ``follows_customer`` says that the schedule is judged on each customer's own clock: then the bars are what a
    customer sees whose clock shows what that of ``zone`` does.
    """

    zone: str
    days: tuple[WeekDay, ...] = ()
    follows_customer: bool = False

    @property
    def is_never(self) -> bool:
        """Tell whether there are days, and the conditions hold on none of them."""
        return bool(self.days) and not any(day.bars for day in self.days)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Times:
    """The conditions that time decides. Of the campaigns one must run; None among them runs always."""

    zone: ZoneInfo
    dates: DateBetween | None
    campaigns: tuple[DateBetween | None, ...]
    schedule: Schedule | None
    is_open: bool

    def hold(self, at: datetime) -> bool:
        """Tell whether all of them hold at this instant."""
        if self.dates is not None and not self.dates.covers(at):
            return False
        if self.campaigns and not any(dates is None or dates.covers(at) for dates in self.campaigns):
            return False
        return self.schedule is None or self.schedule.is_open(at, self.schedule.zone or self.zone) is self.is_open


def read_week(when: When, table: Table, *, now: datetime, zone: str) -> RuleWeek:
    """Return when these conditions hold, from today on.

    The days are those of the schedule's zone, else of the rule's, a campaign's, or ``zone``. A schedule that has
    faults is passed over: its own page tells of them.
    """
    spec = next((schedule for schedule in table.schedules if schedule.key == when.schedule), None)
    schedule = build_schedule(spec) if spec and not check_schedule(spec) else None
    dates = _dates(when.timezone, when.valid_from, when.valid_until)
    campaigns = _campaigns(when, table)
    zones = (schedule.zone if schedule else None, *(it.zone for it in (dates, *campaigns) if it))
    shown = next(filter(None, zones), ZoneInfo(zone))
    times = _Times(
        zone=shown,
        dates=dates,
        campaigns=campaigns,
        schedule=schedule,
        is_open=when.schedule_is_open,
    )
    if times.schedule is None and times.dates is None and (not times.campaigns or None in times.campaigns):
        return RuleWeek(zone=shown.key)
    return RuleWeek(
        zone=shown.key,
        days=tuple(_days(times, now)),
        follows_customer=schedule is not None and schedule.zone is None,
    )


def _dates(zone: str | None, first: date | None, last: date | None) -> DateBetween | None:
    return DateBetween(zone=ZoneInfo(zone), starts_on=first, ends_on=last) if zone and (first or last) else None


def _campaigns(when: When, table: Table) -> tuple[DateBetween | None, ...]:
    wanted: Mapping[str, CampaignSpec] = {campaign.slug: campaign for campaign in table.campaigns}
    found = (wanted[slug] for slug in when.campaigns if slug in wanted)
    return tuple(_dates(campaign.timezone, campaign.starts_on, campaign.ends_on) for campaign in found)


def _days(times: _Times, now: datetime) -> Iterator[WeekDay]:
    today = now.astimezone(times.zone).date()
    for day in (today + timedelta(days=ahead) for ahead in range(DAYS)):
        yield WeekDay(day=day, bars=tuple(_bars(times, day)))


def _bars(times: _Times, day: date) -> Iterator[Bar]:
    """Yield the stretches of one local day, each as long as it can be."""
    begun: Bar | None = None
    for start, end in pairwise(_changes(times, day)):
        if not times.hold(start):
            continue
        local = start.astimezone(times.zone)
        first = local.hour * 60 + local.minute
        last = min(first + round((end - start).total_seconds() / 60), MINUTES_OF_DAY)
        if begun is not None and begun[0] <= first <= begun[1]:  # in autumn an hour comes twice
            begun = (begun[0], max(begun[1], last))
        else:
            if begun is not None:
                yield begun
            begun = (first, last)
    if begun is not None:
        yield begun


def _changes(times: _Times, day: date) -> Sequence[datetime]:
    """Return every instant of the day at which something may begin or end, and the day's own ends, in order."""
    begin, end = _midnight(day, times.zone), _midnight(day + timedelta(days=1), times.zone)
    steps = {begin + STEP * place for place in range((end - begin) // STEP + 1)}
    if times.schedule is not None:
        zone = times.schedule.zone or times.zone
        local = datetime.combine(day, datetime.min.time())
        for stretch in times.schedule.hours.intervals(local, local + timedelta(days=1)):
            # Both passes of an hour that autumn repeats.
            steps.update(stretch[0].replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return sorted(at for at in steps | {end} if begin <= at <= end)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), tzinfo=zone).astimezone(UTC)
