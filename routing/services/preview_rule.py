"""What a rule would do, before anybody saves it: its sentence, its faults, and which recorded calls it would take."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain

from django.conf import settings

from routing.engine.checking import check_table
from routing.engine.compile import rank_of
from routing.engine.decision import Decision
from routing.engine.errors import TableError, TableErrors
from routing.engine.resolve import decide_among
from routing.engine.rule import CompiledArm, CompiledRule, Parts, build_conditions
from routing.engine.ruleset import RuleSet
from routing.engine.sentences import rule_sentence
from routing.engine.situation import situate
from routing.engine.table import RuleSpec, Table
from routing.services.draft import compile_draft
from routing.services.replay import RecordedCall

SHOWN = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class MatchedCall:
    """A recorded call that meets the rule's conditions, and who would take it with the rule in its place."""

    recorded: RecordedCall
    decision: Decision
    is_taken: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Matches:
    """Of ``calls`` recorded ones, how many meet the conditions and how many of those the rule would take."""

    calls: int
    matching: int
    taken: int
    shown: tuple[MatchedCall, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RulePreview:
    """A rule that is not saved, in the table it would stand in. ``matches`` None: they cannot be told."""

    position: int
    sentence: str
    faults: tuple[TableError, ...]
    matches: Matches | None


def preview_rule(rule: RuleSpec, table: Table, calls: Sequence[RecordedCall] | None) -> RulePreview:
    """Return what the rule would do in this draft: in the place of the one with its key, else at the end.

    ``calls`` None: do not look at any, because the conditions are not finished. A rule that is switched off is looked
    at as if it were on.
    """
    place = next((place for place, other in enumerate(table.rules) if other.key == rule.key), len(table.rules))
    earlier = frozenset(other.key for other in table.rules[:place])
    return RulePreview(
        position=place + 1,
        sentence=rule_sentence(rule, table),
        faults=_faults(rule, table),
        matches=None if calls is None else _match(rule, table, earlier, calls, place + 1),
    )


def _faults(rule: RuleSpec, table: Table) -> tuple[TableError, ...]:
    """Return what would keep the table from being published because of this rule."""
    found = check_table(replace(table, rules=(rule,)), settings.ROUTING_DEFAULT_REGION)
    return tuple(error for error in found if error.subject == f"rule '{rule.key}'")


def _match(
    rule: RuleSpec, table: Table, earlier: Collection[str], calls: Sequence[RecordedCall], position: int
) -> Matches | None:
    ruleset = _compiled(table)
    if ruleset is None:
        return None
    compiled = _compile_rule(rule, ruleset, position)
    found = list(_matched(compiled, ruleset, earlier, calls))
    return Matches(
        calls=len(calls),
        matching=len(found),
        taken=sum(call.is_taken for call in found),
        shown=tuple(sorted(found, key=lambda call: not call.is_taken)[:SHOWN]),
    )


def _matched(
    rule: CompiledRule, ruleset: RuleSet, earlier: Collection[str], calls: Sequence[RecordedCall]
) -> Iterator[MatchedCall]:
    """Yield the calls that meet the conditions; only for those it is asked which earlier rule takes them."""
    for call in calls:
        situation = situate(ruleset, call.context)
        if not rule.matches(situation, call.facts):
            continue
        before = (other for other in ruleset.candidates(situation, call.facts) if other.spec.key in earlier)
        own = (rule,) if rule.arms else ()
        decision = decide_among(chain(before, own), ruleset, situation, call.facts)
        yield MatchedCall(recorded=call, decision=decision, is_taken=_is_taken(rule, decision))


def _is_taken(rule: CompiledRule, decision: Decision) -> bool:
    return decision.rule is not None and decision.rule.key == rule.spec.key


def _compile_rule(rule: RuleSpec, ruleset: RuleSet, position: int) -> CompiledRule:
    conditions = tuple(build_conditions(rule.when, ruleset.schedules, ruleset.default_region))
    return CompiledRule(
        rank_of(position),
        replace(rule, overrides={}),
        ruleset.materials,
        Parts(conditions=conditions, others=conditions, arms=tuple(_arms(rule, ruleset))),
    )


def _arms(rule: RuleSpec, ruleset: RuleSet) -> Iterator[CompiledArm]:
    """Yield the targets with their shares; while staff are still dividing, the last one has what is left."""
    last = len(rule.then) - 1
    for place, (arm, upto) in enumerate(zip(rule.then, accumulate(arm.weight for arm in rule.then), strict=True)):
        yield CompiledArm(target=ruleset.targets[arm.target], upto=100 if place == last else upto, floor={})


_remembered: tuple[Table, RuleSet | None] | None = None


def _compiled(table: Table) -> RuleSet | None:
    """Return the draft ready to decide, without rules that have faults; None where the rest of it has some.

    The last one is kept: a page asks again and again for one table, and ten thousand rules take a second to compile.
    """
    global _remembered  # one value, replaced as a whole: threads never see half of it
    known = _remembered
    if known is None or known[0] is not table:
        known = _remembered = (table, _compile(table))
    return known[1]


def _compile(table: Table) -> RuleSet | None:
    try:
        return compile_draft(table)
    except TableErrors as errors:
        faulty = {error.subject for error in errors.errors}
    kept = tuple(rule for rule in table.rules if f"rule '{rule.key}'" not in faulty)
    try:
        return compile_draft(replace(table, rules=kept))
    except TableErrors:
        return None
