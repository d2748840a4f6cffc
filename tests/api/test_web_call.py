"""`POST /call/web`: for servers, and for web pages that nobody may trust."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from routing.models import ApiKey, Call
from tests.api.conftest import Api, make_api
from tests.api.world import CONCIERGE, GOLD, OTHER, RECEPTION, SPRING, FakeVapi

TABLE_VARIABLES = {"brand": "Acme", "level": "table"}
SHOP = "https://shop.example.com"


def in_metadata(**routing: Any) -> dict[str, Any]:
    return {"assistantOverrides": {"metadata": {"routing": routing}}}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"assistantId": "auto"},
        {"assistantId": None},
        {"assistantOverrides": {}},
        {"message": {"type": "assistant-request"}},
    ],
)
@pytest.mark.parametrize("kind", ["secret", "publishable"])
def test_a_request_without_a_target_gets_the_tables(vapi: FakeVapi, kind: str, body: dict[str, Any]) -> None:
    answer = make_api(kind, allowed_origins=["*"]).post("call/web", body)

    assert answer.status_code == 201
    assert answer.json() == {"id": "vapi-1", "status": "queued", "cost": 0.25, "odd": [None]}
    assert vapi.sent == [
        (
            "/call/web",
            {
                "assistantId": RECEPTION,
                "assistantVersion": "v3",
                "assistantOverrides": {"variableValues": TABLE_VARIABLES},
            },
        )
    ]
    assert vapi.keys == ["Bearer vapi-public"]


@pytest.mark.parametrize("path", ["call/web", "/call/web", "call/web/", "/call/web/"])
def test_a_slash_too_many_does_no_harm(vapi: FakeVapi, page: Api, path: str) -> None:
    assert page.post(path, {}).status_code == 201


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({"routing": {"attributes": {"plan": "gold"}}}, {"assistantId": GOLD}),
        ({"routing": {"campaign": "spring"}}, {"assistantId": SPRING}),
        ({"routing": {"attributes": {"page": "vip"}}}, {"squadId": CONCIERGE}),
        (in_metadata(attributes={"page": "vip"}), {"squadId": CONCIERGE}),
        ({"assistantId": OTHER}, {"assistantId": OTHER}),
        ({"squadId": OTHER}, {"squadId": OTHER}),
    ],
)
def test_a_servers_request_is_trusted(vapi: FakeVapi, api: Api, body: dict[str, Any], target: dict[str, str]) -> None:
    assert api.post("call/web", body).status_code == 201

    assert {key: vapi.body[key] for key in target} == target
    assert "metadata" not in str(vapi.body)


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({"routing": {"attributes": {"plan": "gold"}}}, {"assistantId": RECEPTION}),
        ({"routing": {"attributes": {"page": "vip"}}}, {"squadId": CONCIERGE}),
        (in_metadata(attributes={"page": "vip"}), {"squadId": CONCIERGE}),
        (in_metadata(campaign="spring"), {"assistantId": SPRING}),
        ({"assistantId": "route:spring"}, {"assistantId": SPRING}),
        ({"assistantId": OTHER}, {"assistantId": RECEPTION}),
        ({"assistant": {"userId": "u"}}, {"assistantId": RECEPTION}),
        ({"squadId": OTHER, "squadOverrides": {"model": {}}}, {"assistantId": RECEPTION}),
        ({"workflow": {}, "customer": {"number": "+12025550100"}}, {"assistantId": RECEPTION}),
        ({"transport": {"provider": "x"}, "roomDeleteOnUserLeaveEnabled": "x"}, {"assistantId": RECEPTION}),
    ],
)
@pytest.mark.parametrize("policy", ["route_if_missing", "always_route", "refuse_explicit"])
def test_a_pages_request_is_always_routed_and_never_trusted(
    vapi: FakeVapi, policy: str, body: dict[str, Any], target: dict[str, str]
) -> None:
    answer = make_api("publishable", allowed_origins=["*"], policy=policy).post("call/web", body)

    assert answer.status_code == 201, answer.content
    assert {key: vapi.body[key] for key in target} == target
    assert vapi.body.keys() <= {"assistantId", "assistantVersion", "assistantOverrides", "squadId", "squadOverrides"}


@pytest.mark.parametrize(
    ("attributes", "key", "variables"),
    [
        ({}, "assistantOverrides", {"brand": "Mine", "level": "page", "own": 1}),
        ({"page": "vip"}, "squadOverrides", {"brand": "Mine", "level": "rule", "own": 1}),
    ],
    ids=["above the table", "below the rule"],
)
def test_a_page_may_only_set_variables(
    vapi: FakeVapi, page: Api, attributes: dict[str, str], key: str, variables: dict[str, Any]
) -> None:
    overrides = {
        "variableValues": {"brand": "Mine", "level": "page", "own": 1},
        "firstMessage": "Give me your password.",
        "model": {"provider": "openai", "model": "gpt-4o", "messages": []},
        "server": {"url": "https://evil.example"},
        "metadata": {"routing": {"attributes": attributes}, "user": "u"},
    }

    page.post("call/web", {"assistantOverrides": overrides, "roomDeleteOnUserLeaveEnabled": False})

    assert vapi.body[key] == {"variableValues": variables}
    assert vapi.body["roomDeleteOnUserLeaveEnabled"] is False


def test_the_pages_attributes_are_kept_as_untrusted(vapi: FakeVapi, page: Api) -> None:
    page.post("call/web", {"routing": {"attributes": {"plan": "gold"}}})

    row = Call.objects.get()
    assert row.context["attributes"] == {"plan": ["gold", False]}
    assert (row.channel, row.state, row.vapi_call_id) == ("web", "placed", "vapi-1")


def test_a_split_gives_visitors_different_arms(vapi: FakeVapi, page: Api) -> None:
    """A visitor has no number, so the call's own id draws."""
    for _ in range(2):
        page.post("call/web", {})

    ids = {row.context["call_id"] for row in Call.objects.all()}
    assert ids == {str(row.pk) for row in Call.objects.all()}


