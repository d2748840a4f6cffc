"""Rules move next to each other, and notice colleagues who were quicker."""

import pytest

from routing.models import Rule
from routing.services.move_rule import OrderChanged, Place, RuleGone, Side, move_rule, read_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def rules() -> dict[str, Rule]:
    return {name: Rule.objects.create(name=name, key=name) for name in "abcdef"}


def order() -> str:
    return "".join(Rule.objects.order_by("position").values_list("key", flat=True))


MOVES = {
    "up, before": ("e", "before", "b", "aebcdf"),
    "up, after": ("e", "after", "b", "abecdf"),
    "down, before": ("b", "before", "e", "acdbef"),
    "down, after": ("b", "after", "e", "acdebf"),
    "to the top": ("f", "before", "a", "fabcde"),
    "to the end": ("a", "after", "f", "bcdefa"),
    "where it stands already": ("c", "after", "b", "abcdef"),
}


@pytest.mark.parametrize(("moved", "side", "beside", "expected"), MOVES.values(), ids=MOVES)
def test_a_rule_goes_beside_another_one(
    moved: str, side: str, beside: str, expected: str, rules: dict[str, Rule]
) -> None:
    seen, beside_seen = rules[moved].position, rules[beside].position

    move_rule(rules[moved].pk, Place(side=Side(side), beside=rules[beside].pk, seen=seen, beside_seen=beside_seen))

    assert order() == expected
    assert list(Rule.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(("to", "expected"), [(0, "dabcef"), (2, "adbcef"), (99, "abcefd")])
def test_a_rule_goes_to_a_position(to: int, expected: str, rules: dict[str, Rule]) -> None:
    moved = move_rule(rules["d"].pk, Place(side=Side.TO, beside=to, seen=4))

    assert order() == expected
    assert moved.position == expected.index("d") + 1


def test_only_the_rules_between_make_room(rules: dict[str, Rule]) -> None:
    before = dict(Rule.objects.values_list("key", "position"))

    move_rule(rules["d"].pk, Place(side=Side.BEFORE, beside=rules["b"].pk, seen=4, beside_seen=2))

    after = dict(Rule.objects.values_list("key", "position"))
    assert {key for key in before if before[key] != after[key]} == {"b", "c", "d"}


STALE = {
    "the rule moved": (Place(side=Side.BEFORE, beside=2, seen=5, beside_seen=2), OrderChanged),
    "the other one moved": (Place(side=Side.BEFORE, beside=2, seen=4, beside_seen=3), OrderChanged),
    "the rule moved, a number was asked for": (Place(side=Side.TO, beside=1, seen=3), OrderChanged),
    "beside itself": (Place(side=Side.AFTER, beside=4, seen=4, beside_seen=4), OrderChanged),
    "the other one is gone": (Place(side=Side.BEFORE, beside=0, seen=4, beside_seen=2), RuleGone),
}


@pytest.mark.parametrize(("place", "refusal"), STALE.values(), ids=STALE)
def test_what_the_page_showed_must_still_hold(place: Place, refusal: type[Exception], rules: dict[str, Rule]) -> None:
    by_position = {rule.position: rule.pk for rule in rules.values()}
    beside = place.beside if place.side is Side.TO else by_position.get(place.beside, 10**6)
    wished = Place(side=place.side, beside=beside, seen=place.seen, beside_seen=place.beside_seen)

    with pytest.raises(refusal):
        move_rule(rules["d"].pk, wished)

    assert order() == "abcdef"


def test_a_deleted_rule_moves_nowhere(rules: dict[str, Rule]) -> None:
    rules["d"].delete()

    with pytest.raises(RuleGone):
        move_rule(10**6, Place(side=Side.TO, beside=1, seen=4))


@pytest.mark.parametrize("text", ["", "up", "before:1", "before:1:2", "to:1", "to:1:2:3", "after:a:2:3", "to:²:1"])
def test_other_words_are_no_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"place|Side"):
        read_place(text)


def test_places_are_read() -> None:
    assert read_place("before:12:4:3") == Place(side=Side.BEFORE, beside=12, seen=4, beside_seen=3)
    assert read_place("to:3:4") == Place(side=Side.TO, beside=3, seen=4)
