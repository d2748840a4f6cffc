"""Decide a call that nobody makes, and tell why."""

from __future__ import annotations

from dataclasses import dataclass

from routing.engine.context import Context
from routing.engine.explain import Explanation, explain
from routing.engine.live import Facts
from routing.engine.ruleset import RuleSet
from routing.engine.situation import Situation, situate
from routing.services.draft import compile_draft
from routing.snapshot import store
from routing.snapshot.rows import table_from_rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Simulation:
    """What would happen to a call: as it was understood, with the live data of this moment, and why."""

    ruleset: RuleSet
    situation: Situation
    facts: Facts
    explanation: Explanation


def simulate(context: Context, *, draft: bool) -> Simulation:
    """Decide by the live revision or by the draft; nothing is recorded. Raises TableErrors where the draft has faults.

    List entries, switches and missing targets are those of now: they are never part of a draft.
    """
    snapshot = store.current()
    ruleset = compile_draft(table_from_rows()) if draft else snapshot.ruleset
    situation = situate(ruleset, context)
    facts = snapshot.live.facts_for(situation.customer, context.at)
    explanation = explain(ruleset, situation, facts)
    return Simulation(ruleset=ruleset, situation=situation, facts=facts, explanation=explanation)
