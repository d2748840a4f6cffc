"""The page of one rule: its blocks, its overrides, and the panel that tells what the unsaved rule would do."""

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from routing.engine.context import Channel, Context
from routing.engine.live import NO_FACTS
from routing.models import Call, Campaign, NumberList, OurNumber, Rule, RuleTarget, Schedule, Target
from routing.snapshot.livefile import write_facts
from tests.admin.conftest import allow, client_of, make_call
from tests.admin.test_forms import add, arm, messages_of, rule_form

pytestmark = pytest.mark.django_db
Form = dict[str, Any]
PREVIEW = "/admin/rule-preview/"
NUMBERS = "/admin/rule-numbers/"


@pytest.fixture
def client(admin: User, world: Form) -> Client:
    return client_of(admin)


def record(customer: str, count: int) -> None:
    now = timezone.now()
    for place in range(count):
        context = Context(channel=Channel.INBOUND, at=now, customer=customer, our_number="+12025550111")
        make_call(
            now - timedelta(minutes=place),
            customer_number=customer, context=context.as_dict(), facts=write_facts(NO_FACTS),
            vapi_call_id=f"{customer}-{place}", target_key="reception", target_name="Reception",
        )  # fmt: skip


def panel(response: Any) -> str:
    """Return the panel's words on one line."""
    assert response.status_code == 200
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", response.json()["html"])))


def preview(client: Client, form: Form, rule: Rule | None = None) -> str:
    return panel(client.post(f"{PREVIEW}{rule.pk}/" if rule else PREVIEW, form))


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


Rows = list[tuple[str, str, str]]
OVERRIDES: dict[str, tuple[Rows, str, Form]] = {
    "nothing": ([], "", {}),
    "text": ([("brand", "text", "Acme")], "", {"variableValues": {"brand": "Acme"}}),
    "text that looks like a number": ([("code", "text", "007")], "", {"variableValues": {"code": "007"}}),
    "number": ([("one", "number", "12"), ("two", "number", "-0.5")], "", {"variableValues": {"one": 12, "two": -0.5}}),
    "true": ([("a", "boolean", "True"), ("b", "boolean", "false")], "", {"variableValues": {"a": True, "b": False}}),
    "JSON": ([("tags", "json", '["a", null]')], "", {"variableValues": {"tags": ["a", None]}}),
    "an empty text": ([("brand", "text", "")], "", {"variableValues": {"brand": ""}}),
    "rows and the rest": (
        [("brand", "text", "Acme")],
        '{"firstMessage": "Hi", "variableValues": {"tier": "gold"}}',
        {"firstMessage": "Hi", "variableValues": {"tier": "gold", "brand": "Acme"}},
    ),
    "empty rows": ([("", "text", " "), ("brand", "text", "Acme")], "", {"variableValues": {"brand": "Acme"}}),
}  # fmt: skip


def overrides_form(rows: Rows, rest: str) -> Form:
    keys, types, values = zip(*rows, strict=True) if rows else ((), (), ())
    return {"overrides_key": keys, "overrides_type": types, "overrides_value": values, "overrides": rest}


@pytest.mark.parametrize(("rows", "rest", "stored"), OVERRIDES.values(), ids=OVERRIDES)
def test_overrides_keep_their_types_and_come_back_as_rows(rows: Rows, rest: str, stored: Form, client: Client) -> None:
    add(client, "rule", rule_form(arm("reception"), **overrides_form(rows, rest)))

    rule = Rule.objects.get(name="Test")
    assert rule.overrides == stored
    page = client.get(reverse("admin:routing_rule_change", args=[rule.pk])).content.decode()
    shown = re.findall(r'name="overrides_key" value="(\w+)"', page)
    assert shown == list(stored.get("variableValues", {}))
    # Saved once more as the page has it, nothing changes.
    form = response_form(client, rule)
    client.post(reverse("admin:routing_rule_change", args=[rule.pk]), form)
    rule.refresh_from_db()
    assert rule.overrides == stored


