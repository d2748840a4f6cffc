"""json-logic-qubit, JSONLogic in Python: one ``if`` of all rules."""

from __future__ import annotations

from typing import Any

from json_logic import jsonLogic

from benchmarks.contenders.workload import DEFAULT, Decide, Rule, Test


def load(rules: list[Rule]) -> Decide:
    """It has nothing to compile."""
    branches = [part for rule in rules for part in ({"and": [_test(one) for one in rule["tests"]]}, rule["key"])]
    logic = {"if": [*branches, DEFAULT]}
    return lambda facts: jsonLogic(logic, facts)  # type: ignore[no-any-return, unused-ignore]


def _test(test: Test) -> dict[str, Any]:
    field, value = {"var": test["field"]}, test["value"]
    match test["op"]:
        case "is":
            return {"===": [field, value]}
        case "in":
            return {"in": [field, value]}
        case _:
            return {"===": [{"substr": [field, 0, len(value)]}, value]}
