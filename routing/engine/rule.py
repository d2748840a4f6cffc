"""A rule ready to be judged; what it needs for that is made when a call comes to it first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from routing.engine.conditions import (
    AttributeIs,
    CampaignIs,
    ChannelIs,
    Condition,
    DateBetween,
    OnAnyList,
    OnNoList,
    OurNumberIs,
    ScheduleIs,
    customer_is,
)
from routing.engine.filing import settled_by
from routing.engine.live import Facts
from routing.engine.schedule import Schedule
from routing.engine.situation import Situation
from routing.engine.table import Arm, RuleSpec, Target, When

RANK = attrgetter("rank")
NOTHING_MADE = (None,)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CompiledArm:
    """One weighted target: it takes the buckets below ``upto``; ``floor`` is table < target."""

    target: Target
    upto: int
    floor: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Parts:
    """What a rule is judged by.

    ``others`` are the conditions but the one that the index files the rule under: what the index finds fulfils that.
    """

    conditions: tuple[Condition, ...]
    others: tuple[Condition, ...]
    arms: tuple[CompiledArm, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Materials:
    """What rules are made of besides their own words. ``floors`` are table < target overrides, by target.

    ``shares`` are the arms made so far: most rules lead to one target, and have them in common.
    """

    targets: Mapping[str, Target]
    floors: Mapping[str, Mapping[str, Any]]
    schedules: Mapping[str, Schedule]
    default_region: str
    shares: dict[tuple[Arm, ...], tuple[CompiledArm, ...]] = field(default_factory=dict)

    def parts(self, spec: RuleSpec) -> Parts:
        """Make what the rule is judged by."""
        conditions = tuple(build_conditions(spec.when, self.schedules, self.default_region))
        settled = settled_by(spec.when, self.default_region)
        others = tuple(it for it in conditions if settled is None or type(it) is not settled)
        return Parts(conditions=conditions, others=others, arms=self.shares.get(spec.then) or self._share(spec.then))

    def _share(self, then: tuple[Arm, ...]) -> tuple[CompiledArm, ...]:
        ends = accumulate(arm.weight for arm in then)
        arms = self.shares[then] = tuple(
            CompiledArm(target=self.targets[arm.target], upto=upto, floor=self.floors[arm.target])
            for arm, upto in zip(then, ends, strict=True)
        )
        return arms


@dataclass(slots=True, eq=False)  # not frozen: what is made at first use is kept here
class CompiledRule:
    """A rule and its rank.

    ``rank`` orders the rules. It leaves room, so a rule put between two others changes neither of them; the place in
    the list, and the revision, are known to the RuleSet alone, and most rules of one serve in the next.
    ``parts`` is None until they are asked for. ``made`` are answers by arm, behind the mark of the RuleSet that gave
    them. Threads that make either at once make the same.
    """

    rank: int
    spec: RuleSpec
    materials: Materials = field(repr=False)
    parts: Parts | None = None
    made: tuple[Any, ...] = NOTHING_MADE

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All conditions, cheapest first."""
        return (self.parts or self.prepare()).conditions

    @property
    def arms(self) -> tuple[CompiledArm, ...]:
        """The weighted targets."""
        return (self.parts or self.prepare()).arms

    def prepare(self) -> Parts:
        """Make what the rule is judged by, and keep it."""
        parts = self.parts = self.materials.parts(self.spec)
        return parts

    def matches(self, situation: Situation, facts: Facts) -> bool:
        """Tell whether every condition holds (a rule without conditions always does)."""
        return all(condition.holds(situation, facts) for condition in self.conditions)

    def takes(self, situation: Situation, facts: Facts) -> bool:
        """Tell whether a rule that the index found matches, and has a target that may take the call."""
        parts = self.parts or self.prepare()
        for condition in parts.others:
            if not condition.holds(situation, facts):
                return False
        return has_target(self, facts)


def is_available(target: Target, facts: Facts) -> bool:
    """Tell whether a target may take calls: enabled, and still there at Vapi."""
    return target.enabled and target.key not in facts.unavailable


def has_target(rule: CompiledRule, facts: Facts) -> bool:
    """Tell whether any target of the rule may take calls."""
    for arm in (rule.parts or rule.prepare()).arms:
        if arm.target.enabled and arm.target.key not in facts.unavailable:
            return True
    return False


def build_conditions(when: When, schedules: Mapping[str, Schedule], default_region: str) -> Iterator[Condition]:
    """Yield the conditions that stand, cheapest first."""
    if when.channels:
        yield ChannelIs(frozenset(when.channels))
    if when.customer:
        yield customer_is(when.customer, default_region)
    if when.lists_any:
        yield OnAnyList(frozenset(when.lists_any))
    if when.lists_none:
        yield OnNoList(frozenset(when.lists_none))
    if when.numbers:
        yield OurNumberIs(frozenset(when.numbers))
    if when.campaigns:
        yield CampaignIs(frozenset(when.campaigns))
    for spec in when.attributes:
        yield AttributeIs(key=spec.key, op=spec.op, values=spec.values, allow_untrusted=spec.allow_untrusted)
    if when.timezone and (when.valid_from or when.valid_until):
        yield DateBetween(zone=ZoneInfo(when.timezone), starts_on=when.valid_from, ends_on=when.valid_until)
    if when.schedule is not None:
        yield ScheduleIs(schedule=schedules[when.schedule], is_open=when.schedule_is_open)
