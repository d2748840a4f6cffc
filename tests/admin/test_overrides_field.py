"""Overrides on a form: rows with types, the rest as JSON, and what is typed wrong stays as it was typed."""

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from routing.models import Rule, TableSettings
from tests.admin.conftest import client_of
from tests.admin.test_forms import add, arm, messages_of, rule_form

pytestmark = pytest.mark.django_db
Form = dict[str, Any]


@pytest.fixture
def client(admin: User, world: Form) -> Client:
    return client_of(admin)


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
    "rest that is no JSON": ([("brand", "text", "a")], '{"a": 1,\n 2}', "line 2, column 2"),
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


def test_the_whole_table_has_overrides_too(client: Client) -> None:
    address = reverse("admin:routing_tablesettings_change", args=[1])
    settings = TableSettings.load()

    client.post(
        address,
        {"default_target": settings.default_target_id} | overrides_form([("brand", "text", "Acme")], '{"model": {}}'),
    )

    assert TableSettings.load().overrides == {"variableValues": {"brand": "Acme"}, "model": {}}
    assert 'name="overrides_key" value="brand"' in client.get(address).content.decode()
