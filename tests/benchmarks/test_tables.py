"""What is measured decides as the plain walk of the list does; a fast wrong answer is no figure."""

import pytest

from benchmarks.decide import indexed, linear
from benchmarks.tables import ADVERSARIES, compiled, make_calls, make_table
from routing.engine.decision import Reason


@pytest.mark.parametrize("size", [10, 70, 500])
def test_the_index_answers_as_the_list_does(size: int) -> None:
    ruleset, calls = compiled(make_table(size)), make_calls(size)

    assert [indexed(ruleset, call) for call in calls] == [linear(ruleset, call) for call in calls]


@pytest.mark.parametrize("name", ADVERSARIES)
def test_slow_tables_are_decided_alike(name: str) -> None:
    slow = ADVERSARIES[name]
    ruleset, calls = compiled(slow.make(60)), [*slow.calls(), *make_calls(60)[:300]]

    assert [indexed(ruleset, call) for call in calls] == [linear(ruleset, call) for call in calls]


def test_the_calls_reach_every_kind_of_rule() -> None:
    ruleset = compiled(make_table(500))

    taken = [indexed(ruleset, call) for call in make_calls(500)]

    kinds = {decision.rule.position % 10 for decision in taken if decision.rule}
    defaults = sum(decision.reason is Reason.DEFAULT for decision in taken) / len(taken)
    assert {7, 9, 0} <= kinds, "prefixes, campaigns and our numbers are hit"
    assert kinds & {1, 2, 3, 4, 5, 6}, "numbers are hit"
    assert 0.1 < defaults < 0.3