@pytest.mark.parametrize(
    ("origins", "origin", "status"),
    [
        (["*"], None, 201),
        (["*"], SHOP, 201),
        ([SHOP], SHOP, 201),
        ([f"{SHOP}/"], SHOP.upper(), 201),
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
    api = make_api("publishable", allowed_origins=origins)

    answer = api.post("call/web", {}, **({"Origin": origin} if origin else {}))

    assert answer.status_code == status
    assert len(vapi.sent) == (1 if status == 201 else 0)
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if status == 201 else None)
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize(("origin", "allowed"), [(SHOP, True), ("https://evil.example.com", False)])
def test_a_preflight_is_answered_without_a_key(published: None, origin: str, allowed: bool) -> None:
    make_api("publishable", allowed_origins=[SHOP])
    make_api("secret", allowed_origins=["*"])

    answer = Client().options(
        "/api/v1/call/web",
        headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
    )

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert {"authorization", "content-type"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_revoked_key_opens_no_page(published: None) -> None:
    make_api("publishable", allowed_origins=[SHOP])
    ApiKey.objects.update(revoked_at="2026-01-01T00:00:00Z")

    answer = Client().options("/api/v1/call/web", headers={"Origin": SHOP})

    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_page_can_read_why_it_failed(page: Api) -> None:
    answer = page.post("call/web", {"routing": {"x": 1}}, Origin=SHOP)

    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (400, SHOP)


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "call"), ("post", "resolve"), ("get", "calls"), ("get", "calls/x"), ("get", "call/x")],
)
def test_a_publishable_key_is_good_for_nothing_else(page: Api, method: str, path: str) -> None:
    answer = page.get(path) if method == "get" else page.post(path, {})

    assert answer.status_code == 403
    assert "publishable" in answer.json()["message"]
