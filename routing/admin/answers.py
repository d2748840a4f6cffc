"""A decision on a page: who answers, how the call was understood, and what became of each rule."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from routing.admin.masking import mask_number
from routing.engine.condition_words import customer_phrase
from routing.engine.context import Channel
from routing.engine.decision import Decision
from routing.engine.explain import RuleOutcome, RuleTrace
from routing.engine.table import TargetKind
from routing.models import Rule
from routing.services.decide import DecidedCall
from routing.services.describe_decision import explain_decided

SHOWN_RULES = 100
LEAD = 5  # rules shown before the one that took the call, when it stands far down
OUTCOME_WORDS = {
    RuleOutcome.CHOSEN: "takes the call",
    RuleOutcome.NO_MATCH: "does not match",
    RuleOutcome.DISABLED: "is switched off",
    RuleOutcome.NO_TARGET_AVAILABLE: "matches, but none of its targets is available",
    RuleOutcome.NOT_REACHED: "would match too, but the call is already taken",
}


def who_answers(decision: Decision, channel: Channel) -> str:
    """Return one large sentence for the top of the page."""
    target = decision.target
    if channel is not Channel.INBOUND and target.kind is TargetKind.REJECT:
        return f"No call begins: the request is refused with “{target.message}”"
    if channel is not Channel.INBOUND and target.kind is TargetKind.TRANSFER:
        return f"No call begins: {target.name} is a transfer, which can only take calls that come in"
    match target.kind:
        case TargetKind.TRANSFER:
            return f"{target.name} answers: the call is transferred to {target.number or target.sip_uri}"
        case TargetKind.REJECT:
            return f"Nobody answers: the caller hears “{target.message}”"
        case _:
            return f"{target.name} answers"


def understood(decided: DecidedCall, zone: tzinfo, *, masked: bool = False) -> list[tuple[str, str]]:
    """Return what the engine made of the call, by name, its time on the clock of `zone`.

    `masked` hides the middle of the customer's number.
    """
    situation, table = decided.situation, decided.ruleset.table
    lists = {spec.key: spec.name for spec in table.lists}
    campaigns = {spec.slug: spec.name for spec in table.campaigns}
    at = situation.context.at.astimezone(zone)
    return [
        ("Customer", _hide(customer_phrase(situation), decided) if masked else customer_phrase(situation)),
        ("On lists", ", ".join(lists.get(hit.list_key, hit.list_key) for hit in decided.facts.hits) or "none"),
        ("Our number", situation.our_number or "none"),
        ("Campaign", ", ".join(campaigns.get(slug, slug) for slug in sorted(situation.campaigns)) or "none running"),
        ("At", f"{at:%A %d %B %Y %H:%M:%S} {zone}{_which_time(at)}"),
    ]


def _which_time(at: datetime) -> str:
    """Return which of the two is meant, in the hour that comes twice when clocks go back."""
    if at.replace(fold=0).utcoffset() == at.replace(fold=1).utcoffset():
        return ""
    return f" (it comes twice that day: the {'second' if at.fold else 'first'} time)"


def read_place(text: str | None) -> int | None:
    """Return the number of the first rule to show, from an address; anything else means the usual one."""
    return int(text) if text and text.isdecimal() and 0 < len(text) < 8 else None


def rule_rows(decided: DecidedCall, first: int | None = None, *, masked: bool = False) -> dict[str, Any]:
    """Return up to 100 rules from the place `first` on, counted from 1, each with its outcome and conditions.

    Without a place they start at the top, or shortly before the rule that took the call if that stands further down.
    """
    total = len(decided.ruleset.rules)
    start = min(first or _usual_place(decided.decision), max(total, 1))
    explanation = explain_decided(decided, slice(start - 1, start - 1 + SHOWN_RULES))
    last = start - 1 + len(explanation.rules)
    return {
        "rules": list(_rows(explanation.rules, decided if masked else None)),
        "rules_total": total,
        "rules_first": start,
        "rules_last": last,
        "rules_before": max(1, start - SHOWN_RULES) if start > 1 else None,
        "rules_after": last + 1 if last < total else None,
    }


def _usual_place(decision: Decision) -> int:
    position = decision.rule.position if decision.rule else 1
    return max(1, position - LEAD) if position > SHOWN_RULES else 1


def _rows(traces: tuple[RuleTrace, ...], hidden: DecidedCall | None) -> Iterable[dict[str, Any]]:
    # A rule of a revision may be gone from the draft.
    rows = dict(Rule.objects.filter(key__in=[trace.rule.key for trace in traces]).values_list("key", "pk"))
    for trace in traces:
        conditions = [
            {
                "kind": seen.kind,
                "wanted": seen.wanted,
                "seen": _hide(seen.seen, hidden) if hidden else seen.seen,
                "holds": seen.holds,
            }
            for seen in trace.conditions
        ]
        yield {
            "ref": trace.rule,
            "row": rows.get(trace.rule.key),
            "outcome": trace.outcome.value,
            "words": OUTCOME_WORDS[trace.outcome],
            "conditions": conditions,
        }


def _hide(text: str, decided: DecidedCall) -> str:
    """Return the text with the customer's number masked, however it is written there."""
    customer = decided.situation.customer
    for number in {customer.raw, customer.identity} - {""}:
        text = text.replace(number, mask_number(number))
    return text
