"""Why a rule took the call, and why the others did not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from routing.engine.context import Channel, Context
from routing.engine.explain import RuleOutcome, explain
from routing.engine.live import EmergencySwitch, Facts
from routing.engine.situation import situate
from tests.engine.worlds import compile_document

AT = datetime(2026, 3, 2, 17, tzinfo=UTC)
TABLE: dict[str, Any] = {
    "default": "a",
    "targets": [
        {"key": "a", "kind": "assistant", "vapi_id": "a"},
        {"key": "b", "kind": "assistant", "vapi_id": "b"},
        {"key": "gone", "kind": "assistant", "vapi_id": "g"},
        {"key": "off", "kind": "assistant", "vapi_id": "o", "enabled": False},
    ],
    "rules": [
        {"key": "disabled", "enabled": False, "then": [{"target": "b"}]},
        {"key": "mexican", "when": {"channels": ["inbound"], "customer": ["MX"]}, "then": [{"target": "b"}]},
        {"key": "skipped", "then": [{"target": "gone", "weight": 50}, {"target": "off", "weight": 50}]},
        {"key": "american", "when": {"customer": ["US"]}, "then": [{"target": "b"}]},
        {"key": "anybody", "then": [{"target": "a"}]},
        {"key": "also-skipped", "then": [{"target": "off"}]},
    ],
}
RULESET = compile_document(TABLE)
DISABLED, NO_MATCH, CHOSEN = RuleOutcome.DISABLED, RuleOutcome.NO_MATCH, RuleOutcome.CHOSEN
NO_TARGET, NOT_REACHED = RuleOutcome.NO_TARGET_AVAILABLE, RuleOutcome.NOT_REACHED
STORM = EmergencySwitch(until=datetime(2027, 1, 1, tzinfo=UTC), target=RULESET.targets["b"])


@pytest.mark.parametrize(
    ("customer", "facts", "outcomes"),
    [
        (
            "+12025550100",
            Facts(unavailable=frozenset({"gone"})),
            [DISABLED, NO_MATCH, NO_TARGET, CHOSEN, NOT_REACHED, NO_TARGET],
        ),
        ("+525512345678", Facts(), [DISABLED, CHOSEN, NOT_REACHED, NO_MATCH, NOT_REACHED, NO_TARGET]),
        ("+12025550100", Facts(), [DISABLED, NO_MATCH, CHOSEN, NOT_REACHED, NOT_REACHED, NO_TARGET]),
        (
            "+12025550100",
            Facts(switches=(STORM,)),
            [DISABLED, NO_MATCH, NOT_REACHED, NOT_REACHED, NOT_REACHED, NO_TARGET],
        ),
    ],
    ids=["one is skipped", "an early rule", "no target is gone", "decided before any rule"],
)
def test_every_rule_tells_what_became_of_it(customer: str, facts: Facts, outcomes: list[RuleOutcome]) -> None:
    situation = situate(RULESET, Context(channel=Channel.INBOUND, at=AT, customer=customer))

    explanation = explain(RULESET, situation, facts)

    assert [trace.outcome for trace in explanation.rules] == outcomes
    assert [trace.rule.position for trace in explanation.rules] == [1, 2, 3, 4, 5, 6]


def test_each_condition_of_a_rule_is_told_apart() -> None:
    situation = situate(RULESET, Context(channel=Channel.INBOUND, at=AT, customer="+12025550100"))

    mexican = explain(RULESET, situation, Facts()).rules[1]

    assert [(trace.kind, trace.holds) for trace in mexican.conditions] == [("channel", True), ("customer", False)]


def test_every_outcome_is_tested() -> None:
    assert set(RuleOutcome) == {DISABLED, NO_MATCH, CHOSEN, NO_TARGET, NOT_REACHED}
