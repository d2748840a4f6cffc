"""From a table to a RuleSet: every reference looked up, every operand prepared, every fault told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from routing.engine.checking import check_table
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
from routing.engine.decision import Decision, Reason
from routing.engine.errors import TableErrors
from routing.engine.index import RuleIndex, index_rules
from routing.engine.overrides import merge
from routing.engine.ruleset import CompiledArm, CompiledRule, RuleSet, RunningCampaign
from routing.engine.schedule import Schedule, build_schedule
from routing.engine.table import CampaignSpec, RuleSpec, Table, Target, When

RANKS_BETWEEN = 1 << 40  # rules can be put one before the other forty times before all ranks are given anew


def compile_table(table: Table, *, revision: int | None, default_region: str, last_resort: Target) -> RuleSet:
    """Return the table ready to decide calls.

    ``default_region`` is the ISO country that national numbers are read in where our number does
    not tell. Raises TableErrors with every fault of the table.
    """
    errors = check_table(table, default_region)
    if errors:
        raise TableErrors(errors)
    return _build(table, revision, default_region, last_resort)


def empty_ruleset(*, default_region: str, last_resort: Target) -> RuleSet:
    """Return what decides before anything was published: the last resort takes every call."""
    return _build(Table(), None, default_region, last_resort)


@dataclass(frozen=True, kw_only=True, slots=True)
class Materials:
    """What rules are made of besides their own words. ``floors`` are table < target overrides, by target."""

    targets: Mapping[str, Target]
    floors: Mapping[str, Mapping[str, Any]]
    schedules: Mapping[str, Schedule]
    default_region: str

    def rule(self, spec: RuleSpec, rank: int) -> CompiledRule:
        """Return the rule ready to be judged."""
        conditions = tuple(build_conditions(spec.when, self.schedules, self.default_region))
        return CompiledRule(rank=rank, spec=spec, conditions=conditions, arms=tuple(self._arms(spec)))

    def _arms(self, spec: RuleSpec) -> Iterator[CompiledArm]:
        upto = 0
        for arm in spec.then:
            upto += arm.weight
            yield CompiledArm(target=self.targets[arm.target], upto=upto, floor=self.floors[arm.target])


def gather(table: Table, default_region: str, known: Mapping[str, Schedule] | None = None) -> Materials:
    """Return the table's materials; schedules that are ``known``, because nothing of them changed, are used again."""
    known = known or {}
    return Materials(
        targets={target.key: target for target in table.targets},
        floors={target.key: merge(table.overrides, target.overrides) for target in table.targets},
        schedules={spec.key: known.get(spec.key) or build_schedule(spec) for spec in table.schedules},
        default_region=default_region,
    )


def rank_of(position: int) -> int:
    """Return the rank that the rule at a position, counted from 1, gets in a table compiled as a whole."""
    return position * RANKS_BETWEEN


def _build(table: Table, revision: int | None, default_region: str, last_resort: Target) -> RuleSet:
    materials = gather(table, default_region)
    rules = tuple(materials.rule(spec, rank_of(position)) for position, spec in enumerate(table.rules, start=1))
    return assemble(table, rules, index_rules(rules), materials, revision=revision, last_resort=last_resort)


def assemble(
    table: Table,
    rules: tuple[CompiledRule, ...],
    index: RuleIndex,
    materials: Materials,
    *,
    revision: int | None,
    last_resort: Target,
) -> RuleSet:
    """Return the RuleSet of compiled rules, with what is looked up in the rest of the table."""
    default = materials.targets.get(table.default or "")
    return RuleSet(
        revision=revision,
        table=table,
        rules=rules,
        by_rank={rule.rank: rule for rule in rules},
        index=index,
        targets=materials.targets,
        schedules=materials.schedules,
        campaigns={campaign.slug: _running(campaign) for campaign in table.campaigns},
        numbers_by_id={number.vapi_id: number.key for number in table.numbers},
        campaigns_by_number=_by((c.slug, c.numbers) for c in table.campaigns),
        campaigns_by_vapi_id=_by((c.slug, c.vapi_campaign_ids) for c in table.campaigns),
        default=default,
        default_decision=_default(default or last_resort, table, revision, is_last_resort=default is None),
        blocked=materials.targets.get(table.blocked or ""),
        last_resort=last_resort,
        default_region=materials.default_region,
    )


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


def _default(target: Target, table: Table, revision: int | None, *, is_last_resort: bool) -> Decision:
    reason = Reason.ERROR if is_last_resort else Reason.DEFAULT
    return Decision(target=target, reason=reason, revision=revision, floor=merge(table.overrides, target.overrides))


def _running(campaign: CampaignSpec) -> RunningCampaign:
    dates = None
    if campaign.timezone and (campaign.starts_on or campaign.ends_on):
        dates = DateBetween(
            zone=ZoneInfo(campaign.timezone),
            starts_on=campaign.starts_on,
            ends_on=campaign.ends_on,
        )
    return RunningCampaign(slug=campaign.slug, dates=dates)


def _by(pairs: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for slug, keys in pairs:
        for key in keys:
            found[key] = (*found.get(key, ()), slug)
    return found