def response_form(client: Client, rule: Rule) -> Form:
    """Return the overrides of the rule's page as a browser would send them back."""
    page = client.get(reverse("admin:routing_rule_change", args=[rule.pk])).content.decode()
    keys = re.findall(r'name="overrides_key" value="([^"]*)"', page)
    types = re.findall(r'<option value="(\w+)" selected>(?:text|number|true / false|JSON)<', page)
    values = re.findall(r'name="overrides_value"[^>]*>([^<]*)<', page)
    rest = re.findall(r"data-overrides-rest[^>]*>([^<]*)<", page)
    row = rule.arms.get()
    line = {"id": row.pk, "rule": rule.pk, "target": row.target_id, "weight": 100}
    texts: dict[str, list[str]] = {"overrides_key": keys, "overrides_type": types, "overrides_value": values}
    unescaped = {name: [html.unescape(text) for text in found] for name, found in texts.items()}
    return rule_form(line, name=rule.name) | unescaped | {"arms-INITIAL_FORMS": 1, "overrides": html.unescape(rest[0])}


WRONG_OVERRIDES: dict[str, tuple[Rows, str, str]] = {
    "no name": ([("", "text", "Acme")], "", "“Acme” has no name"),
    "twice": ([("brand", "text", "a"), ("brand", "text", "b")], "", "brand stands twice"),
    "twice, once in the JSON": ([("brand", "text", "a")], '{"variableValues": {"brand": 1}}', "brand stands twice"),
    "no number": ([("count", "number", "many")], "", "“many” is not a number"),
    "number without end": ([("count", "number", "Infinity")], "", "is not a number"),
    "neither true nor false": ([("vip", "boolean", "yes")], "", "write true or false"),
    "row that is no JSON": ([("tags", "json", "[1,")], "", "line 1, column 4"),
    "rest that is no JSON": ([("brand", "text", "a")], '{"a": 1,\n}', "line 2, column 1"),
    "rest that is no object": ([], "[]", "one JSON object"),
    "variables that are none": ([("brand", "text", "a")], '{"variableValues": []}', "must be an object"),
}


@pytest.mark.parametrize(("rows", "rest", "message"), WRONG_OVERRIDES.values(), ids=WRONG_OVERRIDES)
def test_wrong_overrides_get_a_message_and_stay_as_typed(rows: Rows, rest: str, message: str, client: Client) -> None:
    response = add(client, "rule", rule_form(arm("reception"), **overrides_form(rows, rest)))

    assert message in messages_of(response)["overrides"]
    page = html.unescape(response.content.decode())
    assert all(
        f'name="overrides_key" value="{key}"' in page and f">{value}</textarea>" in page for key, _, value in rows
    )
    assert f">{rest}</textarea>" in page


def test_the_panel_tells_of_the_unsaved_rule(client: Client) -> None:
    before = list(Rule.objects.values())
    form = rule_form(arm("desk", 60), arm("night", 40), customer="MX\n+1202*", schedule=Schedule.objects.get().pk,
                     schedule_is_open="off", enabled="on")  # fmt: skip

    words = preview(client, form)

    assert "MX callers or callers from +1202… outside Office hours → 60 % Front desk, 40 % Night desk" in words
    assert "Clock of America/New_York" in words
    assert list(Rule.objects.values()) == before
    assert RuleTarget.objects.filter(target__key="night").count() == 1


COUNTS: dict[str, tuple[str | None, Form, str]] = {
    "new": (None, {"customer": "MX\n+1202*"}, "5 would match; 2 of them would be taken (an earlier rule"),
    "before the rule that takes them now": ("spring", {"customer": "MX"}, "3 would match; 3 of them would be taken."),
    "none": (None, {"customer": "ES"}, "0 would match; 0 of them would be taken."),
    "without conditions": (None, {}, "No condition: this rule takes every call"),
    "switched off": (None, {"customer": "MX", "enabled": ""}, "Switched off: it takes no call"),
    "unfinished": (None, {"customer": "MX\n+1415"}, "Mend the conditions first"),
    "shares": (None, {"arms-0-weight": 60}, "The shares add up to 60 %"),
    "overrides": (None, {"overrides": "{"}, "This is not JSON (line 1"),
    "attribute": (None, {"attributes-TOTAL_FORMS": 1, "attributes-0-key": "plan", "attributes-0-op": "is"}, "Mend the"),
}


