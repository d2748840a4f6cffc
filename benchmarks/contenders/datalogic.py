"""datalogic-py, JSONLogic compiled in Rust: one ``if`` of all rules, in a session (its fastest way for Python data)."""

from __future__ import annotations

from typing import Any

from datalogic_py import Engine

from benchmarks.contenders.workload import DEFAULT, Decide, Rule, Test


def load(rules: list[Rule]) -> Decide:
    """Compile once, evaluate many."""
    branches = [part for rule in rules for part in ({"and": [_test(one) for one in rule["tests"]]}, rule["key"])]
    engine = Engine()
    compiled, session = engine.compile({"if": [*branches, DEFAULT]}), engine.session()
    return lambda facts: session.evaluate(compiled, facts)  # type: ignore[no-any-return, unused-ignore]


def _test(test: Test) -> dict[str, Any]:
    field, value = {"var": test["field"]}, test["value"]
    match test["op"]:
        case "is":
            return {"===": [field, value]}
        case "in":
            return {"in": [field, value]}
        case _:
            return {"starts_with": [field, value]}
