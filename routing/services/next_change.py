"""When somebody else will answer, if nobody touches the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from routing.engine.conditions import CampaignIs, Condition, DateBetween, OnAnyList, OnNoList, ScheduleIs
from routing.engine.context import Context
from routing.engine.decision import Decision
from routing.engine.live import Facts
from routing.engine.resolve import decide_among
from routing.engine.rule import CompiledRule, is_available
from routing.engine.ruleset import RuleSet
from routing.engine.situation import Situation, situate
from routing.engine.turning_points import date_turns, schedule_turns

HORIZON = timedelta(days=7)

Same = Callable[[Decision, Decision], bool]


def is_same_target(one: Decision, other: Decision) -> bool:
    """Tell whether the same target takes both calls, for whatever reason."""
    return _taker(one) == _taker(other)


def next_change(
    ruleset: RuleSet,
    context: Context,
    facts: Facts,
    at: datetime,
    horizon: timedelta = HORIZON,
    *,
    same: Same = is_same_target,
) -> tuple[datetime, Decision] | None:
    """Return the first instant after ``at`` at which the call would be taken otherwise, and by whom then.

    Schedules, dates of rules and campaigns, the end of list entries and of emergency switches are looked at, as far as
    ``horizon``; None where nothing changes until then. ``facts`` are those that hold at ``at``.
    """
    rules = _rules_in_play(ruleset, context, facts, at)
    walk = _Walk(ruleset=ruleset, context=context, facts=facts, rules=rules)
    first = walk.ask(at, rules)
    live = _live_turns(facts, at, at + horizon)
    turns = _rule_turns(walk, at, at + horizon)
    for instant in sorted(live | turns.keys()):
        decision = walk.ask(instant, rules if instant in live else turns[instant])
        if not same(first, decision):
            return instant, decision
    return None


def _taker(decision: Decision) -> tuple[str, str, str]:
    return decision.target.key, decision.target.name, decision.target.kind


@dataclass(kw_only=True, slots=True)
class _Walk:
    """One call, asked about at one instant after the other.

    ``rules`` are those that may ever take it; ``matching`` are the ranks of those that match at the moment.
    """

    ruleset: RuleSet
    context: Context
    facts: Facts
    rules: tuple[CompiledRule, ...]
    matching: set[int] = field(default_factory=set)

    def ask(self, at: datetime, turning: Iterable[CompiledRule]) -> Decision:
        """Decide for this instant, judging again only the rules that may have turned since the last one."""
        situation, facts = self.situation(at), _facts_at(self.facts, at)
        for rule in turning:
            judge = self.matching.add if rule.matches(situation, facts) else self.matching.discard
            judge(rule.rank)
        return decide_among((rule for rule in self.rules if rule.rank in self.matching), self.ruleset, situation, facts)

    def situation(self, at: datetime) -> Situation:
        return situate(self.ruleset, replace(self.context, at=at))


def _live_turns(facts: Facts, since: datetime, end: datetime) -> set[datetime]:
    ends = [*(hit.expires_at for hit in facts.hits), *(switch.until for switch in facts.switches)]
    return {instant for instant in ends if instant is not None and since < instant <= end}


def _rule_turns(walk: _Walk, since: datetime, end: datetime) -> dict[datetime, list[CompiledRule]]:
    """Return which rules may begin or cease to match when."""
    found: dict[datetime, list[CompiledRule]] = {}
    situation = walk.situation(since)
    for rule in walk.rules:
        for condition in rule.conditions:
            for instant in _condition_turns(condition, walk.ruleset, situation, since, end):
                found.setdefault(instant, []).append(rule)
    return found


def _condition_turns(
    condition: Condition, ruleset: RuleSet, situation: Situation, since: datetime, end: datetime
) -> Iterator[datetime]:
    if isinstance(condition, ScheduleIs):
        for zone in condition.zones(situation):
            yield from schedule_turns(condition.schedule, zone, since, end)
    elif isinstance(condition, DateBetween):
        yield from date_turns(condition, since, end)
    elif isinstance(condition, CampaignIs):
        for dates in _campaign_dates(condition, ruleset):
            yield from date_turns(dates, since, end)


def _rules_in_play(ruleset: RuleSet, context: Context, facts: Facts, at: datetime) -> tuple[CompiledRule, ...]:
    """Return the rules that nothing but the clock keeps from taking the call, as far as the first that always does."""
    situation = situate(ruleset, replace(context, at=at))
    found = []
    for rule in ruleset.rules:
        fixed = [one for one in rule.conditions if not _turns_with_time(one, ruleset, facts)]
        if rule.spec.enabled and all(condition.holds(situation, facts) for condition in fixed):
            found.append(rule)
            if len(fixed) == len(rule.conditions) and any(is_available(arm.target, facts) for arm in rule.arms):
                break
    return tuple(found)


def _turns_with_time(condition: Condition, ruleset: RuleSet, facts: Facts) -> bool:
    if isinstance(condition, OnAnyList | OnNoList):
        return any(hit.expires_at is not None for hit in facts.hits)
    if isinstance(condition, CampaignIs):
        return any(True for _ in _campaign_dates(condition, ruleset))
    return isinstance(condition, ScheduleIs | DateBetween)


def _campaign_dates(condition: CampaignIs, ruleset: RuleSet) -> Iterable[DateBetween]:
    campaigns = (ruleset.campaigns.get(slug) for slug in condition.campaigns)
    return (campaign.dates for campaign in campaigns if campaign is not None and campaign.dates is not None)


def _facts_at(facts: Facts, at: datetime) -> Facts:
    """Return what still holds then."""
    return replace(
        facts,
        hits=tuple(hit for hit in facts.hits if hit.expires_at is None or at < hit.expires_at),
        switches=tuple(switch for switch in facts.switches if at < switch.until),
    )
