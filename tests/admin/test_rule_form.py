"""The page of one rule: its blocks, its numbers and its targets."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from routing.models import Campaign, NumberList, OurNumber, Rule, RuleTarget, Schedule
from tests.admin.conftest import client_of
from tests.admin.test_forms import add, arm, rule_form
from tests.admin.test_overrides_field import overrides_form

pytestmark = pytest.mark.django_db
Form = dict[str, Any]


@pytest.fixture
def client(admin: User, world: Form) -> Client:
    return client_of(admin)


BLOCKS: dict[str, tuple[Callable[[Rule], object], set[str]]] = {
    "none": (lambda rule: None, set()),
    "channels": (lambda rule: setattr(rule, "channels", ["web"]), {"channels"}),
    "customer": (lambda rule: setattr(rule, "customer", ["US"]), {"customer"}),
    "a list": (lambda rule: rule.lists_none.add(NumberList.objects.get(key="vip")), {"lists"}),
    "our number": (lambda rule: rule.numbers.add(OurNumber.objects.get(number="+12025550112")), {"numbers"}),
    "campaign": (lambda rule: rule.campaigns.add(Campaign.objects.get()), {"campaigns"}),
    "schedule": (lambda rule: setattr(rule, "schedule", Schedule.objects.get()), {"schedule"}),
    "zone alone": (lambda rule: setattr(rule, "timezone", "UTC"), {"dates"}),
    "attribute": (lambda rule: rule.attributes.create(key="plan", op="exists"), {"attributes"}),
}


@pytest.mark.parametrize(("change", "used"), BLOCKS.values(), ids=BLOCKS)
def test_a_block_is_used_where_something_stands_in_it(
    change: Callable[[Rule], object], used: set[str], client: Client
) -> None:
    rule = Rule.objects.create(key="plain", name="Plain")
    change(rule)
    rule.save()

    response = client.get(reverse("admin:routing_rule_change", args=[rule.pk]))

    assert {name for name, block in response.context["blocks"].items() if block.is_used} == used
    assert set(re.findall(r'data-block="(\w+)" data-used="yes"', response.content.decode())) == used


def test_a_block_with_a_fault_is_open(client: Client) -> None:
    response = add(client, "rule", rule_form(arm("reception"), channels=["fax"], valid_until="soon"))

    assert {name for name, block in response.context["blocks"].items() if block.is_used} == {"channels", "dates"}


EMPTY_BLOCKS: dict[str, tuple[list[str], Form, set[str]]] = {
    "campaigns": (["campaigns"], {}, {"campaigns"}),
    "lists, beside a number": (["lists", "customer"], {"customer": "US"}, {"lists_any"}),
    "open, without a schedule": (["schedule"], {"schedule_is_open": "on"}, {"schedule"}),
    "a zone without days": (["dates"], {"timezone": "UTC"}, {"valid_from"}),
    "a fault is told once": (["customer"], {"customer": "+1415x"}, {"customer"}),
}


@pytest.mark.parametrize(("shown", "fields", "faults"), EMPTY_BLOCKS.values(), ids=EMPTY_BLOCKS)
def test_a_condition_that_was_added_and_left_empty_is_refused(
    shown: list[str], fields: Form, faults: set[str], client: Client
) -> None:
    response = add(client, "rule", rule_form(arm("reception"), block=shown, **fields))

    errors = response.context["adminform"].form.errors
    assert set(errors) == faults
    assert all(len(messages) == 1 for messages in errors.values())
    assert not Rule.objects.filter(name="Test").exists()


@pytest.mark.parametrize("rule", [None, "mexico"], ids=["new", "saved"])
def test_the_page_has_each_field_of_the_form_once(rule: str | None, client: Client) -> None:
    address = reverse("admin:routing_rule_add")
    if rule:
        address = reverse("admin:routing_rule_change", args=[Rule.objects.get(key=rule).pk])

    response = client.get(address)

    page = re.sub(r"<template.*?</template>", "", response.content.decode(), flags=re.DOTALL)
    formsets = [inline.formset for inline in response.context["inline_admin_formsets"]]
    forms = [response.context["adminform"].form, *(form for formset in formsets for form in formset.forms)]
    for form in forms:
        for field in form:
            assert page.count(f'id="{field.auto_id}"') == 1, field.name
    assert all(f"{formset.prefix}-TOTAL_FORMS" in page for formset in formsets)


STATES = {"open": ("on", True), "closed": ("off", False), "not sent": (None, False)}


@pytest.mark.parametrize(("sent", "stored"), STATES.values(), ids=STATES)
def test_a_schedule_is_open_or_closed(sent: str | None, stored: bool, client: Client) -> None:
    chosen = {"schedule": Schedule.objects.get().pk} | ({"schedule_is_open": sent} if sent else {})

    add(client, "rule", rule_form(arm("reception"), **chosen))

    rule = Rule.objects.get(name="Test")
    assert rule.schedule_is_open is stored
    page = client.get(reverse("admin:routing_rule_change", args=[rule.pk])).content.decode()
    assert f'<option value="{"on" if stored else "off"}" selected' in page


def test_numbers_are_stored_as_the_table_writes_them_and_once(client: Client) -> None:
    typed = "(202) 555-0100\n+12025550100\nmx\n+1 415 *\nanonymous"

    add(client, "rule", rule_form(arm("reception"), customer=typed))

    assert Rule.objects.get(name="Test").customer == ["+12025550100", "MX", "+1415*", "withheld"]


ORDERS: dict[str, tuple[list[tuple[str, object]], list[str]]] = {
    "as they stand": ([("reception", ""), ("desk", "")], ["reception", "desk"]),
    "as they were moved": ([("reception", 1), ("desk", 0)], ["desk", "reception"]),
}


@pytest.mark.parametrize(("lines", "order"), ORDERS.values(), ids=ORDERS)
def test_targets_keep_the_order_of_the_page(lines: list[tuple[str, object]], order: list[str], client: Client) -> None:
    arms = [arm(key, 50) | {"position": place} for key, place in lines]

    add(client, "rule", rule_form(*arms))

    assert [row.target.key for row in Rule.objects.get(name="Test").arms.all()] == order


def test_saved_targets_change_places(client: Client) -> None:
    rule = Rule.objects.get(key="spring")
    first, second = rule.arms.all()
    lines = [
        {"id": row.pk, "rule": rule.pk, "target": row.target_id, "weight": row.weight, "position": place}
        for row, place in ((first, 1), (second, 0))
    ]

    response = client.post(
        reverse("admin:routing_rule_change", args=[rule.pk]),
        rule_form(*lines, name="Spring") | {"arms-INITIAL_FORMS": 2},
    )

    assert response.status_code == 302
    assert list(RuleTarget.objects.filter(rule=rule)) == [second, first]


def test_what_a_colleague_changed_meanwhile_is_told_and_nothing_typed_is_lost(client: Client) -> None:
    rule = Rule.objects.get(key="mexico")
    address = reverse("admin:routing_rule_change", args=[rule.pk])
    stamp = re.findall(r'name="_stamp" value="([^"]*)"', client.get(address).content.decode())[0]
    Rule.objects.filter(pk=rule.pk).update(name="Renamed", overrides={"firstMessage": "Hola"})
    row = rule.arms.get()
    form = rule_form({"id": row.pk, "rule": rule.pk, "target": row.target_id, "weight": 100}, name="Mine",
                     **overrides_form([("tier", "text", "gold")], ""), customer="MX\nES")  # fmt: skip

    response = client.post(address, form | {"arms-INITIAL_FORMS": 1, "_stamp": html.unescape(stamp)})

    page = html.unescape(response.content.decode())
    assert response.status_code == 200
    assert "while you were editing it" in page
    assert 'name="overrides_key" value="tier"' in page
    assert "MX\nES</textarea>" in page
    assert "TypedOverrides" not in page
    assert '<td>{"firstMessage": "Hola"}</td>' in page
    assert '<td>{"variableValues": {"tier": "gold"}}</td>' in page