@pytest.mark.parametrize(("key", "fields", "words"), COUNTS.values(), ids=COUNTS)
def test_the_panel_counts_recorded_calls(key: str | None, fields: Form, words: str, client: Client) -> None:
    Call.objects.all().delete()
    Rule.objects.filter(key="closed").update(enabled=False)
    record("+525512345678", 3)
    record("+12025550123", 2)
    rule = Rule.objects.get(key=key) if key else None

    assert words in preview(client, rule_form(arm("desk"), enabled="on") | fields, rule)


def test_a_removed_line_is_not_part_of_the_rule(client: Client) -> None:
    form = rule_form(arm("desk"), arm("night", 40) | {"DELETE": "on"})

    assert "→ Front desk" in preview(client, form)


def test_a_target_that_rules_skip_is_marked(client: Client) -> None:
    Target.objects.filter(key="espanol").update(missing_since=timezone.now())

    answer = client.post(PREVIEW, rule_form(arm("resting", 50), arm("espanol", 50), arm("desk", 0))).json()

    assert {prefix: text.split(":")[0] for prefix, text in answer["problems"].items()} == {
        "arms-0": "Switched off", "arms-1": "Missing at Vapi", "arms-2": "",
    }  # fmt: skip


def test_the_simulator_is_asked_about_a_call_that_the_rule_means(client: Client) -> None:
    number = OurNumber.objects.get(number="+12025550112")
    form = rule_form(arm("desk"), channels=["outbound"], customer="+1415*\nMX", numbers=[number.pk])

    address = re.findall(r'href="(/admin/simulator/[^"]*)"', client.post(PREVIEW, form).json()["html"])[0]

    asked = client.get(html.unescape(address))
    assert asked.status_code == 200
    assert "channel=outbound" in address
    assert "customer=%2B52" in address
    assert "number=%2B12025550112" in address


def test_what_vapi_gets_is_merged(client: Client) -> None:
    Target.objects.filter(key="reception").update(overrides={"variableValues": {"brand": "Acme", "tier": "none"}})

    words = preview(client, rule_form(arm("reception"), **overrides_form([("tier", "text", "gold")], "")))

    assert json.loads(words.split("Reception")[-1]) == {"variableValues": {"brand": "Acme", "tier": "gold"}}


def test_who_may_only_look_sees_the_panel_of_the_saved_rule(staff: User, world: Form) -> None:
    record("+525512345678", 1)
    reader = client_of(allow(staff, "view_rule"))
    rule = Rule.objects.get(key="mexico")

    page = reader.get(reverse("admin:routing_rule_change", args=[rule.pk])).content.decode()
    shown = reader.get(f"{PREVIEW}{rule.pk}/")
    posted = preview(reader, rule_form(arm("desk"), customer="US"), rule)

    assert "MX callers → Recepción ES" in page
    assert f'data-preview="{PREVIEW}{rule.pk}/"' in page
    assert "data-rule-form" not in page
    assert "MX callers → Recepción ES" in panel(shown)
    assert "MX callers → Recepción ES" in posted
    assert "+525512345678" not in shown.content.decode()
    assert "+5•••5678" in shown.json()["html"]
    assert reader.post(PREVIEW, rule_form(arm("desk"))).status_code == 403


def test_whole_numbers_are_for_those_who_may_see_them(client: Client) -> None:
    record("+525512345678", 1)

    assert "+525512345678" in preview(client, rule_form(arm("desk"), customer="MX"))


@pytest.mark.parametrize("address", [PREVIEW, f"{PREVIEW}1/", NUMBERS], ids=["new", "saved", "numbers"])
def test_others_are_told_nothing(address: str, staff: User, world: Form) -> None:
    assert client_of(staff).post(address).status_code == 403
    assert Client().post(address).status_code == 302


def test_numbers_are_understood_in_one_request(client: Client) -> None:
    lines = "\n".join(["(202) 555-0100", "US", "+1415", *(f"+1202555{place:04}" for place in range(2000, 3500))])

    entries = client.post(NUMBERS, {"entries": lines}).json()["entries"]

    assert len(entries) == 1503
    assert entries[0] == {"text": "+12025550100", "kind": "exact", "shown": "+1 202-555-0100",
                          "meaning": "this number", "country": "US", "coveredBy": "US"}  # fmt: skip
    assert entries[2]["meaning"] == "'+1415' is not a telephone number; write it as +12025550111."
