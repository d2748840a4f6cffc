"""A compiled routing table: every operand prepared, every rule indexed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
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
from routing.engine.decision import Decision, RuleRef
from routing.engine.live import NO_FACTS, Facts
from routing.engine.numbers import NumberKind
from routing.engine.schedule import Schedule
from routing.engine.situation import Situation
from routing.engine.table import RuleSpec, Table, Target


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledArm:
    """One weighted target: it takes the buckets below ``upto``; ``floor`` is table < target.

    ``decision`` is the answer to most calls that come here, made once; None where a rule is only tried out.
    """

    target: Target
    upto: int
    floor: Mapping[str, Any]
    decision: Decision | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledRule:
    """A rule ready to be judged. ``ref.position`` counts from 1.

    ``others`` are the conditions but the one that the index files the rule under: what the index finds fulfils that.
    """

    ref: RuleRef
    spec: RuleSpec
    conditions: tuple[Condition, ...]
    arms: tuple[CompiledArm, ...]
    others: tuple[Condition, ...] = field(init=False)

    def __post_init__(self) -> None:
        filed = filed_condition(self.conditions)
        object.__setattr__(self, "others", tuple(it for it in self.conditions if it is not filed))

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
SORTED_AT_ONCE = 64  # candidates; beyond, merging as far as needed is cheaper than sorting


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleIndex:
    """Where in the list the rules stand that a call of some kind can match at all.

    Every enabled rule is filed once, under the operands of its most selective condition.
    """

    exact: Mapping[str, Places]
    prefixes: Mapping[str, Places]
    prefix_lengths: Places
    countries: Mapping[str, Places]
    withheld: Places
    lists: Mapping[str, Places]
    campaigns: Mapping[str, Places]
    numbers: Mapping[str, Places]
    rest: Places

    def candidates(self, situation: Situation, facts: Facts) -> Iterable[int]:
        """Return the places of rules that may match, in table order, each once."""
        found = self._found(situation, facts)
        if len(found) < 2:
            return found[0] if found else ()
        if sum(map(len, found)) <= SORTED_AT_ONCE:
            return sorted({place for places in found for place in places})
        return _merged(found)

    def _found(self, situation: Situation, facts: Facts) -> list[Places]:
        """Return the filled shelves that the call reaches."""
        found = [self.rest] if self.rest else []
        identity = situation.customer.identity
        if identity:
            self._find_customer(situation, identity, found)
        elif self.withheld and situation.customer.kind is NumberKind.WITHHELD:
            found.append(self.withheld)
        if facts.hits:
            found += [places for hit in facts.hits if (places := self.lists.get(hit.list_key))]
        if situation.campaigns:
            found += [places for slug in situation.campaigns if (places := self.campaigns.get(slug))]
        if places := self.numbers.get(situation.our_number or ""):
            found.append(places)
        return found

    def _find_customer(self, situation: Situation, identity: str, found: list[Places]) -> None:
        if places := self.exact.get(identity):
            found.append(places)
        customer = situation.customer
        if customer.kind is not NumberKind.E164:
            return
        if places := self.countries.get(customer.country or ""):
            found.append(places)
        prefixes = self.prefixes
        found += [places for length in self.prefix_lengths if (places := prefixes.get(identity[:length]))]


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
        prefix_lengths=tuple(sorted({len(prefix) for prefix in mappings["prefixes"]})),
        withheld=tuple(flat.get("withheld", ())),
        rest=tuple(flat.get("rest", ())),
    )


def filed_condition(conditions: tuple[Condition, ...]) -> Condition | None:
    """Return the most selective condition that the index knows, under which a rule is filed; None: under none."""
    for kind in (CustomerIs, OnAnyList, CampaignIs, OurNumberIs):
        for condition in conditions:
            if isinstance(condition, kind):
                return condition
    return None


def _merged(found: list[Places]) -> Iterator[int]:
    """Yield the places in order without sorting them all: most calls are taken by an early rule."""
    last = -1
    for place in merge(*found):
        if place != last:
            yield place
            last = place


def _filed_under(rule: CompiledRule) -> list[tuple[str, str]]:
    """Name the shelves and operands of the rule's most selective condition."""
    condition = filed_condition(rule.conditions)
    return [("flat", "rest")] if condition is None else _operands(condition)


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
    the first publish; ``default_decision`` is then the last resort's.
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
    default_decision: Decision
    blocked: Target | None
    last_resort: Target
    default_region: str

    def candidates(self, situation: Situation, facts: Facts = NO_FACTS) -> Iterator[CompiledRule]:
        """Yield the enabled rules that may match this call, in table order."""
        return map(self.rules.__getitem__, self.index.candidates(situation, facts))

    def matching(self, situation: Situation, facts: Facts) -> Iterator[CompiledRule]:
        """Yield the enabled rules that match this call, in table order."""
        rules = self.rules
        for place in self.index.candidates(situation, facts):
            rule = rules[place]
            for condition in rule.others:
                if not condition.holds(situation, facts):
                    break
            else:
                yield rule
