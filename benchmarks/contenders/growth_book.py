"""GrowthBook: one feature, a forced value for each rule; one instance whose attributes are set for each call."""

from __future__ import annotations

import re
from typing import Any

from growthbook import GrowthBook

from benchmarks.contenders.workload import DEFAULT, Decide, Facts, Rule, Test


def load(rules: list[Rule]) -> Decide:
    """Give it the features once."""
    forced = [
        {"condition": {one["field"]: _test(one) for one in rule["tests"]}, "force": rule["key"]} for rule in rules
    ]
    client = GrowthBook(features={"route": {"defaultValue": DEFAULT, "rules": forced}})

    def decide(facts: Facts) -> str:
        client.set_attributes(facts)
        return str(client.get_feature_value("route", DEFAULT))

    return decide


def _test(test: Test) -> Any:
    match test["op"]:
        case "is":
            return test["value"]
        case "in":
            return {"$in": test["value"]}
        case _:
            return {"$regex": "^" + re.escape(test["value"])}
