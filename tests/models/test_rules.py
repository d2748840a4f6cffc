"""The order of rules, their keys, and what their forms refuse."""

import pytest
from django.core.exceptions import ValidationError
from django.db import models

from routing.models import NumberList, Rule, RuleAttribute, Schedule, Target

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def five_rules() -> None:
    for name in "abcde":
        Rule.objects.create(name=name)


def _order() -> str:
    return "".join(Rule.objects.values_list("key", flat=True))


def _positions() -> list[int]:
    return list(Rule.objects.values_list("position", flat=True))


@pytest.mark.parametrize(
    ("key", "to", "order"),
    [
        ("a", 1, "abcde"),
        ("a", 3, "bcade"),
        ("a", 5, "bcdea"),
        ("a", 99, "bcdea"),
        ("e", 1, "eabcd"),
        ("e", 0, "eabcd"),
        ("e", -3, "eabcd"),
        ("c", 2, "acbde"),
        ("c", 4, "abdce"),
    ],
)
def test_moving_keeps_positions_without_gaps(key: str, to: int, order: str) -> None:
    rule = Rule.objects.get(key=key)

    Rule.objects.move(rule, to)

    assert _order() == order
    assert _positions() == [1, 2, 3, 4, 5]
    assert rule.position == order.index(key) + 1


def test_many_rules_can_be_turned_round() -> None:
    Rule.objects.bulk_create(Rule(key=f"x{place}", name="X", position=place) for place in range(6, 1500))
    order = list(Rule.objects.order_by("-position").values_list("pk", flat=True))

    Rule.objects.arrange(order)

    assert list(Rule.objects.values_list("pk", flat=True)) == order
    assert _positions() == list(range(1, 1500))


@pytest.mark.parametrize("delete", ["row", "queryset"])
def test_deleting_closes_the_gap(delete: str) -> None:
    if delete == "row":
        Rule.objects.get(key="b").delete()
    else:
        Rule.objects.filter(key="b").delete()

    assert (_order(), _positions()) == ("acde", [1, 2, 3, 4])


def test_new_rule_stands_last() -> None:
    assert Rule.objects.create(name="f").position == 6


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("VIP callers", "vip-callers"),
        ("a", "a-2"),
        ("Ça va?", "ca-va"),
        ("客服", "rule"),
        ("x" * 80, "x" * 45),
        ("!!!", "rule"),
    ],
)
def test_key_comes_from_the_first_name(name: str, key: str) -> None:
    assert Rule.objects.create(name=name).key == key


def test_same_name_again_gets_a_key_of_its_own() -> None:
    assert [Rule.objects.create(name="VIP").key for _ in range(3)] == ["vip", "vip-2", "vip-3"]


def test_key_survives_renaming_and_cannot_be_changed() -> None:
    rule = Rule.objects.get(key="a")
    rule.name = "Other"
    rule.save()
    assert Rule.objects.get(name="Other").key == "a"

    rule.key = "other"
    with pytest.raises(ValidationError, match="cannot be changed"):
        rule.save()


@pytest.mark.parametrize("model", [Rule, Target, Schedule, NumberList])
def test_natural_key_finds_the_row(model: type[models.Model]) -> None:
    extra: dict[type[models.Model], dict[str, str]] = {
        Target: {"kind": "reject", "message": "No."},
        Schedule: {"opening_hours": "24/7", "timezone": "UTC"},
    }
    row = model._default_manager.create(name="Some name", **extra.get(model, {}))

    assert model._default_manager.get_by_natural_key(*row.natural_key()) == row  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"customer": ["US", "+1*5"]}, "customer", "not a prefix"),
        ({"customer": ["XX"]}, "customer", "not a country"),
        ({"customer": [""]}, "customer", "list of texts"),
        ({"customer": "US"}, "customer", "list of texts"),
        ({"channels": ["fax"]}, "channels", "no channel fax"),
        ({"channels": ["web", "web"]}, "channels", "stands twice"),
        ({"timezone": "Mars/Base"}, "timezone", "no time zone Mars"),
        ({"overrides": [1]}, "overrides", "JSON object"),
    ],
)
def test_form_tells_what_is_wrong(fields: dict[str, object], field: str, message: str) -> None:
    rule = Rule.objects.get(key="a")
    for name, value in fields.items():
        setattr(rule, name, value)

    with pytest.raises(ValidationError, match=message) as refusal:
        rule.full_clean()

    assert list(refusal.value.message_dict) == [field]


@pytest.mark.parametrize(
    ("op", "values", "message"),
    [
        ("is", [], "write what the attribute is compared with"),
        ("is", ["a", "b"], "compares with one value; use in .is one of"),
        ("greater", ["many"], "not a number"),
        ("missing", ["a"], "Has no place"),
    ],
)
def test_attribute_needs_values_that_suit(op: str, values: list[str], message: str) -> None:
    condition = RuleAttribute(rule=Rule.objects.get(key="a"), key="plan", op=op, values=values)

    with pytest.raises(ValidationError, match=message) as refusal:
        condition.full_clean()

    assert list(refusal.value.message_dict) == ["values"]
