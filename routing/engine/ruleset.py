"""A compiled routing table: every operand prepared, every rule indexed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any

from routing.engine.conditions import (
    CampaignIs,
    Condition,
    CustomerIs,
    DateBetween,
    OnAnyList,
    OurNumberIs,
)
from routing.engine.decision import RuleRef
from routing.engine.live import NO_FACTS, Facts
from routing.engine.numbers import NumberKind
from routing.engine.schedule import Schedule
from routing.engine.situation import Situation
from routing.engine.table import RuleSpec, Table, Target


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledArm:
    """One weighted target: it takes the buckets below ``upto``; ``floor`` is table < target."""

    target: Target
    upto: int
    floor: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledRule:
    """A rule ready to be judged. ``ref.position`` counts from 1."""

    ref: RuleRef
    spec: RuleSpec
    conditions: tuple[Condition, ...]
    arms: tuple[CompiledArm, ...]

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


Places = tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleIndex:
    """Where in the list the rules stand that a call of some kind can match at all.

    Every enabled rule is filed once, under the operands of its most selective condition.
    """

    exact: Mapping[str, Places]
    prefixes: Mapping[str, Places]
    countries: Mapping[str, Places]
    withheld: Places
    lists: Mapping[str, Places]
    campaigns: Mapping[str, Places]
    numbers: Mapping[str, Places]
    rest: Places

    def candidates(self, situation: Situation, facts: Facts) -> Iterator[int]:
        """Yield the places of rules that may match, in table order, each once."""
        last = -1
        for place in merge(*self._found(situation, facts)):
            if place != last:
                yield place
                last = place

    def _found(self, situation: Situation, facts: Facts) -> Iterator[Places]:
        customer = situation.customer
        if customer.kind is NumberKind.WITHHELD:
            yield self.withheld
        elif customer.kind is not NumberKind.MISSING:
            yield self.exact.get(customer.identity, ())
        if customer.kind is NumberKind.E164:
            yield self.countries.get(customer.country or "", ())
            if self.prefixes:
                for end in range(2, len(customer.identity) + 1):
                    yield self.prefixes.get(customer.identity[:end], ())
        for hit in facts.hits:
            yield self.lists.get(hit.list_key, ())
        for slug in situation.campaigns:
            yield self.campaigns.get(slug, ())
        if situation.our_number is not None:
            yield self.numbers.get(situation.our_number, ())
        yield self.rest


def index_rules(rules: Iterable[CompiledRule]) -> RuleIndex:
    """File every enabled rule by its most selective condition."""
    shelves: dict[str, dict[str, list[int]]] = {
        shelf: {} for shelf in ("exact", "prefixes", "countries", "lists", "campaigns", "numbers", "flat")
    }
    for place, rule in enumerate(rules):
        if rule.spec.enabled:
            for shelf, operand in _filed_under(rule):
                shelves[shelf].setdefault(operand, []).append(place)
    flat = shelves.pop("flat")
    mappings = {
        shelf: {operand: tuple(places) for operand, places in found.items()} for shelf, found in shelves.items()
    }
    return RuleIndex(
        **mappings,
        withheld=tuple(flat.get("withheld", ())),
        rest=tuple(flat.get("rest", ())),
    )


def _filed_under(rule: CompiledRule) -> list[tuple[str, str]]:
    """Name the shelves and operands of the rule's most selective condition."""
    for kind in (CustomerIs, OnAnyList, CampaignIs, OurNumberIs):
        for condition in rule.conditions:
            if isinstance(condition, kind):
                return _operands(condition)
    return [("flat", "rest")]


def _operands(condition: Condition) -> list[tuple[str, str]]:
    match condition:
        case CustomerIs():
            return [
                *(("exact", number) for number in condition.exact),
                *(("prefixes", prefix) for prefix in condition.prefixes),
                *(("countries", country) for country in condition.countries),
                *([("flat", "withheld")] if condition.withheld else []),
            ]
        case OnAnyList():
            return [("lists", key) for key in condition.lists]
        case CampaignIs():
            return [("campaigns", slug) for slug in condition.campaigns]
        case OurNumberIs():
            return [("numbers", key) for key in condition.numbers]
        case _:
            raise TypeError(f"{condition!r} has no index")


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleSet:
    """Everything a decision needs that is not live data; immutable and shared by all threads.

    ``numbers_by_id`` maps Vapi's phone number ids to natural keys. ``default`` is None only before
    the first publish.
    """

    revision: int | None
    table: Table
    rules: tuple[CompiledRule, ...]
    index: RuleIndex
    targets: Mapping[str, Target]
    schedules: Mapping[str, Schedule]
    campaigns: Mapping[str, RunningCampaign]
    numbers_by_id: Mapping[str, str]
    campaigns_by_number: Mapping[str, tuple[str, ...]]
    campaigns_by_vapi_id: Mapping[str, tuple[str, ...]]
    default: Target | None
    blocked: Target | None
    last_resort: Target
    default_region: str

    def candidates(self, situation: Situation, facts: Facts = NO_FACTS) -> Iterator[CompiledRule]:
        """Yield the enabled rules that may match this call, in table order."""
        return (self.rules[place] for place in self.index.candidates(situation, facts))
