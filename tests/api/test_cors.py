"""Web pages: which of them may use a publishable key, and which may read the answers."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

from routing.api.parsing import LARGEST_BODY
from routing.models import ApiKey
from routing.models.origins import origin_allowed, validate_origins
from tests.api.conftest import Api, make_api
from tests.api.world import FakeVapi

SHOP = "https://shop.example.com"
ALL_SHOPS = "https://*.example.com"
PATH = "/api/v1/call/web"


@pytest.mark.parametrize(
    ("origins", "origin", "status"),
    [
        (["*"], None, 201),
        (["*"], SHOP, 201),
        ([SHOP], SHOP, 201),
        ([f"{SHOP}/"], SHOP.upper(), 201),
        ([f"{SHOP}:443"], SHOP, 201),
        (["*"], "null", 201),
        (["http://localhost:5173"], "http://localhost:5173", 201),
        ([ALL_SHOPS], SHOP, 201),
        ([ALL_SHOPS], "https://a.b.example.com", 201),
        (["https://*.example.com:8443"], "https://a.example.com:8443", 201),
        ([ALL_SHOPS], "https://example.com", 403),
        ([ALL_SHOPS], "https://evilexample.com", 403),
        ([ALL_SHOPS], "http://shop.example.com", 403),
        ([ALL_SHOPS], "https://shop.example.com:8443", 403),
        ([ALL_SHOPS], "https://evil.test/.example.com", 403),
        ([ALL_SHOPS], "https://evil.test#.example.com", 403),
        ([ALL_SHOPS], "https://*.example.com", 403),
        ([ALL_SHOPS], None, 403),
        ([ALL_SHOPS], "null", 403),
        (["http://localhost:5173"], "http://localhost:5174", 403),
        ([SHOP], None, 403),
        ([SHOP], "https://evil.example.com", 403),
        ([SHOP], "https://shop.example.com.evil.com", 403),
        ([SHOP], "http://shop.example.com", 403),
        ([SHOP], "null", 403),
        ([], SHOP, 403),
        ([], None, 403),
    ],
)
def test_a_publishable_key_is_good_on_its_own_pages_only(
    vapi: FakeVapi, origins: list[str], origin: str | None, status: int
) -> None:
    """Sabotage seen to fail: leave out `check_origin`; let `null` pass; `_matches` without the dot of its parent."""
    api = make_api("publishable", allowed_origins=origins)

    answer = api.post("call/web", {}, **({"Origin": origin} if origin else {}))

    assert answer.status_code == status
    assert len(vapi.sent) == (1 if status == 201 else 0)
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if status == 201 else None)
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize(("origin", "allowed"), [(SHOP, True), ("https://evil.example.com", False), ("null", False)])
def test_a_preflight_is_answered_without_a_key(published: None, origin: str, allowed: bool) -> None:
    """Sabotage seen to fail: let `_is_allowed_by_any` allow every origin."""
    make_api("publishable", allowed_origins=[SHOP])
    make_api("secret", allowed_origins=["*"])

    answer = Client().options(
        PATH,
        headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
    )

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert {"authorization", "content-type"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["Vary"] == "Origin"


def test_a_revoked_key_opens_no_page(published: None) -> None:
    """Sabotage seen to fail: ask the keys of all times about a preflight."""
    make_api("publishable", allowed_origins=[SHOP])
    ApiKey.objects.update(revoked_at="2026-01-01T00:00:00Z")

    answer = Client().options(PATH, headers={"Origin": SHOP})

    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("key", "body", "status"),
    [
        ("", {"routing": {"x": 1}}, 400),
        ("", {"customer": {}}, 400),
        ("", "{", 400),
        ("", {"a": "x" * LARGEST_BODY}, 413),
        ("", {"routing": {"attributes": {"page": "no"}}}, 403),
        ("sb_pk_unknown", {}, 401),
    ],
    ids=["field", "property", "no json", "size", "refused by the table", "key"],
)
def test_a_page_can_read_why_it_failed(page: Api, key: str, body: object, status: int) -> None:
    answer = Api(key=key or page.key).post("call/web", body, Origin=SHOP)

    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, SHOP)
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]


def test_a_page_can_read_that_the_database_is_gone(page: Api) -> None:
    with patch.object(BaseDatabaseWrapper, "cursor", side_effect=OperationalError("gone")):
        answer = page.post("call/web", {}, Origin=SHOP)

    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (503, SHOP)


def test_a_server_needs_no_origin_and_no_page_reads_its_answer(vapi: FakeVapi, api: Api) -> None:
    """Sabotage seen to fail: let `_may_read` allow whoever has a key."""
    answer = api.post("call/web", {}, Origin=SHOP)

    assert (answer.status_code, answer.headers.get("Access-Control-Allow-Origin")) == (201, None)


def test_other_addresses_are_for_no_page(page: Api) -> None:
    answer = Client().options("/api/v1/call", headers={"Origin": SHOP})

    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("*", SHOP),
        (SHOP, SHOP),
        (ALL_SHOPS, SHOP),
        ("https://*.shop.example.com:8443", "https://a.shop.example.com:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_web_address_that_is_taken_lets_its_page_in(db: None, address: str, page: str) -> None:
    key = ApiKey(name="Shop", kind="publishable", prefix="x", key_hash="x", allowed_origins=[address])

    key.full_clean()

    assert key.allowed_origins == [address]
    assert origin_allowed(key.allowed_origins, page)
    assert origin_allowed(key.allowed_origins, "https://elsewhere.test") == (address == "*")


@pytest.mark.parametrize(
    ("origin", "hint"),
    [
        ("shop.example.com", "this is not a web address"),
        ("null", "this is not a web address"),
        ("ftp://shop.example.com", "this is not a web address"),
        ("https://shop.example.com/booking", "only the part before the path"),
        ("https://shop.example.com/", f"browsers send this as {SHOP}"),
        ("https://Shop.example.com", f"browsers send this as {SHOP}"),
        ("https://shop.example.com:443", f"write {SHOP}"),
        ("http://*.example.com", "needs https"),
        ("https://*.com", "whole domain"),
        ("https://shop*.example.com", "whole domain"),
        ("https://*", "this is not a web address"),
        ("https://*.*.example.com", "whole domain"),
        ("https://bücher.example", "xn--"),
    ],
)
def test_what_no_browser_sends_is_refused_with_a_hint(origin: str, hint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        validate_origins([SHOP, origin])

    assert hint in str(caught.value)
    assert origin in str(caught.value)


def test_a_publishable_key_without_pages_is_not_saved(published: None) -> None:
    with pytest.raises(ValidationError, match="which pages"):
        ApiKey(name="Shop", kind="publishable", prefix="x", key_hash="x").full_clean()

    ApiKey(name="CRM", kind="secret", prefix="x", key_hash="x").full_clean()
