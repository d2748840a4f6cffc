"""The one policy: from a situation to a decision."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from routing.engine.context import WORKFLOW, Channel
from routing.engine.decision import Decision, Reason
from routing.engine.live import NO_FACTS, EmergencySwitch, Facts
from routing.engine.overrides import merge
from routing.engine.rule import CompiledArm, CompiledRule, has_target, is_available
from routing.engine.ruleset import RuleSet
from routing.engine.situation import Situation
from routing.engine.table import Purpose, Target, TargetKind


def _reject(key: str, name: str, message: str) -> Target:
    return Target(key=key, name=name, kind=TargetKind.REJECT, message=message)


BLOCKED_REJECT = _reject("blocked-number", "Blocked number", "This number cannot be reached.")
DO_NOT_CALL_REJECT = _reject("do-not-call", "Do not call", "This number is on a do-not-call list; nothing was dialled.")
BLOCKED_OUTBOUND_REJECT = _reject(
    "blocked-number", "Blocked number", "This number is on a blocked list; nothing was dialled."
)
PAUSED_REJECT = _reject("outbound-paused", "Outbound paused", "Outbound calls are paused; nothing was dialled.")

ONE_ANSWER = 2  # what a rule with one target remembers: the mark, and the answer


def resolve(ruleset: RuleSet, situation: Situation, facts: Facts) -> Decision:
    """Decide who takes the call, looking only at rules that the index finds."""
    if facts is not NO_FACTS or situation.context.named_target is not None:
        before_rules = _before_rules(ruleset, situation, facts)
        if before_rules is not None:
            return before_rules
    rule = ruleset.index.first(situation, facts)
    return _default(ruleset, facts) if rule is None else _answer(rule, ruleset, situation, facts)


def resolve_linear(ruleset: RuleSet, situation: Situation, facts: Facts) -> Decision:
    """Decide the same by walking the whole list: the yardstick for the index."""
    enabled = (rule for rule in ruleset.rules if rule.spec.enabled)
    return decide_among(enabled, ruleset, situation, facts)


def decide_among(rules: Iterable[CompiledRule], ruleset: RuleSet, situation: Situation, facts: Facts) -> Decision:
    """Decide as if the table had only these rules, in this order."""
    before_rules = _before_rules(ruleset, situation, facts)
    if before_rules is not None:
        return before_rules
    for rule in rules:
        if rule.matches(situation, facts) and has_target(rule, facts):
            return _answer(rule, ruleset, situation, facts)
    return _default(ruleset, facts)


def _before_rules(ruleset: RuleSet, situation: Situation, facts: Facts) -> Decision | None:
    """Apply what comes before the rules; the first step that has an answer gives it."""
    return (
        _refused_outbound(ruleset, situation, facts)
        or _emergency(ruleset, situation, facts)
        or _blocked(ruleset, situation, facts)
        or _explicit(ruleset, situation)
    )


def _refused_outbound(ruleset: RuleSet, situation: Situation, facts: Facts) -> Decision | None:
    if situation.context.channel is not Channel.OUTBOUND:
        return None
    if _is_on(facts, Purpose.DO_NOT_CALL):
        return _refusal(ruleset, DO_NOT_CALL_REJECT, Reason.BLOCKED)
    if _is_on(facts, Purpose.BLOCKED):
        return _refusal(ruleset, BLOCKED_OUTBOUND_REJECT, Reason.BLOCKED)
    if any(switch.pauses_outbound for switch in facts.switches):
        return _refusal(ruleset, PAUSED_REJECT, Reason.EMERGENCY)
    return None


def _emergency(ruleset: RuleSet, situation: Situation, facts: Facts) -> Decision | None:
    if situation.context.channel is not Channel.INBOUND:
        return None
    for switch in facts.switches:
        target = _switch_target(switch, situation.our_number)
        if target is not None and is_available(target, facts):
            return _decision(ruleset, facts, target, Reason.EMERGENCY)
    return None


def _switch_target(switch: EmergencySwitch, our_number: str | None) -> Target | None:
    on_all = not switch.our_numbers
    return switch.target if on_all or our_number in switch.our_numbers else None


def _blocked(ruleset: RuleSet, situation: Situation, facts: Facts) -> Decision | None:
    if not _is_on(facts, Purpose.BLOCKED):
        return None
    chosen = ruleset.blocked
    target = chosen if chosen is not None and is_available(chosen, facts) else BLOCKED_REJECT
    return _decision(ruleset, facts, target, Reason.BLOCKED)


def _explicit(ruleset: RuleSet, situation: Situation) -> Decision | None:
    """What the request names is passed on as it is: no overrides of the table are laid under it."""
    named = situation.context.named_target
    if named is None:
        return None
    name = named.vapi_id or f"{named.kind} described in the request"
    if named.kind == WORKFLOW:
        # To us it is what an assistant is, the one that takes the call; the name says what it really was.
        kind, name = TargetKind.ASSISTANT, name if named.vapi_id is None else f"{WORKFLOW} {named.vapi_id}"
    else:
        kind = TargetKind(named.kind)
    target = Target(key="", name=name, kind=kind, vapi_id=named.vapi_id)
    return Decision(target=target, reason=Reason.EXPLICIT, revision=ruleset.revision)


def _answer(rule: CompiledRule, ruleset: RuleSet, situation: Situation, facts: Facts) -> Decision:
    """Return the answer of a rule that has an available target; to most calls it is the one it gave before."""
    made = rule.made
    known = made[0] is ruleset.mark and not facts.hits
    if known and len(made) == ONE_ANSWER:
        answer: Decision = made[1]
        return answer
    place, sticky = (0, True) if len(rule.arms) == 1 else _available_place(rule, situation, facts)
    if facts.hits or not sticky:
        return _chosen(rule, rule.arms[place], ruleset, facts, sticky)
    return (made[place + 1] if known else None) or _remembered(rule, place, ruleset)


def _remembered(rule: CompiledRule, place: int, ruleset: RuleSet) -> Decision:
    """Make the answer to every call that no list speaks of, and keep it."""
    answer = _chosen(rule, rule.arms[place], ruleset, NO_FACTS, sticky=True)
    known = rule.made[1:] if rule.made[0] is ruleset.mark else (None,) * len(rule.arms)
    rule.made = (ruleset.mark, *known[:place], answer, *known[place + 1 :])
    return answer


def _chosen(rule: CompiledRule, arm: CompiledArm, ruleset: RuleSet, facts: Facts, sticky: bool) -> Decision:
    return Decision(
        target=arm.target,
        reason=Reason.SPLIT if len(rule.arms) > 1 else Reason.TARGETING_MATCH,
        rule=ruleset.ref(rule),
        revision=ruleset.revision,
        floor=arm.floor,
        ceiling=_ceiling(rule.spec.overrides, facts),
        sticky=sticky,
    )


def _default(ruleset: RuleSet, facts: Facts) -> Decision:
    """The default target is never skipped; before the first publish the last resort answers."""
    made = ruleset.default_decision
    return replace(made, ceiling=_ceiling({}, facts)) if facts.hits else made


def _available_place(rule: CompiledRule, situation: Situation, facts: Facts) -> tuple[int, bool]:
    """Return the place of the available target drawn, and whether the choice sticks to the customer.

    The share of a target that is not available goes to the next one of the rule, around the end.
    """
    first, sticky = _drawn_arm(rule, situation)
    places = range(len(rule.arms))
    available = [place for place in (*places[first:], *places[:first]) if is_available(rule.arms[place].target, facts)]
    return available[0], sticky


def _drawn_arm(rule: CompiledRule, situation: Situation) -> tuple[int, bool]:
    customer, external_id = situation.customer.e164, situation.context.external_id
    identity = customer or external_id or situation.context.call_id or ""
    drawn = bucket(rule.spec.key, identity)
    place = next(place for place, arm in enumerate(rule.arms) if drawn < arm.upto)
    return place, bool(customer or external_id)


def bucket(salt: str, identity: str) -> int:
    """Return the customer's bucket in this rule's split, 0 to 99, the same on every channel."""
    digest = hashlib.sha256(f"{salt}:{identity}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) * 100 >> 64


def _is_on(facts: Facts, purpose: Purpose) -> bool:
    return any(hit.purpose is purpose for hit in facts.hits)


def _refusal(ruleset: RuleSet, target: Target, reason: Reason) -> Decision:
    return Decision(target=target, reason=reason, revision=ruleset.revision)


def _decision(ruleset: RuleSet, facts: Facts, target: Target, reason: Reason) -> Decision:
    return Decision(
        target=target,
        reason=reason,
        revision=ruleset.revision,
        floor=merge(ruleset.table.overrides, target.overrides),
        ceiling=_ceiling({}, facts),
    )


def _ceiling(rule_overrides: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    """Lay the variables of list entries over the rule's overrides, lists in order of their keys."""
    variables = [
        {"variableValues": hit.variables} for hit in sorted(facts.hits, key=lambda hit: hit.list_key) if hit.variables
    ]
    return merge(rule_overrides, *variables) if variables else rule_overrides
