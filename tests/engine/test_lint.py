"""What lint says of whole tables."""

from __future__ import annotations

from pathlib import Path

from routing.engine.document import read_document
from routing.engine.lint import FindingKind, Severity, World, lint
from routing.engine.table import Table
from routing.snapshot.tablefile import read_text
from tests.engine.lint_tables import AT, BASE, EMPTY, table_of, told


def test_a_rule_without_conditions_is_told_and_the_default_is_not_reached() -> None:
    findings = lint(table_of("customer: [US]", ""), world=EMPTY, at=AT)

    assert [(found.kind, found.severity, found.subject, found.key, found.other) for found in findings] == [
        ("no_condition", "warning", "rules", "r2", ""),
        ("default_unreachable", "note", "default", "desk", "r2"),
    ]
    assert findings[1].message == (
        "The default target “Desk” is never reached: rule 2 “R2” takes every call that is left."
    )


def test_an_arm_without_a_share_is_not_missed() -> None:
    table = table_of("customer: [US]", then="[{target: robot, weight: 100}, {target: off, weight: 0}]")

    assert told(table) == set()


def test_what_is_switched_off_is_passed_over() -> None:
    rules = "rules: [{key: r1, name: R1, enabled: false, when: {campaigns: [spring]}, then: [{target: off}]}]"

    assert told(read_document(read_text(BASE + rules))) == set()


def test_errors_stand_first_and_rules_in_their_order() -> None:
    table = table_of("lists: {any_of: [vip]}", "campaigns: [spring]", "customer: [US]", "customer: [US]", "")

    findings = lint(table, world=World(empty_lists=frozenset({"vip"})), at=AT)

    assert [(found.severity, found.key) for found in findings] == [
        (Severity.ERROR, "r2"),
        (Severity.ERROR, "r4"),
        (Severity.WARNING, "r1"),
        (Severity.WARNING, "r5"),
        (Severity.NOTE, "desk"),
    ]


def test_a_table_that_cannot_be_published_is_looked_at_all_the_same() -> None:
    table = table_of(
        "schedule: {key: broken}",
        "customer: ['+12', ZZ, '*']",
        "numbers: ['+19999999999'], lists: {any_of: [nobody]}, campaigns: [nothing]",
        "attributes: [{key: plan, op: greater}, {key: plan, op: in}, {key: plan, op: less, value: many}]",
        "attributes: [{key: plan, op: in}]",
        "until: 2026-01-01",
        then="[{target: nobody}]",
    )
    broken = read_text("schedules: [{key: broken, name: Broken, opening_hours: sometimes, timezone: Mars}]")
    findings = lint(
        Table(rules=table.rules, schedules=read_document(broken).schedules, default="nobody"), world=EMPTY, at=AT
    )

    assert {found.kind for found in findings} <= set(FindingKind)


def test_the_demo_is_clean() -> None:
    demo = Path(__file__).parents[2] / "routing" / "services" / "demo_table.yaml"

    assert told(read_document(read_text(demo.read_text(encoding="utf-8")))) == set()
