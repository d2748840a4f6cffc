"""From a table to a RuleSet: every reference looked up, every operand prepared, every fault told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from routing.engine.checking import check_table
from routing.engine.conditions import DateBetween
from routing.engine.decision import Decision, Reason
from routing.engine.errors import TableErrors
from routing.engine.index import RuleIndex, index_rules
from routing.engine.overrides import merge
from routing.engine.rule import CompiledRule, Materials
from routing.engine.ruleset import RuleSet, RunningCampaign
from routing.engine.schedule import Schedule, build_schedule, check_schedule, is_timezone
from routing.engine.table import CampaignSpec, Table, Target

RANKS_BETWEEN = 1 << 40  # rules can be put one before the other forty times before all ranks are given anew


def compile_table(
    table: Table, *, revision: int | None, default_region: str, last_resort: Target, is_checked: bool = False
) -> RuleSet:
    """Return the table ready to decide calls.

    ``default_region`` is the ISO country that national numbers are read in where our number does
    not tell. Raises TableErrors with every fault of the table; one that ``is_checked`` passed the checks before.
    """
    errors = [] if is_checked and _names_stand(table) else check_table(table, default_region)
    if errors:
        raise TableErrors(errors)
    return _build(table, revision, default_region, last_resort)


def _names_stand(table: Table) -> bool:
    """Tell whether all that rules name is there, which the machine has a part in: it may know fewer time zones."""
    targets, schedules = {target.key for target in table.targets}, {schedule.key for schedule in table.schedules}
    shares = {id(rule.then): rule.then for rule in table.rules}  # nearly all have theirs in common
    zones = {rule.when.timezone for rule in table.rules} | {campaign.timezone for campaign in table.campaigns}
    return (
        table.default in targets
        and all(arm.target in targets for then in shares.values() for arm in then)
        and {rule.when.schedule for rule in table.rules} <= {None, *schedules}
        and all(map(is_timezone, filter(None, zones)))
        and not any(check_schedule(schedule) for schedule in table.schedules)
    )


def empty_ruleset(*, default_region: str, last_resort: Target) -> RuleSet:
    """Return what decides before anything was published: the last resort takes every call."""
    return _build(Table(), None, default_region, last_resort)


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
    rules = tuple([CompiledRule(rank_of(place), spec, materials) for place, spec in enumerate(table.rules, start=1)])
    index = index_rules(rules, default_region)
    return assemble(table, rules, index, materials, revision=revision, last_resort=last_resort)


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
        index=index,
        materials=materials,
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
