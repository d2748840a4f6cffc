"""A compiled routing table: every operand prepared, every rule indexed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from routing.engine.conditions import Condition, DateBetween
from routing.engine.decision import Decision, RuleRef
from routing.engine.index import RuleIndex, filed_condition, is_settled
from routing.engine.live import NO_FACTS, Facts
from routing.engine.schedule import Schedule
from routing.engine.situation import Situation
from routing.engine.table import RuleSpec, Table, Target

RANK = attrgetter("rank")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CompiledArm:
    """One weighted target: it takes the buckets below ``upto``; ``floor`` is table < target."""

    target: Target
    upto: int
    floor: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CompiledRule:
    """A rule ready to be judged.

    ``rank`` orders the rules. It leaves room, so a rule put between two others changes neither of them; the place in
    the list, and the revision, are known to the RuleSet alone, and most rules of one serve in the next.
    ``others`` are the conditions but the one that the index files the rule under: what the index finds fulfils that.
    """

    rank: int
    spec: RuleSpec
    conditions: tuple[Condition, ...]
    arms: tuple[CompiledArm, ...]
    others: tuple[Condition, ...] = field(init=False)

    def __post_init__(self) -> None:
        filed = filed_condition(self.conditions)
        object.__setattr__(self, "others", tuple(it for it in self.conditions if it is not filed or not is_settled(it)))

    def matches(self, situation: Situation, facts: Facts) -> bool:
        """Tell whether every condition holds (a rule without conditions always does)."""
        return all(condition.holds(situation, facts) for condition in self.conditions)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningCampaign:
    """A campaign and when it runs; ``dates`` None means always."""

    slug: str
    dates: DateBetween | None

    def runs_at(self, at: datetime) -> bool:
        """Tell whether the campaign runs on the local day of that instant."""
        return self.dates is None or self.dates.covers(at)


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleSet:
    """Everything a decision needs that is not live data; immutable and shared by all threads.

    ``numbers_by_id`` maps Vapi's phone number ids to natural keys. ``default`` is None only before
    the first publish; ``default_decision`` is then the last resort's.
    ``made`` remembers the answer to most calls that come to an arm; threads that make one at once make the same.
    """

    revision: int | None
    table: Table
    rules: tuple[CompiledRule, ...]
    by_rank: Mapping[int, CompiledRule]
    index: RuleIndex
    targets: Mapping[str, Target]
    schedules: Mapping[str, Schedule]
    campaigns: Mapping[str, RunningCampaign]
    numbers_by_id: Mapping[str, str]
    campaigns_by_number: Mapping[str, tuple[str, ...]]
    campaigns_by_vapi_id: Mapping[str, tuple[str, ...]]
    default: Target | None
    default_decision: Decision
    blocked: Target | None
    last_resort: Target
    default_region: str
    made: dict[CompiledArm, Decision] = field(default_factory=dict, compare=False, repr=False)

    def ref(self, rule: CompiledRule) -> RuleRef:
        """Name a rule by its place in the list, counted from 1; one that is only tried out, by where it would stand."""
        position = bisect_left(self.rules, rule.rank, key=RANK) + 1
        return RuleRef(position=position, key=rule.spec.key, name=rule.spec.name)

    def candidates(self, situation: Situation, facts: Facts = NO_FACTS) -> Iterator[CompiledRule]:
        """Yield the enabled rules that may match this call, in table order."""
        return map(self.by_rank.__getitem__, self.index.candidates(situation, facts))

    def matching(self, situation: Situation, facts: Facts) -> Iterator[CompiledRule]:
        """Yield the enabled rules that match this call, in table order."""
        rules = self.by_rank
        for rank in self.index.candidates(situation, facts):
            rule = rules[rank]
            for condition in rule.others:
                if not condition.holds(situation, facts):
                    break
            else:
                yield rule
