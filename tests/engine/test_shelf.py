"""Rules that the index cannot tell apart: sorted by what they ask, they answer as they do one by one."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine.context import Attribute, Channel, Context
from routing.engine.live import NO_FACTS, LiveData
from routing.engine.looks import look_of
from routing.engine.resolve import resolve, resolve_linear
from routing.engine.rule import has_target
from routing.engine.shelf import LONG, LongShelf
from routing.engine.situation import situate
from routing.engine.table import Arm, AttributeSpec, Operator, RuleSpec, Table, Target, TargetKind, When
from tests.engine.test_index_property import CONTEXTS, LIVE, NOON, compile_any, tables

TARGETS = tuple(Target(key=key, name=key, kind=TargetKind.ASSISTANT, vapi_id=key) for key in "ab")


@settings(max_examples=60, deadline=None)
@given(table=tables(), calls=st.lists(st.tuples(CONTEXTS, LIVE), min_size=1, max_size=4))
def test_a_long_shelf_answers_as_its_rules_do_one_by_one(table: Table, calls: list[tuple[Context, LiveData]]) -> None:
    """Sabotage seen to fail: a group's condition is not asked."""
    ruleset = compile_any(table)
    shelf = LongShelf(ruleset.rules)

    for context, live in calls:
        situation = situate(ruleset, context)
        facts = live.facts_for(situation.customer, context.at)
        matching = (
            rule
            for rule in ruleset.rules
            if all(one.holds(situation, facts) for one in rule.prepare().others) and has_target(rule, facts)
        )

        assert shelf.level.first(situation, facts, None) is next(matching, None)


@settings(max_examples=60, deadline=None)
@given(table=tables(), context=CONTEXTS)
def test_what_is_taken_apart_holds_as_the_whole(table: Table, context: Context) -> None:
    ruleset = compile_any(table)
    situation = situate(ruleset, context)
    for condition in (one for rule in ruleset.rules for one in rule.conditions):
        look = look_of(condition)
        if look is not None:
            seen = look.see(situation)

            assert (seen is not None and look.holds(seen, look.operand)) is condition.holds(situation, NO_FACTS)


@settings(max_examples=20, deadline=None)
@given(data=st.data(), text=st.sampled_from(["", "3", "p1", "p12", "none"]))
def test_long_shelves_of_a_table_are_walked_in_order(data: st.DataObject, text: str) -> None:
    operators = st.sampled_from([Operator.CONTAINS, Operator.STARTS_WITH, Operator.IS_NOT, Operator.GREATER])
    values, keys = st.sampled_from(["1", "2", "3"]), st.sampled_from("ab")
    rules = []
    for place in range(LONG):
        op, value, target = data.draw(operators), data.draw(values), data.draw(keys)
        spec = AttributeSpec(key="plan", op=op, values=(value,))
        rules.append(RuleSpec(key=f"r{place}", name="R", when=When(attributes=(spec,)), then=(Arm(target=target),)))
    ruleset = compile_any(Table(default="a", targets=TARGETS, rules=tuple(rules)))
    context = Context(channel=Channel.INBOUND, at=NOON, attributes={"plan": Attribute(text=text)})

    situation = situate(ruleset, context)

    assert isinstance(ruleset.index.rest, LongShelf)
    assert resolve(ruleset, situation, NO_FACTS) == resolve_linear(ruleset, situation, NO_FACTS)
    gone = replace(NO_FACTS, unavailable=frozenset("a"))
    assert resolve(ruleset, situation, gone) == resolve_linear(ruleset, situation, gone)


def test_a_later_rule_of_an_earlier_group_waits() -> None:
    """The group begins before the rule without conditions, but the rule of it that matches stands behind.

    Sabotage seen to fail: a rule that asks no more is taken without looking at the rank of the best so far.
    """
    holds, fails = (AttributeSpec(key="plan", op=Operator.CONTAINS, values=(value,)) for value in "xy")
    rules = tuple(
        RuleSpec(key=f"r{place}", name="R", when=When(attributes=attributes), then=(Arm(target="a"),))
        for place, attributes in enumerate([(holds, fails), (), (holds,)])
    )
    ruleset = compile_any(Table(default="a", targets=TARGETS, rules=rules))
    context = Context(channel=Channel.INBOUND, at=NOON, attributes={"plan": Attribute(text="x")})

    first = LongShelf(ruleset.rules).level.first(situate(ruleset, context), NO_FACTS, None)

    assert first is ruleset.rules[1]
