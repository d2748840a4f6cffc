"""business-rules: variables and actions as classes, rules as JSON, stopped at the first that triggers."""

from __future__ import annotations

from typing import Any

from business_rules import run_all
from business_rules.actions import BaseActions, rule_action
from business_rules.fields import FIELD_TEXT
from business_rules.variables import BaseVariables, boolean_rule_variable, string_rule_variable

from benchmarks.contenders.workload import DEFAULT, Decide, Facts, Rule, Test


class Variables(BaseVariables):  # type: ignore[misc, unused-ignore]
    """What is known of the call."""

    def __init__(self, facts: Facts) -> None:
        """Keep the facts."""
        self.facts = facts

    @string_rule_variable()  # type: ignore[untyped-decorator, unused-ignore]
    def channel(self) -> str:
        """How the call starts."""
        return str(self.facts["channel"])

    @string_rule_variable()  # type: ignore[untyped-decorator, unused-ignore]
    def customer(self) -> str:
        """The customer's number."""
        return str(self.facts["customer"])

    @string_rule_variable()  # type: ignore[untyped-decorator, unused-ignore]
    def our_number(self) -> str:
        """Our number."""
        return str(self.facts["our_number"])

    @string_rule_variable()  # type: ignore[untyped-decorator, unused-ignore]
    def campaign(self) -> str:
        """The running campaign."""
        return str(self.facts["campaign"])

    @boolean_rule_variable()  # type: ignore[untyped-decorator, unused-ignore]
    def office_open(self) -> bool:
        """Whether the schedule is open."""
        return bool(self.facts["office_open"])


class Actions(BaseActions):  # type: ignore[misc, unused-ignore]
    """What a rule does: it is remembered."""

    def __init__(self) -> None:
        """Begin without a rule."""
        self.chosen = DEFAULT

    @rule_action(params={"key": FIELD_TEXT})  # type: ignore[untyped-decorator, unused-ignore]
    def choose(self, key: str) -> None:
        """Remember the rule."""
        self.chosen = key


def load(rules: list[Rule]) -> Decide:
    """Write the rules as its JSON."""
    written = [
        {
            "conditions": {"all": [_test(one) for one in rule["tests"]]},
            "actions": [{"name": "choose", "params": {"key": rule["key"]}}],
        }
        for rule in rules
    ]

    def decide(facts: Facts) -> str:
        actions = Actions()
        run_all(written, Variables(facts), actions, stop_on_first_trigger=True)
        return actions.chosen

    return decide


def _test(test: Test) -> dict[str, Any]:
    field, value = test["field"], test["value"]
    match test["op"]:
        case "is" if isinstance(value, bool):
            return {"name": field, "operator": "is_true" if value else "is_false", "value": ""}
        case "is":
            return {"name": field, "operator": "equal_to", "value": value}
        case "in":
            return {"any": [{"name": field, "operator": "equal_to", "value": one} for one in value]}
        case _:
            return {"name": field, "operator": "starts_with", "value": value}
