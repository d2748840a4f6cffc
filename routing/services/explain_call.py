"""Tell of every rule why it took a recorded call or not."""

from __future__ import annotations

from routing.engine.context import context_from_dict
from routing.engine.explain import Explanation
from routing.models import Call
from routing.services.decide import DecidedCall
from routing.services.describe_decision import explain_decided
from routing.services.rulesets import NoRuleset, ruleset_of
from routing.services.simulate import simulate
from routing.snapshot.livefile import read_facts


class CannotExplain(ValueError):
    """A recorded call whose revision or context is no longer there."""


def explain_call(call: Call) -> Explanation:
    """Explain a recorded call by its own revision and the facts it saw then; raises CannotExplain."""
    return explain_decided(recall(call))


def recall(call: Call) -> DecidedCall:
    """Decide a recorded call again by its own revision and the facts it saw then; raises CannotExplain."""
    try:
        ruleset = ruleset_of(call.revision)
    except NoRuleset as error:
        raise CannotExplain(f"This call cannot be explained any more: {error}") from error
    try:
        context, facts = context_from_dict(call.context), read_facts(call.facts)
    except (KeyError, ValueError, TypeError) as error:
        raise CannotExplain(f"Call {call.pk} was recorded without what was known about it.") from error
    return simulate(context, ruleset, facts)
