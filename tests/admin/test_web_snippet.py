"""The page with the code for web pages."""

from __future__ import annotations

from html import unescape

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from routing.models import ApiKey
from tests.admin.conftest import allow, client_of

pytestmark = pytest.mark.django_db


def text_of(user: User) -> str:
    return unescape(client_of(user).get(reverse("admin:web_snippet")).content.decode())


def test_the_page_asks_for_its_own_permission(staff: User) -> None:
    address = reverse("admin:web_snippet")

    assert client_of(staff).get(address).status_code == 403
    assert client_of(allow(staff, "view_rule")).get(address).status_code == 403
    assert client_of(allow(staff, "view_apikey")).get(address).status_code == 200


def test_only_who_may_add_keys_is_sent_to_do_so(staff: User, admin: User) -> None:
    allow(staff, "view_apikey")

    assert "Make a publishable key" not in text_of(User.objects.get(pk=staff.pk))
    assert "Make a publishable key" in text_of(admin)


@pytest.mark.parametrize(
    ("public_url", "address"),
    [("", "http://testserver/api/v1"), ("https://calls.example.com/", "https://calls.example.com/api/v1")],
)
def test_the_snippets_hold_the_address_of_this_server(
    admin: User, settings: Settings, public_url: str, address: str
) -> None:
    settings.PUBLIC_URL = public_url

    text = text_of(admin)

    assert f'new Vapi("sb_pk_…", "{address}")' in text
    assert f'fetch("{address}/call/web"' in text
    assert "vapi.reconnect(webCall)" in text
    assert "assistant's {{name}}" in text


def test_only_keys_that_a_page_could_use_are_shown(admin: User) -> None:
    create = ApiKey.objects.create_key
    create("Shop", "publishable", allowed_origins=["https://shop.example.com"], requests_per_minute=7)
    create("Old shop", "publishable", allowed_origins=["*"], revoked_at=timezone.now())
    create("Past shop", "publishable", allowed_origins=["*"], expires_at=timezone.now())
    create("CRM", "secret")

    text = text_of(admin)

    assert "https://shop.example.com; 7 calls a minute" in text
    assert not [name for name in ("Old shop", "Past shop", "CRM") if name in text]


@pytest.mark.parametrize(
    ("api_key", "public_key", "told"), [("private", "", True), ("private", "public", False), ("", "", False)]
)
def test_staff_learn_when_web_calls_use_the_private_key(
    admin: User, settings: Settings, api_key: str, public_key: str, told: bool
) -> None:
    settings.VAPI_API_KEY, settings.VAPI_PUBLIC_KEY = api_key, public_key

    assert ("VAPI_PUBLIC_KEY is not set." in text_of(admin)) is told
