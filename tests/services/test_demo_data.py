"""The demo: complete, repeatable, and never over somebody's own table."""

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.http import HttpRequest

from routing.engine.context import Channel, Context
from routing.models import ApiKey, Call, Revision, Rule, Target, WebhookSecret
from routing.services.decide import decide
from routing.services.demo_data import load_demo

pytestmark = pytest.mark.django_db

MAIN, SPRING = "33333333-3333-4333-8333-333333333333", "33333333-3333-4333-8333-333333333334"
MONDAY_NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
THANKSGIVING_NOON = datetime(2026, 11, 26, 17, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 17, tzinfo=UTC)

WORLD = {
    "a VIP gets the squad, at any time": ("+12025550100", MAIN, SUNDAY, "VIP concierge"),
    "the spring line gets Spring": ("+12125550123", SPRING, MONDAY_NOON, "Spring"),
    "a Mexican caller gets Spanish": ("+525512345678", MAIN, MONDAY_NOON, "Recepción ES"),
    "in office hours the reception": ("+12125550123", MAIN, MONDAY_NOON, "Reception EN"),
    "on Sunday After hours": ("+12125550123", MAIN, SUNDAY, "After hours"),
    "on a holiday After hours": ("+12125550123", MAIN, THANKSGIVING_NOON, "After hours"),
    "a withheld number is like any other": ("anonymous", MAIN, MONDAY_NOON, "Reception EN"),
    "a blocked caller hears the sentence": ("+12025550166", MAIN, MONDAY_NOON, "Blocked"),
}


@pytest.mark.parametrize(("customer", "number", "at", "expected"), WORLD.values(), ids=WORLD.keys())
def test_the_world_is_as_described(customer: str, number: str, at: datetime, expected: str) -> None:
    load_demo(now=MONDAY_NOON)

    context = Context(channel=Channel.INBOUND, at=at, customer=customer, our_number_id=number)

    assert decide(context).decision.target.name == expected


def test_loading_again_renews_the_keys_and_keeps_the_rest() -> None:
    first = load_demo(now=MONDAY_NOON)
    second = load_demo(now=MONDAY_NOON)

    assert ApiKey.objects.find(first.secret_key, MONDAY_NOON) is None
    assert ApiKey.objects.find(second.secret_key, MONDAY_NOON) is not None
    assert authenticate(HttpRequest(), username="admin", password=first.admin_password) is None
    assert authenticate(HttpRequest(), username="admin", password=second.admin_password) is not None
    assert first.webhook_secret == second.webhook_secret
    assert (ApiKey.objects.count(), WebhookSecret.objects.count(), User.objects.count()) == (2, 2, 1)
    assert (Revision.objects.count(), Rule.objects.count()) == (1, 4)


def test_routed_calls_do_not_make_it_another_database() -> None:
    load_demo(now=MONDAY_NOON)
    Call.objects.create(channel="inbound", decided_at=MONDAY_NOON)

    load_demo(now=MONDAY_NOON)

    assert Call.objects.count() == 1


@pytest.mark.parametrize("with_demo", [False, True])
def test_a_database_with_something_else_is_left_alone(with_demo: bool) -> None:
    if with_demo:
        load_demo(now=MONDAY_NOON)
    Target.objects.create(name="Our own desk", kind="transfer", number="+12125550123")
    before = Target.objects.count()

    with pytest.raises(CommandError, match="Our own desk"):
        call_command("demo")

    assert Target.objects.count() == before


def test_the_command_prints_one_line_of_json() -> None:
    out = StringIO()

    call_command("demo", json=True, stdout=out)

    [line] = out.getvalue().splitlines()
    assert set(json.loads(line)) == {
        "admin_user",
        "admin_password",
        "secret_key",
        "publishable_key",
        "webhook_secret",
    }
    assert "secret key" in _text_output()


def _text_output() -> str:
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()
