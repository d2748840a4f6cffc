"""rule-engine: a list of compiled expressions, asked in order."""

from __future__ import annotations

import json

import rule_engine

from benchmarks.contenders.workload import DEFAULT, Decide, Facts, Rule, Test


def load(rules: list[Rule]) -> Decide:
    """Compile each rule's text."""
    compiled = [(rule_engine.Rule(" and ".join(map(_test, rule["tests"]))), rule["key"]) for rule in rules]

    def decide(facts: Facts) -> str:
        return next((key for rule, key in compiled if rule.matches(facts)), DEFAULT)

    return decide


def _test(test: Test) -> str:
    value = json.dumps(test["value"])
    match test["op"]:
        case "is":
            return f"{test['field']} == {value}"
        case "in":
            return f"{test['field']} in {value}"
        case _:
            return f"{test['field']}.starts_with({value})"
