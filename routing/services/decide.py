"""The one door: every way in asks here who takes a call."""

from __future__ import annotations

from dataclasses import dataclass, replace

from routing.engine.context import Context
from routing.engine.decision import Decision
from routing.engine.live import Facts
from routing.engine.resolve import resolve
from routing.engine.ruleset import RuleSet
from routing.engine.situation import Situation, situate
from routing.snapshot import store


@dataclass(kw_only=True, slots=True)  # not frozen, for the reason given at Situation
class DecidedCall:
    """A decision with everything that led to it, which nobody changes; ``ruleset`` are the rules it was made by."""

    context: Context
    situation: Situation
    facts: Facts
    decision: Decision
    ruleset: RuleSet


def decide(context: Context) -> DecidedCall:
    """Decide who takes the call, by the live revision and the live data. It asks no database in a warm process."""
    snapshot = store.current()
    situation = situate(snapshot.ruleset, context)
    facts = snapshot.live.facts_for(situation.customer, context.at)
    decision = resolve(snapshot.ruleset, situation, facts)
    return DecidedCall(
        context=context,
        situation=situation,
        facts=facts,
        decision=replace(decision, stale=True) if snapshot.stale else decision,
        ruleset=snapshot.ruleset,
    )
