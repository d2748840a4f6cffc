"""What changed from one table to the next, and the next RuleSet made of the one before and that alone.

Most publishes change a rule or two of thousands: everything else that is compiled serves again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from routing.engine.canonical import json_pieces
from routing.engine.checking import check_table
from routing.engine.compile import assemble, compile_table, gather, rank_of
from routing.engine.document import read_document, write_document
from routing.engine.errors import TableErrors
from routing.engine.index import refile
from routing.engine.reading_rules import write_rule
from routing.engine.rule import CompiledRule, Materials
from routing.engine.ruleset import RuleSet
from routing.engine.table import RuleSpec, Table

MOST = 1_000  # rules removed or put; with more, the whole table is as quick

Put = tuple[int, tuple[RuleSpec, ...]]


class NotApplicable(ValueError):
    """Changes that do not fit the rules they are to be applied to, or for which these have no room."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableChanges:
    """How a table differs from the one before it; places are counted from 0.

    ``parts`` are what changed besides rules, whole, as a document has it. ``removed`` are places in the table before,
    ascending. ``put`` are rules that follow each other, with the place of the first in the new table, ascending. A
    rule that is edited or moved is removed and put.
    """

    parts: Mapping[str, Any]
    removed: tuple[int, ...]
    put: tuple[Put, ...]


def find_changes(before: Table, after: Table) -> TableChanges | None:
    """Return how the tables differ; None where more than MOST rules do."""
    kept = _kept(before, after)
    kept_before = set(kept.values())
    removed = tuple(place for place in range(len(before.rules)) if place not in kept_before)
    put = [place for place in range(len(after.rules)) if place not in kept]
    if len(removed) + len(put) > MOST:
        return None
    return TableChanges(parts=_changed_parts(before, after), removed=removed, put=tuple(_runs(put, after.rules)))


def write_changes(changes: TableChanges) -> dict[str, Any]:
    """Return the changes as plain JSON values."""
    put = [[place, list(map(write_rule, rules))] for place, rules in changes.put]
    return {"parts": dict(changes.parts), "removed": list(changes.removed), "put": put}


def read_changes(raw: Mapping[str, Any]) -> TableChanges:
    """Return what ``write_changes`` wrote; raises LookupError, TypeError, ValueError or TableErrors if it did not."""
    put = tuple((int(place), read_document({"rules": rules}).rules) for place, rules in raw["put"])
    return TableChanges(parts=raw["parts"], removed=tuple(map(int, raw["removed"])), put=put)


def compile_next(before: RuleSet, table: Table) -> RuleSet:
    """Return a table ready to decide, as no revision; what it shares with the rules before is not compiled again.

    Raises TableErrors with every fault of the table.
    """
    region, last_resort = before.default_region, before.last_resort
    changes = find_changes(before.table, table)
    if changes is not None:
        errors = check_table(table, region)
        if errors:
            raise TableErrors(errors)
        with suppress(NotApplicable):
            return apply_changes(before, changes, revision=None)
    return compile_table(table, revision=None, default_region=region, last_resort=last_resort)


def apply_changes(ruleset: RuleSet, changes: TableChanges, *, revision: int | None) -> RuleSet:
    """Return the rules of the next revision; the given ones stay as they are.

    Nothing is checked again: whoever published did. Raises LookupError, TableErrors or NotApplicable where the changes
    are not those of this table.
    """
    table = _with_parts(ruleset.table, changes.parts)
    materials = _materials(ruleset, table) if changes.parts else ruleset.materials
    removed, rules = [ruleset.rules[place] for place in changes.removed], list(ruleset.rules)
    for place in reversed(changes.removed):
        del rules[place]
    added = []
    if changes.parts:
        old, rules = rules, _renewed(rules, ruleset, materials, everything="overrides" in changes.parts)
        renewed = [(was, now) for was, now in zip(old, rules, strict=True) if was is not now]
        removed += [was for was, _ in renewed]
        added += [now for _, now in renewed]
    added += [rule for place, specs in changes.put for rule in _insert(rules, place, specs, materials)]
    table = replace(table, rules=tuple([rule.spec for rule in rules]))
    index = refile(ruleset.index, ruleset.default_region, removed=removed, added=added)
    if changes.parts:
        last_resort = ruleset.last_resort
        return assemble(table, tuple(rules), index, materials, revision=revision, last_resort=last_resort)
    default = replace(ruleset.default_decision, revision=revision)
    return replace(ruleset, revision=revision, table=table, rules=tuple(rules), index=index, default_decision=default)


# Finding


