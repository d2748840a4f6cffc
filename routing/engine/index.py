"""The index: which rules a call can match at all, found without asking each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge
from typing import Any, Protocol

from routing.engine.conditions import AttributeIs, CampaignIs, Condition, CustomerIs, OnAnyList, OurNumberIs
from routing.engine.live import Facts
from routing.engine.numbers import NumberKind
from routing.engine.situation import Situation
from routing.engine.table import Operator, RuleSpec

Ranks = tuple[int, ...]
Operand = tuple[str, str]  # an attribute and its text
SHELVES = ("exact", "prefixes", "countries", "lists", "attributes", "campaigns", "numbers", "flat")
Where = tuple[str, Any]  # a shelf and an operand
EQUAL = frozenset({Operator.IS, Operator.IN})
SORTED_AT_ONCE = 64  # candidates; beyond, merging as far as needed is cheaper than sorting


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleIndex:
    """The ranks of the rules that a call of some kind can match at all.

    Every enabled rule is filed once, under the operands of its most selective condition. ``flat`` are shelves without
    operands.
    """

    exact: Mapping[str, Ranks] = field(default_factory=dict)
    prefixes: Mapping[str, Ranks] = field(default_factory=dict)
    countries: Mapping[str, Ranks] = field(default_factory=dict)
    lists: Mapping[str, Ranks] = field(default_factory=dict)
    attributes: Mapping[Operand, Ranks] = field(default_factory=dict)
    campaigns: Mapping[str, Ranks] = field(default_factory=dict)
    numbers: Mapping[str, Ranks] = field(default_factory=dict)
    flat: Mapping[str, Ranks] = field(default_factory=dict)
    prefix_lengths: tuple[int, ...] = field(init=False)
    attribute_keys: tuple[str, ...] = field(init=False)
    withheld: Ranks = field(init=False)
    rest: Ranks = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefix_lengths", tuple(sorted(set(map(len, self.prefixes)))))
        object.__setattr__(self, "attribute_keys", tuple(sorted({key for key, _ in self.attributes})))
        object.__setattr__(self, "withheld", self.flat.get("withheld", ()))
        object.__setattr__(self, "rest", self.flat.get("rest", ()))

    def candidates(self, situation: Situation, facts: Facts) -> Iterable[int]:
        """Return the ranks of rules that may match, in table order, each once."""
        found = self._found(situation, facts)
        if len(found) < 2:
            return found[0] if found else ()
        if sum(map(len, found)) <= SORTED_AT_ONCE:
            return sorted({rank for ranks in found for rank in ranks})
        return _merged(found)

    def _found(self, situation: Situation, facts: Facts) -> list[Ranks]:
        """Return the filled shelves that the call reaches."""
        found = [self.rest] if self.rest else []
        identity = situation.customer.identity
        if identity:
            self._find_customer(situation, identity, found)
        elif self.withheld and situation.customer.kind is NumberKind.WITHHELD:
            found.append(self.withheld)
        if facts.hits:
            found += [ranks for hit in facts.hits if (ranks := self.lists.get(hit.list_key))]
        if self.attribute_keys and situation.context.attributes:
            self._find_attributes(situation, found)
        if situation.campaigns:
            found += [ranks for slug in situation.campaigns if (ranks := self.campaigns.get(slug))]
        if ranks := self.numbers.get(situation.our_number or ""):
            found.append(ranks)
        return found

    def _find_customer(self, situation: Situation, identity: str, found: list[Ranks]) -> None:
        if ranks := self.exact.get(identity):
            found.append(ranks)
        customer = situation.customer
        if customer.kind is not NumberKind.E164:
            return
        if ranks := self.countries.get(customer.country or ""):
            found.append(ranks)
        prefixes = self.prefixes
        found += [ranks for length in self.prefix_lengths if (ranks := prefixes.get(identity[:length]))]

    def _find_attributes(self, situation: Situation, found: list[Ranks]) -> None:
        seen, shelf = situation.context.attributes, self.attributes
        texts = [(key, seen[key].text) for key in self.attribute_keys if key in seen]
        found += [ranks for operand in texts if (ranks := shelf.get(operand))]


class Filed(Protocol):
    """What the index needs to know of a compiled rule."""

    @property
    def rank(self) -> int:
        """Its rank: rules are judged in this order."""

    @property
    def spec(self) -> RuleSpec:
        """The rule itself: one that is switched off is not filed."""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Its conditions, of which it is filed under one."""


def index_rules(rules: Iterable[Filed]) -> RuleIndex:
    """File every enabled rule by its most selective condition."""
    return refile(RuleIndex(), removed=(), added=rules)


def refile(index: RuleIndex, *, removed: Iterable[Filed], added: Iterable[Filed]) -> RuleIndex:
    """Return the index with some rules taken out, then others put in; what they do not touch is shared with the old."""
    gone, come = _by_operand(removed), _by_operand(added)
    shelves: dict[str, dict[Any, Ranks]] = {name: getattr(index, name) for name in SHELVES}
    shelves |= {name: dict(shelves[name]) for name in {shelf for shelf, _ in (*gone, *come)}}
    for shelf, operand in gone.keys() | come.keys():
        left = set(shelves[shelf].pop(operand, ())).difference(gone.get((shelf, operand), ()))
        left.update(come.get((shelf, operand), ()))
        if left:
            shelves[shelf][operand] = tuple(sorted(left))
    return RuleIndex(**shelves)


def _by_operand(rules: Iterable[Filed]) -> dict[Where, list[int]]:
    found: defaultdict[Where, list[int]] = defaultdict(list)
    for rule in rules:
        if rule.spec.enabled:
            for where in _filed_under(rule):
                found[where].append(rule.rank)
    return found


def filed_condition(conditions: tuple[Condition, ...]) -> Condition | None:
    """Return the most selective condition that the index knows, under which a rule is filed; None: under none."""
    known = [condition for condition in conditions if _breadth(condition) is not None]
    return min(known, key=lambda condition: _breadth(condition) or 0, default=None)


def is_settled(condition: Condition) -> bool:
    """Tell whether what is found under a condition fulfils it. An attribute may yet be one that nobody may trust."""
    return not isinstance(condition, AttributeIs)


def _breadth(condition: Condition) -> int | None:
    """Return a lower number for what fewer calls are likely to fulfil, None for what has no shelf."""
    match condition:
        case CustomerIs():
            return 4 if condition.countries or condition.withheld else 0
        case OnAnyList():
            return 1
        case AttributeIs(op=op) if op in EQUAL:
            return 2
        case CampaignIs():
            return 3
        case OurNumberIs():
            return 5
    return None


def _merged(found: list[Ranks]) -> Iterator[int]:
    """Yield the ranks in order without sorting them all: most calls are taken by an early rule."""
    last = -1
    for rank in merge(*found):
        if rank != last:
            yield rank
            last = rank


def _filed_under(rule: Filed) -> list[Where]:
    """Name the shelves and operands of the rule's most selective condition."""
    condition = filed_condition(rule.conditions)
    return [("flat", "rest")] if condition is None else _operands(condition)


def _operands(condition: Condition) -> list[Where]:
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
        case AttributeIs():
            return [("attributes", (condition.key, value)) for value in condition.values]
        case CampaignIs():
            return [("campaigns", slug) for slug in condition.campaigns]
        case OurNumberIs():
            return [("numbers", key) for key in condition.numbers]
        case _:
            raise TypeError(f"{condition!r} has no index")
