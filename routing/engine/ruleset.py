"""A compiled routing table: every operand prepared, every rule indexed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from routing.engine.conditions import DateBetween
from routing.engine.decision import Decision, RuleRef
from routing.engine.index import RuleIndex
from routing.engine.live import NO_FACTS, Facts
from routing.engine.rule import RANK, CompiledRule, Materials
from routing.engine.schedule import Schedule
from routing.engine.situation import Situation
from routing.engine.table import Table, Target


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningCampaign:
    """A campaign and when it runs; ``dates`` None means always. ``alone`` are the campaigns of a call that names it."""

    slug: str
    dates: DateBetween | None
    alone: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "alone", frozenset((self.slug,)))

    def runs_at(self, at: datetime) -> bool:
        """Tell whether the campaign runs on the local day of that instant."""
        return self.dates is None or self.dates.covers(at)


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleSet:
    """Everything a decision needs that is not live data; immutable and shared by all threads.

    ``numbers_by_id`` maps Vapi's phone number ids to natural keys. ``default`` is None only before
    the first publish; ``default_decision`` is then the last resort's.
    ``mark`` stands before the answers that rules remember for this RuleSet; in another a rule may have another place.
    """

    revision: int | None
    table: Table
    rules: tuple[CompiledRule, ...]
    index: RuleIndex
    materials: Materials
    campaigns: Mapping[str, RunningCampaign]
    numbers_by_id: Mapping[str, str]
    campaigns_by_number: Mapping[str, tuple[str, ...]]
    campaigns_by_vapi_id: Mapping[str, tuple[str, ...]]
    default: Target | None
    default_decision: Decision
    blocked: Target | None
    last_resort: Target
    default_region: str
    mark: object = field(init=False, default_factory=object, compare=False, repr=False)

    @property
    def targets(self) -> Mapping[str, Target]:
        """All targets by key."""
        return self.materials.targets

    @property
    def schedules(self) -> Mapping[str, Schedule]:
        """All schedules by key."""
        return self.materials.schedules

    def ref(self, rule: CompiledRule) -> RuleRef:
        """Name a rule by its place in the list, counted from 1; one that is only tried out, by where it would stand."""
        position = bisect_left(self.rules, rule.rank, key=RANK) + 1
        return RuleRef(position=position, key=rule.spec.key, name=rule.spec.name)

    def candidates(self, situation: Situation, facts: Facts = NO_FACTS) -> list[CompiledRule]:
        """Return the enabled rules that may match this call, in table order."""
        return self.index.candidates(situation, facts)
