"""How findings name things, and how one about a rule is made."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from routing.engine.covering import Reach
from routing.engine.lint_finding import Finding, FindingKind, Severity
from routing.engine.lint_surroundings import Surroundings
from routing.engine.sentences import join_words
from routing.engine.table import RuleSpec


def rule_label(place: int, rule: RuleSpec) -> str:
    """Return what staff call a rule: its number in the list, from 1, and its name."""
    return f"rule {place + 1} “{rule.name}”"


def rule_of(reach: Reach, around: Surroundings) -> RuleSpec:
    """Return the rule that a reach was read from."""
    return around.table.rules[reach.place]


def rule_labels(reaches: Iterable[Reach], around: Surroundings) -> str:
    """Name one rule, or several: rules 3 “A” and 5 “B”."""
    named = [(reach.place, rule_of(reach, around)) for reach in reaches]
    if len(named) == 1:
        return rule_label(*named[0])
    return "rules " + join_words([f"{place + 1} “{rule.name}”" for place, rule in named], "and")


def day_text(day: date) -> str:
    """Return a day as the sentences about rules write it: 5 Mar 2026."""
    return f"{day.day} {day:%b %Y}"


def rule_finding(
    kind: FindingKind, severity: Severity, rule: RuleSpec, message: str, other: RuleSpec | None = None
) -> Finding:
    """Return a finding about a rule; the message begins with a capital letter whatever it starts with."""
    return Finding(
        kind=kind,
        severity=severity,
        subject="rules",
        key=rule.key,
        message=message[:1].upper() + message[1:],
        other=other.key if other else "",
    )
