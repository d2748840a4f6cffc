"""Many rules that the index cannot tell apart: sorted by what they ask, so that no question is asked twice.

Rules that ask the same first are one group, and inside it those that ask the same next. Conditions that look at the
same thing (one attribute, the day in one zone) share the look at it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from routing.engine.conditions import Condition
from routing.engine.live import Facts
from routing.engine.looks import Look, look_of, question_of
from routing.engine.rule import CompiledRule, has_target
from routing.engine.situation import Situation

LONG = 48  # rules; fewer are walked as quickly, and need not be made ready beforehand


class Group(Protocol):
    """Rules that have a question in common; ``rank`` is that of the first."""

    @property
    def rank(self) -> int:
        """Return the rank of its first rule."""

    def first(self, situation: Situation, facts: Facts, best: CompiledRule | None) -> CompiledRule | None:
        """Return its first rule that matches and has an available target, or ``best`` where that comes before."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Rules that were found to hold so far: ``ready`` ask no more, ``groups`` stand by the rank of their first rule."""

    ready: tuple[CompiledRule, ...]
    groups: tuple[Group, ...]

    def first(self, situation: Situation, facts: Facts, best: CompiledRule | None) -> CompiledRule | None:
        """Do what a group does."""
        for rule in self.ready:
            if best is not None and best.rank < rule.rank:
                break
            if has_target(rule, facts):
                best = rule
                break
        for group in self.groups:
            if best is not None and best.rank < group.rank:
                break
            best = group.first(situation, facts, best)
        return best


@dataclass(frozen=True, slots=True, eq=False)
class SameCondition:
    """Rules with an equal condition."""

    rank: int
    condition: Condition
    level: Level

    def first(self, situation: Situation, facts: Facts, best: CompiledRule | None) -> CompiledRule | None:
        """Ask once for all of them."""
        return self.level.first(situation, facts, best) if self.condition.holds(situation, facts) else best


@dataclass(frozen=True, slots=True, eq=False)
class SameLook:
    """Rules whose conditions compare one thing with different operands."""

    rank: int
    see: Callable[[Situation], Any]
    branches: tuple[tuple[int, Callable[[Any, Any], bool], Any, Level], ...]  # rank, comparison, operand

    def first(self, situation: Situation, facts: Facts, best: CompiledRule | None) -> CompiledRule | None:
        """Look once; nothing holds for what is not there."""
        seen = self.see(situation)
        if seen is None:
            return best
        for rank, holds, operand, level in self.branches:
            if best is not None and best.rank < rank:
                break
            if holds(seen, operand):
                best = level.first(situation, facts, best)
        return best


class LongShelf(tuple[CompiledRule, ...]):
    """A shelf of the index with many rules, in table order."""

    level: Level

    def __new__(cls, rules: Iterable[CompiledRule]) -> LongShelf:
        """Sort the rules by what they ask."""
        shelf = super().__new__(cls, rules)
        shelf.level = _level(shelf, 0)
        return shelf


def _level(rules: Sequence[CompiledRule], depth: int) -> Level:
    """Sort rules whose first so many conditions hold."""
    ready = []
    groups: dict[object, list[CompiledRule]] = {}
    for rule in rules:
        others = (rule.parts or rule.prepare()).others
        if len(others) == depth:
            ready.append(rule)
        else:
            look = look_of(others[depth])
            groups.setdefault(question_of(others[depth]) if look is None else look.thing, []).append(rule)
    return Level(tuple(ready), tuple(_group(alike, depth) for alike in groups.values()))


def _group(rules: Sequence[CompiledRule], depth: int) -> Group:
    condition = _other(rules[0], depth)
    look = look_of(condition)
    if look is None:
        return SameCondition(rules[0].rank, condition, _level(rules, depth + 1))
    operands: dict[object, tuple[Look, list[CompiledRule]]] = {}
    for rule in rules:
        one = look_of(_other(rule, depth)) or look
        operands.setdefault((one.holds, one.operand), (one, []))[1].append(rule)
    branches = ((alike[0].rank, one.holds, one.operand, _level(alike, depth + 1)) for one, alike in operands.values())
    return SameLook(rules[0].rank, look.see, tuple(branches))


def _other(rule: CompiledRule, depth: int) -> Condition:
    return (rule.parts or rule.prepare()).others[depth]
