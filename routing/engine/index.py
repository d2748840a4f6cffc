"""The index: which rules a call can match at all, found without asking each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from routing.engine.filing import Where, filed_under
from routing.engine.live import Facts
from routing.engine.numbers import Number, NumberKind
from routing.engine.rule import RANK, CompiledRule
from routing.engine.shelf import LONG, LongShelf
from routing.engine.situation import Situation

Shelf = CompiledRule | tuple[CompiledRule, ...]  # one rule, as on most shelves, or several in table order
Operand = tuple[str, str]  # an attribute and its text
SHELVES = ("exact", "prefixes", "countries", "lists", "attributes", "campaigns", "numbers", "flat")
HEAD = 3  # characters: tells a number's country code, or most of it
E164, WITHHELD = NumberKind.E164, NumberKind.WITHHELD


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleIndex:
    """The rules that a call of some kind can match at all.

    Every enabled rule is filed once, under the operands of its most selective condition. ``flat`` are shelves without
    operands. ``lengths`` are those of the prefixes that begin with some characters; ``short`` those that have not even
    so many, and are tried for every number.
    """

    exact: Mapping[str, Shelf] = field(default_factory=dict)
    prefixes: Mapping[str, Shelf] = field(default_factory=dict)
    countries: Mapping[str, Shelf] = field(default_factory=dict)
    lists: Mapping[str, Shelf] = field(default_factory=dict)
    attributes: Mapping[Operand, Shelf] = field(default_factory=dict)
    campaigns: Mapping[str, Shelf] = field(default_factory=dict)
    numbers: Mapping[str, Shelf] = field(default_factory=dict)
    flat: Mapping[str, Shelf] = field(default_factory=dict)
    lengths: Mapping[str, tuple[int, ...]] = field(init=False)
    short: tuple[int, ...] = field(init=False)
    attribute_keys: tuple[str, ...] = field(init=False)
    withheld: Shelf = field(init=False)
    rest: Shelf = field(init=False)

    def __post_init__(self) -> None:
        short = {len(prefix) for prefix in self.prefixes if len(prefix) < HEAD}
        lengths: defaultdict[str, set[int]] = defaultdict(short.copy)
        for prefix in self.prefixes:
            if len(prefix) >= HEAD:
                lengths[prefix[:HEAD]].add(len(prefix))
        object.__setattr__(self, "lengths", {head: tuple(sorted(found)) for head, found in lengths.items()})
        object.__setattr__(self, "short", tuple(sorted(short)))
        object.__setattr__(self, "attribute_keys", tuple(sorted({key for key, _ in self.attributes})))
        object.__setattr__(self, "withheld", self.flat.get("withheld", ()))
        object.__setattr__(self, "rest", self.flat.get("rest", ()))

    def first(self, situation: Situation, facts: Facts) -> CompiledRule | None:
        """Return the first rule of the table that matches and has a target that may take the call."""
        best = None
        for shelf in self._found(situation, facts):
            if type(shelf) is CompiledRule:  # as most are: the quickest way to tell
                if (best is None or shelf.rank < best.rank) and shelf.takes(situation, facts):
                    best = shelf
            elif isinstance(shelf, LongShelf):
                best = shelf.level.first(situation, facts, best)
            else:
                best = _first_of(_rules_on(shelf), situation, facts, best)
        return best

    def candidates(self, situation: Situation, facts: Facts) -> list[CompiledRule]:
        """Return the rules that may match, in table order, each once."""
        return sorted({rule for shelf in self._found(situation, facts) for rule in _rules_on(shelf)}, key=RANK)

    def _found(self, situation: Situation, facts: Facts) -> list[Shelf]:
        """Return the filled shelves that the call reaches, the narrow ones first."""
        found: list[Shelf] = []
        if situation.customer.identity:
            self._find_customer(situation.customer, found)
        elif self.withheld and situation.customer.kind is WITHHELD:
            found.append(self.withheld)
        if facts.hits:
            found += [shelf for hit in facts.hits if (shelf := self.lists.get(hit.list_key))]
        if self.attribute_keys and situation.context.attributes:
            self._find_attributes(situation, found)
        for slug in situation.campaigns:
            if shelf := self.campaigns.get(slug):
                found.append(shelf)
        if situation.our_number and (shelf := self.numbers.get(situation.our_number)):
            found.append(shelf)
        if self.rest:
            found.append(self.rest)
        return found

    def _find_customer(self, customer: Number, found: list[Shelf]) -> None:
        identity, prefixes = customer.identity, self.prefixes
        if shelf := self.exact.get(identity):
            found.append(shelf)
        if customer.kind is not E164:
            return
        for length in self.lengths.get(identity[:HEAD], self.short):
            if shelf := prefixes.get(identity[:length]):
                found.append(shelf)  # noqa: PERF401 - up to Python 3.11 a comprehension is a call of its own
        if self.countries and (shelf := self.countries.get(customer.country or "")):
            found.append(shelf)

    def _find_attributes(self, situation: Situation, found: list[Shelf]) -> None:
        seen, shelves = situation.context.attributes, self.attributes
        texts = [(key, seen[key].text) for key in self.attribute_keys if key in seen]
        found += [shelf for operand in texts if (shelf := shelves.get(operand))]


def _shelf(rules: list[CompiledRule]) -> Shelf:
    """Put rules, given in table order, on a shelf; many are sorted now, by who makes the index, not by a call."""
    if len(rules) == 1:
        return rules[0]
    return tuple(rules) if len(rules) < LONG else LongShelf(rules)


def _rules_on(shelf: Shelf) -> tuple[CompiledRule, ...]:
    return shelf if isinstance(shelf, tuple) else (shelf,)


def _first_of(
    rules: tuple[CompiledRule, ...], situation: Situation, facts: Facts, best: CompiledRule | None
) -> CompiledRule | None:
    """Return the first rule that matches and has an available target, or ``best`` where that comes before."""
    for rule in rules:
        if best is not None and best.rank < rule.rank:
            return best
        if rule.takes(situation, facts):
            return rule
    return best


def index_rules(rules: Iterable[CompiledRule], region: str) -> RuleIndex:
    """File every enabled rule, given in table order, by its most selective condition.

    National numbers are read in that country. The same as ``refile`` of an empty index, with less memory on the way.
    """
    shelves: dict[str, dict[Any, Any]] = {name: {} for name in SHELVES}
    for rule in rules:
        for shelf, operand in filed_under(rule.spec.when, region) if rule.spec.enabled else ():
            before = shelves[shelf].setdefault(operand, rule)
            if before is rule:
                continue
            if isinstance(before, list):
                before.append(rule)
            else:
                shelves[shelf][operand] = [before, rule]
    for filed in shelves.values():
        filed.update({operand: _shelf(several) for operand, several in filed.items() if isinstance(several, list)})
    return RuleIndex(**shelves)


def refile(
    index: RuleIndex, region: str, *, removed: Iterable[CompiledRule], added: Iterable[CompiledRule]
) -> RuleIndex:
    """Return the index with some rules taken out, then others put in; what they do not touch is shared with the old."""
    gone, come = _by_operand(removed, region), _by_operand(added, region)
    shelves: dict[str, dict[Any, Shelf]] = {name: getattr(index, name) for name in SHELVES}
    shelves |= {name: dict(shelves[name]) for name in {shelf for shelf, _ in (*gone, *come)}}
    for shelf, operand in gone.keys() | come.keys():
        old, new = shelves[shelf].pop(operand, ()), come.get((shelf, operand), [])
        if old:
            kept = set(_rules_on(old)).difference(gone.get((shelf, operand), ()))
            new = sorted(kept.union(new), key=RANK)
        if new:
            shelves[shelf][operand] = _shelf(new)
    return RuleIndex(**shelves)


def _by_operand(rules: Iterable[CompiledRule], region: str) -> dict[Where, list[CompiledRule]]:
    """Sort enabled rules by the places where they are filed, each in table order."""
    found: defaultdict[Where, list[CompiledRule]] = defaultdict(list)
    for rule in sorted(rules, key=RANK):
        if rule.spec.enabled:
            for where in filed_under(rule.spec.when, region):
                found[where].append(rule)
    return found
