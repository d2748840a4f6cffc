"""Look again at calls that were scheduled: would they be decided as they were? Nothing is changed.

Vapi keeps what a scheduled call was created with. To delete it and create it anew could call somebody twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from routing.engine.context import Context, context_from_dict
from routing.engine.decision import Decision
from routing.engine.resolve import resolve
from routing.engine.ruleset import RuleSet
from routing.engine.situation import situate
from routing.models import Call, ScheduledCall
from routing.services.decide import decide
from routing.services.rulesets import NoRuleset, ruleset_of
from routing.snapshot.livefile import read_facts


@dataclass(frozen=True, kw_only=True, slots=True)
class Rechecked:
    """A scheduled call, how it would be decided today, and what of that differs: target, version, overrides.

    ``today`` is None, and the difference "unreadable", for a row from which nothing can be decided.
    """

    call: Call
    today: Decision | None
    differences: tuple[str, ...]


def recheck_scheduled(*, now: datetime) -> Iterator[Rechecked]:
    """Decide every call that is still to be started once more, by the live revision and for the same instant."""
    return recheck(ScheduledCall.due_after(now).iterator())


def recheck(calls: Iterable[Call]) -> Iterator[Rechecked]:
    """Decide these calls once more."""
    rulesets: dict[int | None, RuleSet | None] = {}
    for call in calls:
        if call.revision not in rulesets:
            rulesets[call.revision] = _find_ruleset(call.revision)
        yield _recheck(call, rulesets[call.revision])


def _recheck(call: Call, ruleset: RuleSet | None) -> Rechecked:
    try:
        context = context_from_dict(call.context)
        earlier = _decide_again(call, context, ruleset) if ruleset else None
    except (KeyError, ValueError, TypeError):
        return Rechecked(call=call, today=None, differences=("unreadable",))
    today = decide(context).decision
    return Rechecked(call=call, today=today, differences=tuple(_compare(call, earlier, today)))


def _decide_again(call: Call, context: Context, ruleset: RuleSet) -> Decision:
    """Return the decision as it was: the row does not keep overrides and versions."""
    return resolve(ruleset, situate(ruleset, context), read_facts(call.facts))


def _compare(call: Call, earlier: Decision | None, today: Decision) -> Iterator[str]:
    target = today.target
    if (call.target_key, call.target_kind) != (target.key, target.kind.value):
        yield "target"
    elif earlier is not None:
        # Calls that name their target themselves have no key.
        if (earlier.target.key, earlier.target.vapi_id) != (target.key, target.vapi_id):
            yield "target"
        if earlier.target.version != target.version:
            yield "version"
        if earlier.overrides != today.overrides:
            yield "overrides"


def _find_ruleset(revision: int | None) -> RuleSet | None:
    try:
        return ruleset_of(revision)
    except NoRuleset:
        return None
