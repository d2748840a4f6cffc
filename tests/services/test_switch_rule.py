"""A rule is switched only as it was seen."""

from collections.abc import Callable
from datetime import date

import pytest

from routing.models import NumberList, Rule, RuleAttribute, RuleTarget, Target
from routing.services.move_rule import RuleGone
from routing.services.rule_stamps import stamp_rules
from routing.services.switch_rule import RuleChanged, switch_rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule() -> Rule:
    target = Target.objects.create(name="Desk", kind="transfer", number="+12025550199")
    rule: Rule = Rule.objects.create(name="Ours", customer=["US"])
    RuleTarget.objects.create(rule=rule, target=target)
    RuleAttribute.objects.create(rule=rule, key="plan", values=["gold"])
    Rule.objects.create(name="Another")
    return rule


def stamp(rule: Rule) -> str:
    return stamp_rules([rule.pk])[rule.pk]


def test_a_rule_is_switched_and_nothing_else_of_it_changes(rule: Rule) -> None:
    Rule.objects.filter(pk=rule.pk).update(note="Kept")
    seen = stamp(rule)

    switch_rule(rule.pk, enabled=False, seen=seen)

    rule.refresh_from_db()
    assert (rule.enabled, rule.note, rule.customer) == (False, "Kept", ["US"])
    assert stamp(rule) != seen


CHANGES: dict[str, Callable[[Rule], object]] = {
    "its name": lambda rule: Rule.objects.filter(pk=rule.pk).update(name="Theirs"),
    "its switch": lambda rule: Rule.objects.filter(pk=rule.pk).update(enabled=False),
    "its days": lambda rule: Rule.objects.filter(pk=rule.pk).update(valid_from=date(2026, 1, 1), timezone="UTC"),
    "its overrides": lambda rule: Rule.objects.filter(pk=rule.pk).update(overrides={"variableValues": {"a": 1}}),
    "a share": lambda rule: RuleTarget.objects.filter(rule=rule).update(weight=50),
    "an attribute": lambda rule: RuleAttribute.objects.filter(rule=rule).update(values=["silver"]),
    "an attribute that is gone": lambda rule: RuleAttribute.objects.filter(rule=rule).delete(),
    "a list": lambda rule: rule.lists_none.add(NumberList.objects.create(name="VIP")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_colleagues_change_is_noticed(change: Callable[[Rule], object], rule: Rule) -> None:
    seen = stamp(rule)
    change(rule)
    rule.refresh_from_db()
    enabled = rule.enabled

    with pytest.raises(RuleChanged):
        switch_rule(rule.pk, enabled=not enabled, seen=seen)

    rule.refresh_from_db()
    assert rule.enabled is enabled


def test_another_place_or_another_rule_is_no_change(rule: Rule) -> None:
    seen = stamp(rule)
    Rule.objects.move(rule, 2)
    Rule.objects.exclude(pk=rule.pk).update(name="Theirs")

    switch_rule(rule.pk, enabled=False, seen=seen)

    assert not Rule.objects.get(pk=rule.pk).enabled


def test_a_deleted_rule_is_not_switched(rule: Rule) -> None:
    seen, pk = stamp(rule), rule.pk
    rule.delete()

    with pytest.raises(RuleGone):
        switch_rule(pk, enabled=False, seen=seen)


def test_stamps_of_many_rules_take_as_many_queries_as_of_one(
    rule: Rule, django_assert_num_queries: Callable[[int], object]
) -> None:
    Rule.objects.bulk_create(Rule(key=f"r-{n}", name="R", position=n) for n in range(3, 60))

    with django_assert_num_queries(8):  # type: ignore[attr-defined]  # a context manager
        stamps = stamp_rules(Rule.objects.values_list("pk", flat=True)[:100])

    assert len(stamps) == 59
