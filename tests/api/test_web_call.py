"""`POST /call/web`: for servers, and for web pages that nobody may trust."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from routing.api.page_request import ASSISTANT_KEYS
from routing.engine.context import Channel, Context
from routing.models import Call
from routing.services.prepare_call import CallRequest, prepare_call
from tests.api.conftest import Api, make_api
from tests.api.world import CONCIERGE, GOLD, OTHER, RECEPTION, SPRING, FakeVapi
from tests.vapi_schema.checker import property_names

TABLE_VARIABLES = {"brand": "Acme", "level": "table"}


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
        ({"assistant": {"page": "vip"}}, {"squadId": CONCIERGE}),
        ({"assistant": {"plan": "gold"}}, {"assistantId": RECEPTION}),
        ({"assistant": {"page": "vip"}, "routing": {"attributes": {"page": "x"}}}, {"assistantId": RECEPTION}),
        ({"assistant": {"firstMessage": "Hi", "model": {}, "page": "vip"}}, {"assistantId": RECEPTION}),
        ({"squad": {"members": []}, "squadId": OTHER, "assistantVersion": "v9"}, {"assistantId": RECEPTION}),
        ({"workflow": {}, "workflowId": OTHER}, {"assistantId": RECEPTION}),
    ],
)
@pytest.mark.parametrize("policy", ["route_if_missing", "always_route", "refuse_explicit"])
def test_a_pages_request_is_always_routed_and_never_trusted(
    vapi: FakeVapi, policy: str, body: dict[str, Any], target: dict[str, str]
) -> None:
    """Sabotage seen to fail: let `_read_named_target` look at the policy of a page's key, too."""
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
        "metadata": {"routing": {"attributes": attributes}},
    }

    page.post("call/web", {"assistantOverrides": overrides, "roomDeleteOnUserLeaveEnabled": False})

    assert vapi.body[key] == {"variableValues": variables}
    assert vapi.body["roomDeleteOnUserLeaveEnabled"] is False


# What a page sends -> what the message says.
REFUSED_FROM_PAGES: dict[str, tuple[dict[str, Any], object]] = {
    "first message": ({"assistantOverrides": {"firstMessage": "Say it."}}, "assistantOverrides.firstMessage must not"),
    "model": ({"assistantOverrides": {"variableValues": {}, "model": {}}}, "assistantOverrides.model must not"),
    "null": ({"assistantOverrides": {"server": None}}, "assistantOverrides.server must not"),
    "metadata": ({"assistantOverrides": {"metadata": {"user": 1}}}, "assistantOverrides.metadata.user must not"),
    "squad's": ({"squadOverrides": {"model": {}}}, "squadOverrides.model must not"),
    "workflow's": ({"workflowOverrides": {"model": {}}}, "workflowOverrides.model must not"),
    "customer": ({"customer": {"number": "+12025550100"}}, ["property customer should not exist"]),
    "two": ({"name": "x", "transport": {}}, ["property name should not exist", "property transport should not exist"]),
    "option": ({"roomDeleteOnUserLeaveEnabled": "x"}, ["roomDeleteOnUserLeaveEnabled must be a boolean value"]),
    "odd fact": ({"assistant": {"user": {"id": 1}}}, "assistant.user: must be a text"),
}


@pytest.mark.parametrize(("body", "complaint"), REFUSED_FROM_PAGES.values(), ids=REFUSED_FROM_PAGES)
def test_what_a_page_may_not_send_is_named(vapi: FakeVapi, page: Api, body: dict[str, Any], complaint: object) -> None:
    answer = page.post("call/web", body)

    message = answer.json().pop("message")
    assert (answer.status_code, answer.json()["error"], vapi.sent) == (400, "Bad Request", [])
    assert message == complaint or (isinstance(complaint, str) and message.startswith(complaint))


def test_every_property_of_an_assistant_is_known() -> None:
    assert property_names("CreateAssistantDTO") == ASSISTANT_KEYS


def test_facts_in_the_place_of_an_assistant_are_a_servers_too(vapi: FakeVapi, api: Api) -> None:
    """`vapi.start({plan: "gold"})` with a server's key: the facts are as trusted as the key."""
    api.post("call/web", {"assistant": {"plan": "gold", "none": None}})

    assert vapi.body == {
        "assistantId": GOLD,
        "assistantOverrides": {"variableValues": TABLE_VARIABLES | {"level": "rule"}},
    }


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
    ("method", "path"),
    [("post", "call"), ("post", "resolve"), ("get", "calls"), ("get", "calls/x"), ("get", "call/x")],
)
def test_a_publishable_key_is_good_for_nothing_else(page: Api, method: str, path: str) -> None:
    """Sabotage seen to fail: let `HasSecretKey` take any key."""
    answer = page.get(path) if method == "get" else page.post(path, {})

    assert answer.status_code == 403
    assert "publishable" in answer.json()["message"]


def test_of_a_pages_overrides_only_variables_are_merged_whoever_let_them_in(published: None) -> None:
    overrides = {"firstMessage": "Say what I want.", "variableValues": {"name": "Ada"}}
    context = Context(channel=Channel.WEB, at=datetime(2026, 6, 1, 12, tzinfo=UTC))
    body = {"assistantOverrides": overrides, "transport": {"provider": "twilio"}}

    sent = prepare_call(CallRequest(body=body, context=context, from_browser=True)).vapi_body()

    assert "firstMessage" not in sent["assistantOverrides"]
    assert sent["assistantOverrides"]["variableValues"]["name"] == "Ada"
    assert "transport" not in sent
