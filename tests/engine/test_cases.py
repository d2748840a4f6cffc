"""Every case of tests/cases, decided by the index, by walking the list, and by explain."""

from __future__ import annotations

from enum import StrEnum

import pytest

from routing.engine.context import Channel
from routing.engine.decision import Decision, Reason
from routing.engine.explain import RuleOutcome, explain
from routing.engine.numbers import NumberKind
from routing.engine.resolve import resolve, resolve_linear
from routing.engine.situation import situate
from routing.engine.table import Operator, Purpose, TargetKind
from tests.engine.cases import Case, read_cases

CASES = list(read_cases())


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_case(case: Case) -> None:
    situation = situate(case.ruleset, case.context)
    facts = case.live.facts_for(situation.customer, case.context.at)

    decision = resolve(case.ruleset, situation, facts)
    explanation = explain(case.ruleset, situation, facts)

    assert seen(decision, case) == dict(case.expect)
    assert decision.revision == case.ruleset.revision
    assert resolve_linear(case.ruleset, situation, facts) == decision
    assert explanation.decision == decision
    chosen = [trace.rule for trace in explanation.rules if trace.outcome is RuleOutcome.CHOSEN]
    assert chosen == ([decision.rule] if decision.rule else [])


def seen(decision: Decision, case: Case) -> dict[str, object]:
    """Return what the case speaks of, as the decision has it."""
    everything: dict[str, object] = {
        "target": decision.target.key,
        "kind": decision.target.kind.value,
        "vapi_id": decision.target.vapi_id,
        "reason": decision.reason.value,
        "rule": decision.rule.key if decision.rule else None,
        "overrides": decision.overrides,
        "sticky": str(decision.sticky).lower(),
    }
    return {name: everything[name] for name in case.expect}


def test_each_case_has_an_id_of_its_own() -> None:
    assert len({case.id for case in CASES}) == len(CASES) >= 150


def test_each_case_says_target_reason_and_rule() -> None:
    assert [case.id for case in CASES if not {"target", "reason", "rule"} <= case.expect.keys()] == []


COVERED = {
    Reason: {case.expect["reason"] for case in CASES},
    Channel: {case.context.channel for case in CASES},
    NumberKind: {situate(case.ruleset, case.context).customer.kind for case in CASES},
    TargetKind: {target.kind for case in CASES for target in case.ruleset.table.targets},
    Purpose: {spec.purpose for case in CASES for spec in case.ruleset.table.lists},
    Operator: {
        attribute.op for case in CASES for rule in case.ruleset.table.rules for attribute in rule.when.attributes
    },
}


@pytest.mark.parametrize("kinds", COVERED)
def test_the_cases_speak_of_every(kinds: type[StrEnum]) -> None:
    assert COVERED[kinds] == set(kinds)
