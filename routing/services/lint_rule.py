"""Lint of one rule before it is saved: what is odd about it, and which rules above it take its calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from routing.engine.lint import Finding, World, lint
from routing.engine.table import RuleSpec, Table

# Lint compares every rule with all above it. Somebody waits for this answer, so a long table is left to the saved one.
MOST_RULES = 150


def lint_rule(rule: RuleSpec, table: Table, *, world: World, now: datetime) -> tuple[Finding, ...]:
    """Return what is odd about the rule in the place of the one with its key, else at the end.

    A rule that is switched off is looked at as if it were on. Below the first 150 rules nothing is looked at.
    """
    place = next((place for place, other in enumerate(table.rules) if other.key == rule.key), len(table.rules))
    if place > MOST_RULES:
        return ()
    above = replace(table, rules=(*table.rules[:place], replace(rule, enabled=True)))
    found = lint(above, world=world, at=now)
    return tuple(finding for finding in found if (finding.subject, finding.key) == ("rules", rule.key))