def _kept(before: Table, after: Table) -> dict[int, int]:
    """Return the places of the rules that stay as they are and in their order: place after to place before."""
    places = {rule.key: place for place, rule in enumerate(before.rules)}
    same = [
        (place, old)
        for place, rule in enumerate(after.rules)
        if (old := places.get(rule.key)) is not None and is_same_rule(before.rules[old], rule)
    ]
    chosen = _longest_increasing([old for _, old in same])
    return {same[index][0]: same[index][1] for index in chosen}


def is_same_rule(one: RuleSpec, other: RuleSpec) -> bool:
    """Compare rules; in overrides ``1``, ``1.0`` and ``true`` are equal to Python, but not to Vapi."""
    return one == other and (not one.overrides or repr(dict(one.overrides)) == repr(dict(other.overrides)))


def _longest_increasing(values: Sequence[int]) -> list[int]:
    """Return the indexes of a longest increasing subsequence: what need not move when rules were dragged."""
    ends: list[int] = []  # ends[n]: the smallest value that a subsequence of n + 1 can end with
    holders: list[int] = []  # the index of that value
    previous: list[int] = []
    for index, value in enumerate(values):
        length = bisect_left(ends, value)
        previous.append(holders[length - 1] if length else -1)
        if length == len(ends):
            ends.append(value)
            holders.append(index)
        else:
            ends[length], holders[length] = value, index
    found, index = [], holders[-1] if holders else -1
    while index >= 0:
        found.append(index)
        index = previous[index]
    return found[::-1]


def _runs(places: Sequence[int], rules: Sequence[RuleSpec]) -> Iterator[Put]:
    start = 0
    for end in range(1, len(places) + 1):
        if end == len(places) or places[end] != places[end - 1] + 1:
            yield places[start], tuple(rules[places[start] : places[end - 1] + 1])
            start = end


def _changed_parts(before: Table, after: Table) -> dict[str, Any]:
    old, new = write_document(replace(before, rules=())), write_document(replace(after, rules=()))
    return {name: value for name, value in new.items() if not _is_same_text(value, old[name])}


def _is_same_text(one: Any, other: Any) -> bool:
    """Compare as JSON, in pieces: thousands of campaigns at once would hold up every call."""
    pieces = zip_longest(json_pieces({"": one}), json_pieces({"": other}))
    return all(piece == another for piece, another in pieces)


# Applying


def _with_parts(table: Table, parts: Mapping[str, Any]) -> Table:
    if not parts:
        return table
    read = read_document(parts)
    fields: dict[str, Any] = {name: getattr(read, name) for name in parts}
    return replace(table, **fields)


def _materials(ruleset: RuleSet, table: Table) -> Materials:
    """Gather what rules are made of; schedules that did not change keep the answers they remember."""
    before = {spec.key: spec for spec in ruleset.table.schedules}
    same = {spec.key: ruleset.schedules[spec.key] for spec in table.schedules if before.get(spec.key) == spec}
    return gather(table, ruleset.default_region, known=same)


def _renewed(
    rules: list[CompiledRule], ruleset: RuleSet, materials: Materials, *, everything: bool
) -> list[CompiledRule]:
    """Make the rules anew that use a changed target or schedule."""
    targets = {
        key for key, target in materials.targets.items() if everything or repr(target) != repr(ruleset.targets.get(key))
    }
    schedules = {key for key, it in materials.schedules.items() if it is not ruleset.schedules.get(key)}
    return [
        CompiledRule(rule.rank, rule.spec, materials)
        if rule.spec.when.schedule in schedules or any(arm.target in targets for arm in rule.spec.then)
        else _handed_over(rule, materials)
        for rule in rules
    ]


def _handed_over(rule: CompiledRule, materials: Materials) -> CompiledRule:
    """Let a rule be made of the new materials, in which all that it uses is the same: the old ones are then free."""
    rule.materials = materials
    return rule


def _insert(
    rules: list[CompiledRule], place: int, specs: Sequence[RuleSpec], materials: Materials
) -> list[CompiledRule]:
    """Put rules where they belong, their ranks spread between those of their neighbours."""
    if not 0 <= place <= len(rules):
        raise NotApplicable(f"there is no place {place} among {len(rules)} rules")
    below = rules[place - 1].rank if place else 0
    above = rules[place].rank if place < len(rules) else below + rank_of(len(specs) + 1)
    step = (above - below) // (len(specs) + 1)
    if not step:
        raise NotApplicable(f"no room is left between the ranks at place {place}")
    added = [CompiledRule(below + step * number, spec, materials) for number, spec in enumerate(specs, start=1)]
    for rule in added:
        rule.prepare()  # what it names must be there
    rules[place:place] = added
    return added
