"""Unleash's client without a server: one flag from a bootstrap, a strategy with a variant for each rule."""

from __future__ import annotations

import tempfile
from typing import Any

from UnleashClient import UnleashClient
from UnleashClient.cache import FileCache

from benchmarks.contenders.workload import DEFAULT, Decide, Facts, Rule, Test


def load(rules: list[Rule]) -> Decide:
    """Start the client from a bootstrap; it fetches and reports nothing."""
    flag = {
        "name": "route",
        "type": "release",
        "enabled": True,
        "variants": [],
        "strategies": list(map(_strategy, rules)),
    }
    cache = FileCache("routes", directory=tempfile.mkdtemp())
    cache.bootstrap_from_dict({"version": 2, "features": [flag]})
    quiet = {"disable_metrics": True, "disable_registration": True, "refresh_interval": 3_600}
    client = UnleashClient("http://localhost:9", "bench", cache=cache, **quiet)
    client.initialize_client(fetch_toggles=False)

    def decide(facts: Facts) -> str:
        properties = facts | {"office_open": "yes" if facts["office_open"] else "no"}
        found = client.get_variant("route", {"properties": properties})
        return str(found["name"]) if found["enabled"] else DEFAULT

    return decide


def _strategy(rule: Rule) -> dict[str, Any]:
    return {
        "name": "default",
        "parameters": {},
        "constraints": [_test(one) for one in rule["tests"]],
        "variants": [{"name": rule["key"], "weight": 1000, "weightType": "variable", "stickiness": "default"}],
    }


def _test(test: Test) -> dict[str, Any]:
    value = ("yes" if test["value"] else "no") if isinstance(test["value"], bool) else test["value"]
    return {
        "contextName": test["field"],
        "operator": "STR_STARTS_WITH" if test["op"] == "starts" else "IN",
        "values": value if isinstance(value, list) else [value],
    }
