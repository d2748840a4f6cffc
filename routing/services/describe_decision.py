"""A decision as JSON values: the answer of ``POST /api/v1/resolve`` and of ``manage.py resolve --json``."""

from __future__ import annotations

from typing import Any

from routing.engine.context import Channel
from routing.engine.explain import EVERY_RULE, Explanation, RuleTrace, explain
from routing.services.decide import DecidedCall
from routing.vapi.call_body import TargetTakesNoCall, fill_call_body
from routing.vapi.messages import UnusableTarget, render_assistant_response


def describe_decision(decided: DecidedCall, *, with_explanation: bool = False) -> dict[str, Any]:
    """Return target, reason, rule, revision and what Vapi would be told; on demand every rule and condition."""
    decision = decided.decision
    described: dict[str, Any] = {
        "target": {"key": decision.target.key, "kind": decision.target.kind.value, "name": decision.target.name},
        "reason": decision.reason.value,
        "rule": {"position": decision.rule.position, "name": decision.rule.name} if decision.rule else None,
        "revision": decision.revision,
        "vapi": _vapi_words(decided),
    }
    if with_explanation:
        described["rules"] = describe_rules(explain_decided(decided))
    return described


def explain_decided(decided: DecidedCall, window: slice = EVERY_RULE) -> Explanation:
    """Explain a decision by the rules that made it: those in the window, counted from 0."""
    return explain(decided.ruleset, decided.situation, decided.facts, window=window)


def describe_rules(explanation: Explanation) -> list[dict[str, Any]]:
    """Return what became of every rule of the table, and of each condition the value it saw."""
    return [_describe_rule(trace) for trace in explanation.rules]


def _describe_rule(trace: RuleTrace) -> dict[str, Any]:
    return {
        "key": trace.rule.key,
        "position": trace.rule.position,
        "name": trace.rule.name,
        "outcome": trace.outcome.value,
        "conditions": [
            {"kind": seen.kind, "wanted": seen.wanted, "seen": seen.seen, "holds": seen.holds}
            for seen in trace.conditions
        ],
    }


def _vapi_words(decided: DecidedCall) -> dict[str, Any]:
    """Return the part of the body or answer that names the target; a target that Vapi cannot be told is empty."""
    decision = decided.decision
    try:
        if decided.context.channel is not Channel.INBOUND:
            return fill_call_body({}, decision, decision.overrides)
    except TargetTakesNoCall:
        pass  # a transfer or a sentence: told as it would be inbound
    try:
        return render_assistant_response(decision)
    except UnusableTarget:
        return {}
