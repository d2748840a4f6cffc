"""The connection page: what to enter at Vapi, and why messages are refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from routing.admin.tools.connection_words import BODIES, REFUSALS, refusal_words
from routing.models import WebhookCount, WebhookOutcome, WebhookSecret
from routing.services.count_messages import REFUSED, Sighting
from routing.vapi.refusal import Refusal, RefusalKind
from tests.admin.conftest import allow, client_of, make_call

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/connection/"


def page_of(user: User) -> str:
    response = client_of(user).get(ADDRESS)
    assert response.status_code == 200
    return response.content.decode()


def see(outcome: str, minutes_ago: int, detail: str = "") -> None:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    hour = at.replace(minute=0, second=0, microsecond=0)
    WebhookCount.objects.create(hour=hour, outcome=outcome, count=1, last_at=at, detail=detail)


def test_only_those_who_may_see_webhook_secrets_get_in(staff: User, world: dict[str, Any]) -> None:
    assert Client().get(ADDRESS).status_code == 302
    assert client_of(allow(staff, "view_rule", "view_call")).get(ADDRESS).status_code == 403
    assert client_of(allow(staff, "view_webhooksecret")).get(ADDRESS).status_code == 200


def test_a_new_installation_is_told_what_to_enter(admin: User, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://calls.example.com"

    page = page_of(admin)

    assert '<code id="webhook-url">https://calls.example.com/vapi/webhook</code>' in page
    assert '<code id="api-url">https://calls.example.com/api/v1</code>' in page
    assert "Vapi has not called yet" in page
    assert "No secret yet, so every message is refused" in page
    assert "PUBLIC_URL is not set" not in page


def test_secrets_are_told_by_name_and_header_only(admin: User, settings: Settings, world: dict[str, Any]) -> None:
    settings.VAPI_API_KEY = "private-key-of-vapi-4711"
    settings.VAPI_WEBHOOK_SECRET = "from-the-environment"
    WebhookSecret.objects.create(name="Old one", secret="hush hush", header_name="X-Old", enabled=False)

    page = page_of(admin)

    assert "Production" in page
    assert "<code>X-Old</code>" in page
    assert "Switched off" in page
    assert "ends in <code>4711</code>" in page
    for secret in ("open sesame", "hush hush", "from-the-environment", "private-key"):
        assert secret not in page


def test_while_the_newest_message_was_refused_the_page_begins_with_why(admin: User) -> None:
    see("answered", 90, "assistant-request")
    see("unauthorized", 1, "clock: +412")

    page = page_of(admin)

    assert "The newest message was refused" in page
    assert "ours is 412 s ahead of the message" in page
    assert "assistant-request" in page


def test_an_old_refusal_is_told_but_nothing_is_wrong(admin: User) -> None:
    see("unauthorized", 90, "wrong-secret: authorization")
    see("noted", 1, "end-of-call-report")

    page = page_of(admin)

    assert "Vapi reaches us, and its secret is right" in page
    assert "The secret in the header authorization is none of ours" in page


def test_the_last_outbound_call_is_told_with_its_error_and_masked(staff: User) -> None:
    user = allow(staff, "view_webhooksecret", "view_call")
    make_call(
        timezone.now(), channel="outbound", state="failed", error="Vapi answered 400 to +12025550100", sandbox=False
    )

    page = page_of(user)

    assert "Vapi answered 400" in page
    assert "Failed</span>" in page
    assert "+12025550100" not in page


@pytest.mark.parametrize("kind", RefusalKind)
def test_every_reason_says_what_happened_and_what_to_do(kind: RefusalKind) -> None:
    detail = str(Refusal(kind=kind, about="-90" if kind is RefusalKind.CLOCK else "x-header"))

    what, advice = refusal_words(Sighting(outcome=WebhookOutcome.UNAUTHORIZED, at=timezone.now(), detail=detail))

    assert what.endswith(".")
    assert advice.endswith(".")
    assert "{about}" not in what + advice


def test_every_kind_of_refusal_has_words() -> None:
    assert set(REFUSALS) == set(RefusalKind)
    assert set(BODIES) | {WebhookOutcome.UNAUTHORIZED} == set(REFUSED)


@pytest.mark.parametrize("detail", ["", "something of an older version", "clock: soon"])
def test_unknown_reasons_get_words_too(detail: str) -> None:
    what, _ = refusal_words(Sighting(outcome=WebhookOutcome.UNAUTHORIZED, at=timezone.now(), detail=detail))

    assert what
