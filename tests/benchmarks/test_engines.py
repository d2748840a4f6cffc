"""What other engines are told about rules and calls means what our own table means."""

from benchmarks.contenders.workload import DEFAULT, Facts, Rule
from benchmarks.decide import indexed
from benchmarks.engines import mixed, plain_facts, plain_tests
from benchmarks.tables import compiled, make_calls, make_table


def _holds(rule: Rule, facts: Facts) -> bool:
    return all(
        facts[test["field"]] == test["value"]
        if test["op"] == "is"
        else facts[test["field"]] in test["value"]
        if test["op"] == "in"
        else facts[test["field"]].startswith(test["value"])
        for test in rule["tests"]
    )


def test_the_plain_rules_decide_as_the_table_does() -> None:
    table = make_table(200)
    ruleset, calls = compiled(table), make_calls(200)[:500]
    rules = [Rule(key=rule.key, tests=list(plain_tests(rule.when))) for rule in table.rules]

    ours = [decision.rule.key if decision.rule else DEFAULT for decision in (indexed(ruleset, one) for one in calls)]
    plain = [
        next((rule["key"] for rule in rules if _holds(rule, facts)), DEFAULT)
        for facts in (plain_facts(ruleset, call) for call in calls)
    ]

    assert plain == ours


def test_slow_engines_are_asked_a_mix_of_calls() -> None:
    calls = make_calls(1_000)

    first = mixed(calls)[:10]

    assert sum(bool(call.campaign) for call in first) == 2
    assert sum(bool(call.our_number) for call in first) == 1
    assert sum((call.customer or "").startswith("+44") for call in first) == 2
    assert len(mixed(calls)) == len(calls)
