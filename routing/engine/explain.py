"""Why this target, and why not the others: told by the same conditions that decide."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from routing.engine.condition_words import Names, condition_words, names_of
from routing.engine.decision import Decision, RuleRef
from routing.engine.live import Facts
from routing.engine.resolve import resolve
from routing.engine.rule import CompiledRule, has_target
from routing.engine.ruleset import RuleSet
from routing.engine.sentences import decision_sentence, rule_sentence
from routing.engine.situation import Situation

__all__ = ["Explanation", "RuleOutcome", "decision_sentence", "explain", "rule_sentence"]

EVERY_RULE = slice(None)


class RuleOutcome(StrEnum):
    """What became of one rule in one decision."""

    CHOSEN = "chosen"
    NO_MATCH = "no_match"
    DISABLED = "disabled"
    NO_TARGET_AVAILABLE = "no_target_available"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionTrace:
    """One condition: what it wanted, what it saw, whether it held."""

    kind: str
    wanted: str
    seen: str
    holds: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleTrace:
    """One rule and each of its conditions. NOT_REACHED: it holds, but the call was taken before."""

    rule: RuleRef
    outcome: RuleOutcome
    conditions: tuple[ConditionTrace, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """The decision, and the rules that were asked about, in their order."""

    decision: Decision
    rules: tuple[RuleTrace, ...]


def explain(ruleset: RuleSet, situation: Situation, facts: Facts, *, window: slice = EVERY_RULE) -> Explanation:
    """Decide, and tell of every rule in the window why it took the call or not.

    A window is a slice of the rules counted from 0: words for 100,000 rules take seconds, and nobody reads them.
    """
    decision, names = resolve(ruleset, situation, facts), names_of(ruleset.table)
    return Explanation(
        decision=decision,
        rules=tuple(
            _trace(rule, ruleset.ref(rule), decision, situation, facts, names) for rule in ruleset.rules[window]
        ),
    )


def _trace(
    rule: CompiledRule, ref: RuleRef, decision: Decision, situation: Situation, facts: Facts, names: Names
) -> RuleTrace:
    conditions = []
    for condition in rule.conditions:
        kind, wanted, seen = condition_words(condition, situation, facts, names)
        holds = condition.holds(situation, facts)
        conditions.append(ConditionTrace(kind=kind, wanted=wanted, seen=seen, holds=holds))
    outcome = RuleOutcome.CHOSEN if decision.rule == ref else _outcome(rule, situation, facts)
    return RuleTrace(rule=ref, outcome=outcome, conditions=tuple(conditions))


def _outcome(rule: CompiledRule, situation: Situation, facts: Facts) -> RuleOutcome:
    if not rule.spec.enabled:
        return RuleOutcome.DISABLED
    if not rule.matches(situation, facts):
        return RuleOutcome.NO_MATCH
    if not has_target(rule, facts):
        return RuleOutcome.NO_TARGET_AVAILABLE
    return RuleOutcome.NOT_REACHED
