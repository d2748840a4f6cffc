"""The list of rules: sentences, order, and how many queries it takes."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from routing.models import Rule, RuleTarget, Target
from tests.admin.conftest import allow, client_of

pytestmark = pytest.mark.django_db
LIST = "/admin/routing/rule/"


@pytest.fixture
def client(admin: User, world: dict[str, Any]) -> Client:
    return client_of(admin)


def order() -> list[str]:
    return list(Rule.objects.order_by("position").values_list("key", flat=True))


def move(client: Client, key: str, direction: str, query: str = "") -> Any:
    rule = Rule.objects.get(key=key)
    return client.post(reverse("admin:routing_rule_move", args=[rule.pk]) + query, {"direction": direction})


def test_each_rule_shows_itself_as_one_sentence(client: Client) -> None:
    text = client.get(LIST).content.decode()

    for sentence in ("MX callers → Recepción ES", "Web calls → Resting", "30 % Front desk"):
        assert sentence in text


def test_queries_do_not_grow_with_the_rules(client: Client) -> None:
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    target = Target.objects.get(key="desk")
    rules = [Rule(key=f"r-{n}", name=f"R {n}", position=n, customer=["US"]) for n in range(7, 201)]
    RuleTarget.objects.bulk_create(RuleTarget(rule=rule, target=target) for rule in Rule.objects.bulk_create(rules))

    with CaptureQueriesContext(connection) as many:
        response = client.get(LIST)

    assert response.content.decode().count("US callers → Front desk") == 194
    assert len(many) <= len(few) + 1  # pages that remember nothing yet compare the draft
    assert len(many) < 60


MOVES = {
    "up": ("mexico", "up", ["vip-callers", "mexico", "spring", "nobody", "gold", "closed"]),
    "down": ("mexico", "down", ["vip-callers", "spring", "nobody", "mexico", "gold", "closed"]),
    "the first up": ("vip-callers", "up", ["vip-callers", "spring", "mexico", "nobody", "gold", "closed"]),
    "the last down": ("closed", "down", ["vip-callers", "spring", "mexico", "nobody", "gold", "closed"]),
}


@pytest.mark.parametrize(("key", "direction", "expected"), MOVES.values(), ids=MOVES)
def test_moving_goes_one_place(key: str, direction: str, expected: list[str], client: Client) -> None:
    response = move(client, key, direction)

    assert order() == expected
    assert response.status_code == 302
    assert response["Location"] == LIST


def test_moving_in_a_filtered_list_goes_one_place_in_the_whole_table(client: Client) -> None:
    response = move(client, "closed", "up", "?enabled__exact=1")

    assert order() == ["vip-callers", "spring", "mexico", "nobody", "closed", "gold"]
    assert response["Location"] == f"{LIST}?enabled__exact=1"


def test_moving_asks_for_a_form_of_ours(client: Client, admin: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin)
    rule = Rule.objects.get(key="mexico")
    address = reverse("admin:routing_rule_move", args=[rule.pk])

    answers = [
        client.get(address).status_code,
        client.post(address, {"direction": "sideways"}).status_code,
        strict.post(address, {"direction": "up"}).status_code,
        client.post(reverse("admin:routing_rule_move", args=["none"]), {"direction": "up"}).status_code,
        client.post(reverse("admin:routing_rule_move", args=[10**9]), {"direction": "up"}).status_code,
    ]

    assert answers == [405, 405, 403, 404, 404]
    assert order()[2] == "mexico"


def test_who_may_only_look_moves_nothing(staff: User, world: dict[str, Any]) -> None:
    reader = client_of(allow(staff, "view_rule"))

    assert move(reader, "mexico", "up").status_code == 403
    assert order()[2] == "mexico"
    assert 'sb-move"' not in reader.get(LIST).content.decode()


@pytest.mark.parametrize(("action", "enabled"), [("switch_on", True), ("switch_off", False)])
def test_rules_are_switched_from_the_list(action: str, enabled: bool, client: Client) -> None:
    rows = Rule.objects.filter(key__in=["gold", "mexico"])

    client.post(LIST, {"action": action, "_selected_action": list(rows.values_list("pk", flat=True))})

    assert set(rows.values_list("enabled", flat=True)) == {enabled}
