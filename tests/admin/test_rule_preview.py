"""The panel beside a rule's form, and what its numbers mean: asked while somebody edits, and nothing is saved by it."""

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from routing.engine.context import Channel, Context
from routing.engine.live import NO_FACTS
from routing.models import Call, OurNumber, Rule, RuleTarget, Schedule, Target
from routing.snapshot.livefile import write_facts
from tests.admin.conftest import allow, client_of, make_call
from tests.admin.test_forms import arm, rule_form
from tests.admin.test_overrides_field import overrides_form

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


def test_only_a_saved_rule_can_be_simulated(client: Client) -> None:
    form = rule_form(arm("desk"), customer="MX")

    assert "Simulate this rule" not in preview(client, form)
    assert "Simulate this rule" in preview(client, form, Rule.objects.get(key="mexico"))


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
    "a day without its zone": (None, {"valid_until": "2026-12-01"}, "Next 7 days Mend the conditions first."),
    "shares": (None, {"arms-0-weight": 60}, "The shares add up to 60 %"),
    "overrides": (None, {"overrides": "{"}, "This is not JSON (line 1"),
    "covered by a rule above": (None, {"customer": "+5255*", "enabled": ""}, "can never take a call"),
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

    answer = client.post(f"{PREVIEW}{Rule.objects.get(key='mexico').pk}/", form)
    address = re.findall(r'href="(/admin/simulator/[^"]*)"', answer.json()["html"])[0]

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
    assert "[]" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
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
    assert entries[2]["meaning"] == (
        "'+1415' is not a telephone number; write it as +12025550111, or +1415* for every number that begins so."
    )
