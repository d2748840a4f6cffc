"""What is odd about who takes calls: targets that are switched off or gone at Vapi."""

from __future__ import annotations

from collections.abc import Iterator

from routing.engine.lint_finding import Finding, FindingKind, Severity
from routing.engine.lint_surroundings import Surroundings
from routing.engine.lint_words import rule_finding, rule_label
from routing.engine.sentences import join_words
from routing.engine.table import RuleSpec

_REFUSED = "such calls are refused. Choose another number."


def target_findings(around: Surroundings) -> Iterator[Finding]:
    """Yield what is odd about the targets of rules, the default target, caller ids, and entries that nothing names."""
    for place, rule in enumerate(around.table.rules):
        if rule.enabled:
            yield from _rule_targets(place, rule, around)
    yield from _default(around)
    yield from _blocked(around)
    yield from _unused_missing(around)
    yield from _caller_ids(around)


def _rule_targets(place: int, rule: RuleSpec, around: Surroundings) -> Iterator[Finding]:
    lost = [arm.target for arm in rule.then if not around.is_available(arm.target)]
    if not lost:
        return
    label = rule_label(place, rule)
    is_missing = any(key in around.world.missing_targets for key in lost)
    if len(lost) == len(rule.then):
        kind = FindingKind.TARGET_MISSING if is_missing else FindingKind.TARGET_DISABLED
        severity = Severity.ERROR if is_missing else Severity.WARNING
        why = join_words([_state(key, around) for key in lost], "and")
        message = f"{label} takes no call, its calls go on to the next rule: {why}. Choose another target."
        yield rule_finding(kind, severity, rule, message)
        return
    for key in lost:
        weight = next(arm.weight for arm in rule.then if arm.target == key)
        if weight:
            message = f"{label} gives {weight} % to {_heir(rule, key, around)}, because {_state(key, around)}."
            yield rule_finding(FindingKind.ARM_UNAVAILABLE, Severity.WARNING, rule, message)


def _heir(rule: RuleSpec, key: str, around: Surroundings) -> str:
    """Name who gets the share of a target that is not available: the next one of the rule, around the end."""
    keys = [arm.target for arm in rule.then]
    after = keys.index(key) + 1
    heir = next(other for other in (*keys[after:], *keys[:after]) if around.is_available(other))
    return f"“{around.targets[heir].name}” instead of “{_name(key, around)}”"


def _name(key: str, around: Surroundings) -> str:
    return around.targets[key].name if key in around.targets else key


def _state(key: str, around: Surroundings) -> str:
    if key in around.world.missing_targets:
        return f"target “{_name(key, around)}” is gone at Vapi"
    return f"target “{_name(key, around)}” is {'switched off' if key in around.targets else 'not in the table'}"


def _default(around: Surroundings) -> Iterator[Finding]:
    key = around.table.default or ""
    if key not in around.targets or around.is_available(key):
        return
    is_missing = key in around.world.missing_targets
    message = (
        f"The default {_state(key, around)}, but it still gets every call that no rule takes. Choose another default."
    )
    yield Finding(
        kind=FindingKind.TARGET_MISSING if is_missing else FindingKind.TARGET_DISABLED,
        severity=Severity.ERROR if is_missing else Severity.WARNING,
        subject="default",
        key=key,
        message=message,
    )


def _blocked(around: Surroundings) -> Iterator[Finding]:
    key = around.table.blocked or ""
    if key not in around.targets or around.is_available(key):
        return
    is_missing = key in around.world.missing_targets
    message = f"{_state(key, around)}: callers on a blocked list hear the plain refusal instead."
    yield Finding(
        kind=FindingKind.TARGET_MISSING if is_missing else FindingKind.TARGET_DISABLED,
        severity=Severity.WARNING,
        subject="targets",
        key=key,
        message=message[:1].upper() + message[1:],
    )


def _unused_missing(around: Surroundings) -> Iterator[Finding]:
    used = {arm.target for rule in around.table.rules for arm in rule.then}
    used |= {key for key in (around.table.default, around.table.blocked) if key}
    for key, target in around.targets.items():
        if key in around.world.missing_targets and key not in used:
            message = f"Target “{target.name}” is gone at Vapi, and no rule uses it: it can be deleted."
            yield Finding(
                kind=FindingKind.TARGET_MISSING, severity=Severity.NOTE, subject="targets", key=key, message=message
            )


def _caller_ids(around: Surroundings) -> Iterator[Finding]:
    """A call that shows a number which Vapi does not have is refused there."""
    gone = around.world.missing_numbers
    for slug, campaign in around.campaigns.items():
        if campaign.caller_id in gone and slug not in around.over:
            message = f"Campaign “{campaign.name}” calls from {campaign.caller_id}, which is gone at Vapi: {_REFUSED}"
            yield _number_missing("campaigns", slug, message)
    if around.table.default_number in gone:
        number = around.table.default_number or ""
        message = f"Outbound calls use {number} where nothing else is said, and it is gone at Vapi: {_REFUSED}"
        yield _number_missing("default", number, message)


def _number_missing(subject: str, key: str, message: str) -> Finding:
    return Finding(kind=FindingKind.NUMBER_MISSING, severity=Severity.ERROR, subject=subject, key=key, message=message)
