"""What lint works out once about a table, before it looks at its rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum, auto
from zoneinfo import ZoneInfo

from opening_hours import ParserError, UnknownCountryError  # type: ignore[attr-defined]  # its stub forgets the errors

from routing.engine.lint_finding import World
from routing.engine.schedule import Schedule, build_schedule, is_timezone
from routing.engine.table import (
    CUSTOMER_LOCAL_TIME,
    Arm,
    CampaignSpec,
    OurNumber,
    Purpose,
    RuleSpec,
    ScheduleSpec,
    Table,
    Target,
)

# Long enough for leap days; the library knows public holidays for longer.
YEARS_AHEAD = 10


class Behaviour(Enum):
    """What a schedule does in the years to come."""

    CHANGES = auto()
    NEVER_OPEN = auto()
    ALWAYS_OPEN = auto()
    UNKNOWN = auto()  # it does not compile


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """A table's entries by their keys, and what holds for them at ``at`` and from then on.

    ``twins`` maps each schedule to the first that has the same hours. ``over`` are campaigns that have ended.
    """

    table: Table
    world: World
    at: datetime
    targets: Mapping[str, Target]
    schedules: Mapping[str, ScheduleSpec]
    behaviours: Mapping[str, Behaviour]
    twins: Mapping[str, str]
    campaigns: Mapping[str, CampaignSpec]
    over: frozenset[str]
    numbers: Mapping[str, OurNumber]
    list_names: Mapping[str, str]
    purposes: Mapping[str, Purpose]

    def is_available(self, target: str) -> bool:
        """Tell whether a target may take calls of a rule."""
        found = self.targets.get(target)
        return found is not None and found.enabled and target not in self.world.missing_targets

    def can_answer(self, rule: RuleSpec) -> bool:
        """Tell whether a rule has a target for whatever it matches."""
        return rule.enabled and any(map(self.is_available, map(_target_of, rule.then)))

    def today(self, zone: str | None) -> date | None:
        """Return the local day, or None for a zone that nobody knows."""
        return _local_day(self.at, zone)


def survey(table: Table, world: World, at: datetime) -> Surroundings:
    """Look at everything but the rules; nothing in a table that does not compile makes this raise."""
    return Surroundings(
        table=table,
        world=world,
        at=at,
        targets={target.key: target for target in table.targets},
        schedules={spec.key: spec for spec in table.schedules},
        behaviours={spec.key: _behaviour(spec, at) for spec in table.schedules},
        twins=_twins(table.schedules),
        campaigns={campaign.slug: campaign for campaign in table.campaigns},
        over=frozenset(campaign.slug for campaign in table.campaigns if _is_over(campaign, at)),
        numbers={number.key: number for number in table.numbers},
        list_names={spec.key: spec.name for spec in table.lists},
        purposes={spec.key: spec.purpose for spec in table.lists},
    )


def _target_of(arm: Arm) -> str:
    return arm.target


def _local_day(at: datetime, zone: str | None) -> date | None:
    return at.astimezone(ZoneInfo(zone)).date() if zone and is_timezone(zone) else None


def _is_over(campaign: CampaignSpec, at: datetime) -> bool:
    today = _local_day(at, campaign.timezone)
    return today is not None and campaign.ends_on is not None and campaign.ends_on < today


def _twins(specs: Iterable[ScheduleSpec]) -> Mapping[str, str]:
    first: dict[ScheduleSpec, str] = {}
    return {spec.key: first.setdefault(replace(spec, key="", name=""), spec.key) for spec in specs}


def _behaviour(spec: ScheduleSpec, at: datetime) -> Behaviour:
    if spec.timezone != CUSTOMER_LOCAL_TIME and not is_timezone(spec.timezone):
        return Behaviour.UNKNOWN
    try:
        schedule = build_schedule(spec)
    except (ParserError, UnknownCountryError):
        return Behaviour.UNKNOWN
    return _watch(schedule, at)


def _watch(schedule: Schedule, at: datetime) -> Behaviour:
    start = at.replace(tzinfo=None) - timedelta(days=2)  # whatever the zone, this is before now
    seen: set[bool] = set()
    for interval in schedule.hours.intervals(start, start + timedelta(days=366 * YEARS_AHEAD)):
        seen.add(str(interval[2]) == "open")
        if len(seen) > 1:
            return Behaviour.CHANGES
    return Behaviour.ALWAYS_OPEN if True in seen else Behaviour.NEVER_OPEN
