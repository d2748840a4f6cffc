"""Switchboard itself, as calls are decided: it makes its own table of that many rules, which is the same."""

from __future__ import annotations

from benchmarks.contenders.workload import DEFAULT, Decide, Facts, Rule
from benchmarks.decide import Decide as Way
from benchmarks.decide import indexed
from benchmarks.tables import AT, compiled, make_table
from routing.engine.context import Channel, Context


def load(rules: list[Rule]) -> Decide:
    """Compile the table."""
    return told(rules, indexed)


def prepare(facts: Facts) -> Context:
    """Return what a call's webhook is read into."""
    return Context(
        channel=Channel(facts["channel"]),
        at=AT,
        customer=facts["customer"],
        our_number=facts["our_number"] or None,
        campaign=facts["campaign"] or None,
    )


def told(rules: list[Rule], way: Way) -> Decide:
    """Decide in this way."""
    ruleset = compiled(make_table(len(rules)))

    def decide(context: Context) -> str:
        rule = way(ruleset, context).rule
        return rule.key if rule else DEFAULT

    return decide
