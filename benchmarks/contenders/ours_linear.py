"""Switchboard without its index: the conditions are the same, the rules are walked in order."""

from __future__ import annotations

from benchmarks.contenders.ours import prepare as prepare
from benchmarks.contenders.ours import told
from benchmarks.contenders.workload import Decide, Rule
from benchmarks.decide import linear


def load(rules: list[Rule]) -> Decide:
    """Compile the table."""
    return told(rules, linear)
