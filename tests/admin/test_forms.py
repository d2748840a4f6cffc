"""What staff type wrong, and what the page says then; and what is stored when they type it right."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from routing.models import (
    ApiKey,
    Campaign,
    NumberList,
    NumberListEntry,
    OurNumber,
    Rule,
    Schedule,
    Target,
    WebhookSecret,
)
from tests.admin.conftest import allow, client_of

pytestmark = pytest.mark.django_db
Form = dict[str, Any]


@pytest.fixture
def client(admin: User, world: Form) -> Client:
    return client_of(admin)


def lines(prefix: str, *rows: Form) -> Form:
    """Return the rows of an inline as its form sends them."""
    sent = {f"{prefix}-{place}-{name}": value for place, row in enumerate(rows) for name, value in row.items()}
    return sent | {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": 0}


def rule_form(*arms: Form, attributes: tuple[Form, ...] = (), **fields: Any) -> Form:
    return {"name": "Test", "overrides": ""} | fields | lines("arms", *arms) | lines("attributes", *attributes)


def arm(key: str, weight: object = 100) -> Form:
    target = Target.objects.filter(key=key).first()
    return {"target": target.pk if target else "", "weight": weight}


def add(client: Client, model: str, form: Mapping[str, Any]) -> Any:
    return client.post(reverse(f"admin:routing_{model}_add"), form)


def messages_of(response: Any) -> dict[str, str]:
    """Return what the page says at each field; `""` is the form as a whole, `inline` the lines below it."""
    assert response.status_code == 200, "the form was taken"
    form = response.context["adminform"].form
    found = {"" if name == "__all__" else name: " ".join(errors) for name, errors in form.errors.items()}
    for formset in response.context["inline_admin_formsets"]:
        own = list(formset.formset.non_form_errors())
        of_lines = [
            f"{name}: {text}" for row in formset.formset.errors for name, texts in row.items() for text in texts
        ]
        if own or of_lines:
            found["inline"] = " ".join(own + of_lines)
    return found


SIGNED: Form = {
    "name": "W", "kind": "hmac", "secret": "s!", "algorithm": "sha256", "signature_header": "x-signature",
    "signature_encoding": "hex", "include_timestamp": "on",
}  # fmt: skip
WRONG_FORMS: dict[str, tuple[str, Form, str, str]] = {
    "target without name": ("target", {"kind": "reject", "message": "No."}, "name", "required"),
    "assistant without id": (
        "target",
        {"name": "A", "kind": "assistant"},
        "vapi_id",
        "copy it from the Vapi dashboard",
    ),
    "squad without id": ("target", {"name": "A", "kind": "squad"}, "vapi_id", "needs its Vapi id"),
    "transfer to nowhere": ("target", {"name": "A", "kind": "transfer"}, "number", "a number or a SIP address"),
    "transfer to two": (
        "target",
        {"name": "A", "kind": "transfer", "number": "+12025550111", "sip_uri": "sip:a@b.c"},
        "sip_uri",
        "empty one of them",
    ),
    "transfer to no number": (
        "target",
        {"name": "A", "kind": "transfer", "number": "12"},
        "number",
        "12 is not a tele",
    ),
    "silent rejection": ("target", {"name": "A", "kind": "reject", "message": " "}, "message", "Write the sentence"),
    "overrides that are no JSON": (
        "target",
        {"name": "A", "kind": "squad", "vapi_id": "x", "overrides": '{"a": 1,\n "b" 2}'},
        "overrides",
        "line 2, column 6",
    ),
    "overrides that are a list": (
        "target",
        {"name": "A", "kind": "squad", "vapi_id": "x", "overrides": "[1]"},
        "overrides",
        "one JSON object in curly brackets",
    ),
    "overrides with NaN": (
        "target",
        {"name": "A", "kind": "squad", "vapi_id": "x", "overrides": '{"a": NaN}'},
        "overrides",
        "NaN is not a JSON value",
    ),
    "number without number": ("ournumber", {"vapi_id": "n"}, "number", "Write the number"),
    "number twice": (
        "ournumber",
        {"vapi_id": "n", "number": "+12025550119", "sip_uri": "sip:a@b.c"},
        "sip_uri",
        "not both",
    ),
    "campaign backwards": (
        "campaign",
        {"name": "C", "slug": "c", "starts_on": "2026-05-02", "ends_on": "2026-05-01", "timezone": "UTC"},
        "ends_on",
        "is before the first day",
    ),
    "campaign without zone": (
        "campaign",
        {"name": "C", "slug": "c", "starts_on": "2026-05-02"},
        "timezone",
        "Choose the time zone",
    ),
    "campaign on Mars": ("campaign", {"name": "C", "slug": "c", "timezone": "Mars/Base"}, "timezone", "Mars/Base"),
    "entry that hides": ("numberlistentry", {"number": "anonymous"}, "number", "hidden number"),
    "entry mistyped": ("numberlistentry", {"number": "+1202555"}, "number", "+1202555 is not a telephone number"),
    "key for no address": (
        "apikey",
        {"name": "Page", "kind": "publishable", "policy": "always_route", "allowed_origins": "*\nexample.com/x"},
        "allowed_origins",
        "example.com/x: this is not a web address",
    ),
    "key for no page": (
        "apikey",
        {"name": "Page", "kind": "publishable", "policy": "always_route", "requests_per_minute": "60"},
        "allowed_origins",
        "which pages",
    ),
    "key without a rate": (
        "apikey",
        {"name": "Page", "kind": "publishable", "policy": "always_route", "requests_per_minute": "0"},
        "requests_per_minute",
        "1",
    ),
    "webhook without secret": ("webhooksecret", {"name": "W", "kind": "bearer"}, "secret", "required"),
    "token without header": (
        "webhooksecret",
        {"name": "W", "kind": "bearer", "secret": "s", "header_name": ""},
        "header_name",
        "Authorization or X-Vapi-Secret",
    ),
    "signature without header": (
        "webhooksecret",
        {"name": "W", "kind": "hmac", "secret": "s", "signature_header": ""},
        "signature_header",
        "as x-signature",
    ),
    "signature that leaves the body out": (
        "webhooksecret",
        SIGNED | {"payload_format": "{timestamp}"},
        "payload_format",
        "Write {body} in it",
    ),
    "secret that is no base64": ("webhooksecret", SIGNED | {"secret_is_base64": "on"}, "secret", "no base64"),
    "secret of nothing, in base64": (
        "webhooksecret",
        SIGNED | {"secret": "====", "secret_is_base64": "on"},
        "secret",
        "no base64",
    ),
}


DAYS = {"rule": "valid_from", "campaign": "starts_on", "schedule": "exceptions-__prefix__-starts_on"}


@pytest.mark.parametrize(("model", "field"), DAYS.items(), ids=DAYS)
def test_days_are_chosen_in_the_browsers_calendar(model: str, field: str, client: Client) -> None:
    """The theme's own one marks each day in red for staff whose clock is not the server's."""
    page = client.get(reverse(f"admin:routing_{model}_add")).content.decode()

    assert re.search(rf'<input type="date" name="{field}"', page)
    assert "vDateField" not in page


@pytest.mark.parametrize(("model", "form", "field", "message"), WRONG_FORMS.values(), ids=WRONG_FORMS)
def test_a_wrong_form_says_what_is_wrong_at_the_field(
    model: str, form: Form, field: str, message: str, client: Client
) -> None:
    response = add(client, model, form)

    assert message in messages_of(response).get(field, "")


WRONG_RULES: dict[str, tuple[Form, str, str]] = {
    "customer that is none": ({"customer": "US\n+1415"}, "customer", "+1415"),
    "bad prefix": ({"customer": "+1*415"}, "customer", "+1*415"),
    "country that is none": ({"customer": "XX"}, "customer", "XX"),
    "customer twice": ({"customer": "US\nUS"}, "customer", "“US” stands twice"),
    "channel that is none": ({"channels": ["fax"]}, "channels", "fax"),
    "days backwards": (
        {"valid_from": "2026-05-02", "valid_until": "2026-05-01", "timezone": "UTC"},
        "valid_until",
        "is before the first day",
    ),
    "day without zone": ({"valid_until": "2026-05-01"}, "timezone", "Choose the time zone"),
    "overrides that are text": ({"overrides": '"hello"'}, "overrides", "one JSON object"),
}


@pytest.mark.parametrize(("fields", "field", "message"), WRONG_RULES.values(), ids=WRONG_RULES)
def test_a_wrong_rule_says_what_is_wrong_at_the_field(fields: Form, field: str, message: str, client: Client) -> None:
    response = add(client, "rule", rule_form(arm("reception"), **fields))

    assert message in messages_of(response)[field]
    assert not Rule.objects.filter(name="Test").exists()


WRONG_ARMS: dict[str, tuple[list[tuple[str, object]], str]] = {
    "nobody": ([], "A rule needs at least one target"),
    "too little": ([("reception", 60)], "The shares add up to 60 %"),
    "too much": ([("reception", 60), ("desk", 60)], "The shares add up to 120 %"),
    "the same twice": ([("reception", 50), ("reception", 50)], "The same target stands twice"),
    "more than all": ([("reception", 101)], "weight"),
    "no share": ([("reception", "")], "weight"),
    "no target": ([("missing", 100)], "target"),
}


@pytest.mark.parametrize(("arms", "message"), WRONG_ARMS.values(), ids=WRONG_ARMS)
def test_a_rule_needs_targets_that_share_the_whole(
    arms: list[tuple[str, object]], message: str, client: Client
) -> None:
    response = add(client, "rule", rule_form(*(arm(key, weight) for key, weight in arms)))

    assert message in messages_of(response).get("inline", "")
    assert not Rule.objects.filter(name="Test").exists()


def test_removing_the_last_target_of_a_rule_is_refused(client: Client) -> None:
    rule = Rule.objects.get(key="mexico")
    row = rule.arms.get()
    form = rule_form({"id": row.pk, "rule": rule.pk, "target": row.target_id, "weight": 100, "DELETE": "on"})
    form["arms-INITIAL_FORMS"] = 1

    response = client.post(reverse("admin:routing_rule_change", args=[rule.pk]), form)

    assert "at least one target" in messages_of(response)["inline"]
    assert rule.arms.exists()


WRONG_ATTRIBUTES: dict[str, tuple[Form, str]] = {
    "no name": ({"key": "", "op": "is", "values": "x"}, "key: This field is required"),
    "nothing to compare with": ({"key": "plan", "op": "is", "values": ""}, "values: "),
    "too much to compare with": ({"key": "plan", "op": "is", "values": "a\nb"}, "values: "),
    "value without use": ({"key": "plan", "op": "exists", "values": "a"}, "values: "),
    "no number": ({"key": "age", "op": "greater", "values": "old"}, "not a number"),
}


@pytest.mark.parametrize(("attribute", "message"), WRONG_ATTRIBUTES.values(), ids=WRONG_ATTRIBUTES)
def test_a_wrong_attribute_says_what_is_wrong(attribute: Form, message: str, client: Client) -> None:
    response = add(client, "rule", rule_form(arm("reception"), attributes=(attribute,)))

    assert message in messages_of(response)["inline"]


WRONG_SCHEDULES: dict[str, tuple[Form, str, str]] = {
    "unreadable": ({"opening_hours": "Mo-Fr 9 to 5"}, "opening_hours", "annot be read"),
    "holidays first": ({"opening_hours": "PH off; Mo-Fr 09:00-17:00", "country": "us"}, "opening_hours", "stand last"),
    "holidays of nowhere": ({"opening_hours": "Mo-Fr 09:00-17:00; PH off"}, "country", "PH needs a country"),
    "country without use": ({"country": "US"}, "opening_hours", "no effect"),
    "no zone": ({"timezone": ""}, "timezone", "required"),
    "no hours": ({"opening_hours": ""}, "opening_hours", "required"),
}


def schedule_form(*exceptions: Form, **fields: Any) -> Form:
    usual = {"name": "Desk", "opening_hours": "Mo-Fr 09:00-17:00", "timezone": "UTC", "country": ""}
    return usual | fields | lines("exceptions", *exceptions)


@pytest.mark.parametrize(("fields", "field", "message"), WRONG_SCHEDULES.values(), ids=WRONG_SCHEDULES)
def test_a_wrong_schedule_says_what_is_wrong_at_the_field(
    fields: Form, field: str, message: str, client: Client
) -> None:
    response = add(client, "schedule", schedule_form(**fields))

    assert message in messages_of(response)[field]


DAY = {"starts_on": "2026-12-24", "ends_on": ""}
WRONG_EXCEPTIONS: dict[str, tuple[tuple[Form, ...], str]] = {
    "no effect": ((DAY,), "tick closed all day"),
    "two effects": (({**DAY, "closed": "on", "hours": "09:00-12:00"},), "empty one of them"),
    "unreadable hours": (({**DAY, "hours": "morning"},), "morning"),
    "backwards": (({"starts_on": "2026-12-24", "ends_on": "2026-12-23", "closed": "on"},), "2026-12-2"),
    "overlap": (
        (
            {"starts_on": "2026-12-24", "ends_on": "2026-12-26", "closed": "on"},
            {"starts_on": "2026-12-26", "closed": "on"},
        ),
        "overlap",
    ),
}


@pytest.mark.parametrize(("exceptions", "message"), WRONG_EXCEPTIONS.values(), ids=WRONG_EXCEPTIONS)
def test_a_wrong_exception_says_what_is_wrong(exceptions: tuple[Form, ...], message: str, client: Client) -> None:
    response = add(client, "schedule", schedule_form(*exceptions))

    assert message in messages_of(response)["inline"]


def test_a_rule_is_stored_at_the_end_as_it_was_filled_in(client: Client) -> None:
    form = rule_form(
        arm("reception", 70),
        arm("desk", 30),
        name="US gold",
        enabled="on",
        channels=["inbound", "web"],
        customer="US\n\n +1415* ",
        schedule_is_open="on",
        attributes=({"key": "plan", "op": "in", "values": "gold\nplatinum"},),
    )

    response = add(client, "rule", form)

    assert response.status_code == 302
    rule = Rule.objects.get(name="US gold")
    assert (rule.key, rule.position) == ("us-gold", Rule.objects.count())
    assert (rule.channels, rule.customer, rule.overrides) == (["inbound", "web"], ["US", "+1415*"], {})
    assert [(row.target.key, row.weight) for row in rule.arms.all()] == [("reception", 70), ("desk", 30)]
    assert [row.values for row in rule.attributes.all()] == [["gold", "platinum"]]


def test_a_saved_rule_comes_back_as_it_was_typed(client: Client) -> None:
    rule = Rule.objects.get(key="mexico")
    Rule.objects.filter(pk=rule.pk).update(customer=["MX", "+52*"], overrides={"firstMessage": "¡Hola!"})

    page = client.get(reverse("admin:routing_rule_change", args=[rule.pk])).content.decode()

    assert "MX\n+52*" in page
    assert "¡Hola!" in page
    assert "MX or callers from +52… → Recepción ES" in page.replace("MX callers", "MX")


def test_an_added_target_stands_after_the_others(client: Client) -> None:
    rule = Rule.objects.get(key="mexico")
    rule.arms.update(position=5)
    row = rule.arms.get()
    rows = ({"id": row.pk, "rule": rule.pk, "target": row.target_id, "weight": 50}, arm("desk", 50))
    form = rule_form(*rows, name=rule.name) | {"arms-INITIAL_FORMS": 1}

    client.post(reverse("admin:routing_rule_change", args=[rule.pk]), form)

    assert [row.target.key for row in rule.arms.all()] == ["espanol", "desk"]


def test_what_belongs_to_another_kind_is_dropped(client: Client) -> None:
    desk = Target.objects.get(key="desk")
    form = {"name": "Front desk", "kind": "assistant", "vapi_id": "abc", "number": "broken", "enabled": "on"}

    client.post(reverse("admin:routing_target_change", args=[desk.pk]), form)

    desk.refresh_from_db()
    assert (desk.kind, desk.vapi_id, desk.number, desk.message) == ("assistant", "abc", None, "")


def test_one_day_needs_no_last_day(client: Client) -> None:
    add(client, "schedule", schedule_form({"starts_on": "2026-12-24", "ends_on": "", "closed": "on"}))

    exception = Schedule.objects.get(name="Desk").exceptions.get()
    assert exception.ends_on == exception.starts_on


def test_entries_are_kept_as_calls_present_them(client: Client) -> None:
    vip = NumberList.objects.get(key="vip")

    add(client, "numberlistentry", {"number_list": vip.pk, "number": "(202) 555-0123", "variables": '{"name": "Bo"}'})

    assert NumberListEntry.objects.get(number="+12025550123").variables == {"name": "Bo"}


def test_campaign_ids_are_lines(client: Client) -> None:
    add(client, "campaign", {"name": "Autumn", "slug": "autumn", "vapi_campaign_ids": "one\ntwo\n"})

    assert Campaign.objects.get(slug="autumn").vapi_campaign_ids == ["one", "two"]


def test_a_number_in_use_cannot_be_deleted(client: Client) -> None:
    number = OurNumber.objects.get(number="+12025550112")

    response = client.post(reverse("admin:routing_ournumber_delete", args=[number.pk]), {"post": "yes"})

    assert response.status_code == 200
    assert "Spring offers" in response.content.decode()
    assert OurNumber.objects.filter(pk=number.pk).exists()


def test_a_new_key_is_shown_once_and_only_then(client: Client) -> None:
    form = {"name": "Shop", "kind": "secret", "policy": "route_if_missing", "requests_per_minute": "60"}

    response = add(client, "apikey", form)

    row = ApiKey.objects.get(name="Shop")
    plain = response.context["plain_key"]
    assert ApiKey.objects.find(plain, timezone.now()) == row
    assert plain in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert plain not in str(client.cookies)
    for page in (reverse("admin:routing_apikey_changelist"), reverse("admin:routing_apikey_change", args=[row.pk])):
        text = client.get(page).content.decode()
        assert plain not in text
        assert row.key_hash not in text
        assert row.prefix in text


def test_a_pages_key_keeps_its_addresses_as_browsers_send_them(client: Client) -> None:
    form = {"name": "Shop", "kind": "publishable", "policy": "always_route", "requests_per_minute": "5"}

    add(client, "apikey", form | {"allowed_origins": "https://Shop.example.com/\nhttps://shop.example.com:443"})

    row = ApiKey.objects.get(name="Shop")
    assert (row.allowed_origins, row.requests_per_minute) == (["https://shop.example.com"], 5)


def test_a_revoked_key_opens_nothing(client: Client, world: Form) -> None:
    row = world["apikey"]

    client.post(reverse("admin:routing_apikey_changelist"), {"action": "revoke", "_selected_action": [row.pk]})

    row.refresh_from_db()
    assert row.revoked_at is not None
    assert not row.is_valid(timezone.now())


def test_a_stored_secret_is_never_shown(client: Client, staff: User, world: Form) -> None:
    address = reverse("admin:routing_webhooksecret_change", args=[world["webhooksecret"].pk])
    reader = client_of(allow(staff, "view_webhooksecret"))

    pages = [client.get(address), reader.get(address), client.post(address, {"name": "", "secret": "typed in vain"})]

    assert [page.status_code for page in pages] == [200, 200, 200]
    for page in pages:
        assert "open sesame" not in page.content.decode()
        assert "typed in vain" not in page.content.decode()


def test_a_secret_that_no_key_opens_can_be_switched_off(client: Client, world: Form, settings: Settings) -> None:
    """What is checked of a secret must not keep people from the page of a lost one."""
    row, settings.ENCRYPTION_KEYS = world["webhooksecret"], [Fernet.generate_key().decode()]
    form = SIGNED | {"name": "Lost", "secret": ""}

    response = client.post(reverse("admin:routing_webhooksecret_change", args=[row.pk]), form)

    assert response.status_code == 302
    assert not WebhookSecret.objects.get(name="Lost").enabled


@pytest.mark.parametrize(("typed", "stored"), [("", "open sesame"), ("new words", "new words")], ids=["empty", "new"])
def test_an_empty_secret_keeps_the_stored_one(typed: str, stored: str, client: Client, world: Form) -> None:
    row = world["webhooksecret"]
    form = {
        "name": "Renamed", "kind": "bearer", "secret": typed, "enabled": "on", "header_name": "Authorization",
        "algorithm": "sha256", "signature_header": "x-signature", "signature_encoding": "hex",
    }  # fmt: skip

    response = client.post(reverse("admin:routing_webhooksecret_change", args=[row.pk]), form)

    assert response.status_code == 302
    assert WebhookSecret.objects.get(name="Renamed").plan()["token"] == stored
