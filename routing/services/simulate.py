"""Decide a call that nobody makes, by whichever rules are asked about; nothing is recorded."""

from __future__ import annotations

from routing.engine.context import Context
from routing.engine.live import Facts
from routing.engine.resolve import resolve
from routing.engine.ruleset import RuleSet
from routing.engine.situation import situate
from routing.services.decide import DecidedCall
from routing.snapshot import store


def simulate(context: Context, ruleset: RuleSet, facts: Facts | None = None) -> DecidedCall:
    """Decide by these rules, with what live data says now or, if given, with what it said then.

    List entries, switches and missing targets are those of now even for a draft or an old revision: they are part of
    neither.
    """
    situation = situate(ruleset, context)
    if facts is None:
        facts = store.current().live.facts_for(situation.customer, context.at)
    decision = resolve(ruleset, situation, facts)
    return DecidedCall(context=context, situation=situation, facts=facts, decision=decision, ruleset=ruleset)
