"""Lint of a rule that is not saved: only what is odd about it, in its own place."""

from datetime import UTC, datetime

import pytest

from routing.engine.lint import World
from routing.engine.table import Arm, RuleSpec, Table, Target, TargetKind, When
from routing.services.lint_rule import MOST_RULES, lint_rule

NOW = datetime(2026, 11, 22, 23, tzinfo=UTC)


def rule(key: str, *customer: str, enabled: bool = True) -> RuleSpec:
    return RuleSpec(key=key, name=key, enabled=enabled, when=When(customer=customer), then=(Arm(target="a"),))


def table(*rules: RuleSpec) -> Table:
    target = Target(key="a", name="A", kind=TargetKind.ASSISTANT, vapi_id="a")
    return Table(default="a", targets=(target,), rules=rules)


TABLE = table(rule("narrow", "+5255*"), rule("mexico", "MX"), rule("same", "MX"))
MANY = table(rule("mexico", "MX"), *(rule(f"r{place}", f"+1212555{place:04}") for place in range(MOST_RULES)))

FINDINGS: dict[str, tuple[RuleSpec, Table, list[str]]] = {
    "new, below what takes its calls": (rule("(new)", "MX"), TABLE, ["unreachable"]),
    "new, with calls of its own": (rule("(new)", "ES"), TABLE, []),
    "saved, in its own place": (rule("narrow", "MX"), TABLE, []),
    "saved, changed": (rule("same", "ES"), TABLE, []),
    "switched off: as if it were on": (rule("(new)", "MX", enabled=False), TABLE, ["unreachable"]),
    "below too many rules": (rule("(new)", "MX"), MANY, []),
}


@pytest.mark.parametrize(("spec", "whole", "kinds"), FINDINGS.values(), ids=FINDINGS)
def test_only_findings_of_the_rule_are_told(spec: RuleSpec, whole: Table, kinds: list[str]) -> None:
    found = lint_rule(spec, whole, world=World(), now=NOW)

    assert [finding.kind.value for finding in found] == kinds
    assert all(finding.key == spec.key for finding in found)
