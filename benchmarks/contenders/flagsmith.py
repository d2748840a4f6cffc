"""Flagsmith's engine, which its client evaluates locally with: a segment with an override for each rule."""

from __future__ import annotations

import re
from typing import Any

from flag_engine.engine import get_evaluation_result

from benchmarks.contenders.workload import DEFAULT, Decide, Facts, Rule, Test


def load(rules: list[Rule]) -> Decide:
    """Build the environment once; the identity is put in for each call."""
    environment: dict[str, Any] = {
        "environment": {"key": "bench", "name": "Bench"},
        "features": {"route": _feature(DEFAULT)},
        "segments": {rule["key"]: _segment(rule, place) for place, rule in enumerate(rules)},
    }

    def decide(facts: Facts) -> str:
        identity = {"identifier": facts["customer"], "traits": facts}
        result: Any = get_evaluation_result(environment | {"identity": identity})  # type: ignore[arg-type, unused-ignore]
        return str(result["flags"]["route"]["value"])

    return decide


def _feature(value: str) -> dict[str, Any]:
    return {"key": "route", "name": "route", "enabled": True, "value": value}


def _segment(rule: Rule, place: int) -> dict[str, Any]:
    return {
        "key": rule["key"],
        "name": rule["key"],
        "rules": [{"type": "ALL", "conditions": [_test(one) for one in rule["tests"]]}],
        "overrides": [_feature(rule["key"]) | {"priority": place}],
    }


def _test(test: Test) -> dict[str, Any]:
    field, value = test["field"], test["value"]
    match test["op"]:
        case "is":
            return {"property": field, "operator": "EQUAL", "value": str(value).lower()}
        case "in":
            return {"property": field, "operator": "IN", "value": value}
        case _:
            return {"property": field, "operator": "REGEX", "value": "^" + re.escape(value)}
