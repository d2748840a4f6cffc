"""`POST /resolve`: the decision alone, for every channel."""

from __future__ import annotations

from typing import Any

import pytest

from routing.models import Call
from tests.api.conftest import Api, make_api
from tests.api.world import (
    ANYBODY,
    BLOCKED,
    CONCIERGE,
    GOLD,
    MAIN,
    MEXICAN,
    OTHER,
    RECEPTION,
    SPRING,
    SPRING_LINE,
    UNWANTED,
    VIP,
    FakeVapi,
)

TABLE_VARIABLES = {"brand": "Acme", "level": "table"}
# Far ahead: a call that is scheduled for the past is decided as of now.
NIGHT, DAY = "2035-06-04T23:00:00-04:00", "2035-06-04T12:00:00-04:00"


def ask(channel: str | None = None, customer: object = None, number: str | None = None, **routing: Any) -> Any:
    body: dict[str, Any] = {"routing": routing | ({"channel": channel} if channel else {})}
    body |= {"customer": {"number": customer}} if customer else {}
    return body | ({"phoneNumberId": number} if number else {})


def test_the_answer_tells_target_reason_rule_and_what_vapi_gets(api: Api) -> None:
    answer = api.post("resolve", ask(None, VIP))

    assert (answer.status_code, answer.json()) == (
        200,
        {
            "target": {"key": "concierge", "kind": "squad", "name": "Concierge"},
            "reason": "TARGETING_MATCH",
            "rule": {"position": 1, "name": "VIP"},
            "revision": 1,
            "vapi": {
                "squadId": CONCIERGE,
                "squadOverrides": {"variableValues": {"brand": "Acme", "level": "rule", "name": "Ada"}},
            },
        },
    )


@pytest.mark.parametrize(
    ("body", "key", "reason"),
    [
        (ask("outbound", ANYBODY), "reception", "DEFAULT"),
        (ask("web"), "reception", "DEFAULT"),
        (ask("inbound", ANYBODY), "reception", "DEFAULT"),
        (ask("inbound"), "reception", "DEFAULT"),
        (ask("inbound", "anonymous"), "reception", "DEFAULT"),
        (ask("inbound", "12345"), "reception", "DEFAULT"),
        (ask("inbound", "Ada"), "reception", "DEFAULT"),
        (ask("inbound", BLOCKED), "blocked-number", "BLOCKED"),
        (ask("outbound", BLOCKED), "blocked-number", "BLOCKED"),
        (ask("outbound", UNWANTED), "do-not-call", "BLOCKED"),
        (ask("inbound", UNWANTED), "reception", "DEFAULT"),
        (ask("inbound", VIP), "concierge", "TARGETING_MATCH"),
        (ask("inbound", ANYBODY, SPRING_LINE), "spring", "TARGETING_MATCH"),
        (ask("outbound", ANYBODY, campaign="spring"), "spring", "TARGETING_MATCH"),
        (ask("web", campaign="spring"), "spring", "TARGETING_MATCH"),
        (ask("inbound", MEXICAN), "desk", "TARGETING_MATCH"),
        (ask("outbound", MEXICAN), "desk", "TARGETING_MATCH"),
        (ask("outbound", ANYBODY, attributes={"plan": "gold"}), "gold", "TARGETING_MATCH"),
        (ask("outbound", "+16465550100", at=NIGHT), "gold", "TARGETING_MATCH"),
        (ask("outbound", "+16465550100", at=DAY), "reception", "DEFAULT"),
        (ask("inbound", "+16465550100", at=NIGHT), "gold", "TARGETING_MATCH"),
        (ask(None, "+16465550100", at=DAY) | {"schedulePlan": {"earliestAt": NIGHT}}, "reception", "DEFAULT"),
        (ask(None, "+16465550100") | {"schedulePlan": {"earliestAt": NIGHT}}, "gold", "TARGETING_MATCH"),
        (ask("inbound", ANYBODY) | {"assistantId": OTHER}, "reception", "DEFAULT"),
    ],
)
def test_each_channel_is_decided_by_the_one_table(api: Api, body: dict[str, Any], key: str, reason: str) -> None:
    answer = api.post("resolve", body)

    assert answer.status_code == 200, answer.content
    assert (answer.json()["target"]["key"], answer.json()["reason"]) == (key, reason)
    assert Call.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            ask("inbound", ANYBODY),
            {"assistantId": RECEPTION, "assistantOverrides": {"variableValues": TABLE_VARIABLES}},
        ),
        (
            ask("outbound", ANYBODY),
            {
                "assistantId": RECEPTION,
                "assistantOverrides": {"variableValues": TABLE_VARIABLES},
                "assistantVersion": "v3",
            },
        ),
        (
            ask("web", attributes={"plan": "gold"}) | {"assistantOverrides": {"variableValues": {"own": 1}}},
            {
                "assistantId": GOLD,
                "assistantOverrides": {"variableValues": {"brand": "Acme", "level": "rule", "own": 1}},
            },
        ),
        (
            ask("inbound", MEXICAN),
            {"destination": {"type": "number", "number": "+12025550199", "message": "Wait."}},
        ),
        (ask("outbound", ANYBODY) | {"squadId": OTHER}, {"squadId": OTHER}),
    ],
)
def test_vapi_shows_what_the_channel_would_send(api: Api, body: dict[str, Any], expected: dict[str, Any]) -> None:
    assert api.post("resolve", body).json()["vapi"] == expected


def test_a_placed_call_gets_what_was_shown(vapi: FakeVapi, api: Api) -> None:
    body = {"customer": {"number": VIP}, "assistantOverrides": {"variableValues": {"level": "request"}}}

    shown = api.post("resolve", body).json()["vapi"]
    api.post("call", body)

    assert {key: vapi.body[key] for key in shown} == shown


def test_a_named_target_is_shown_as_explicit(api: Api) -> None:
    answer = api.post("resolve", ask("outbound", ANYBODY) | {"assistantId": OTHER}).json()

    assert (answer["reason"], answer["target"]) == ("EXPLICIT", {"key": "", "kind": "assistant", "name": OTHER})


def test_a_key_that_refuses_named_targets_refuses_here_too(published: None) -> None:
    strict = make_api("secret", policy="refuse_explicit")

    assert strict.post("resolve", ask("outbound", ANYBODY) | {"assistantId": OTHER}).status_code == 403


@pytest.mark.parametrize(
    ("body", "query", "field"),
    [
        ({}, "", "customer.number"),
        (ask("phone", ANYBODY), "", "routing.channel"),
        (ask("outbound", ANYBODY, at="now"), "", "routing.at"),
        (ask("outbound", ANYBODY, at="0001-01-01T00:00:00Z"), "", "routing.at"),
        (ask("outbound", ANYBODY, colour="red"), "", "routing.colour"),
        (ask("inbound", 5), "", "customer.number"),
        (ask("inbound", ANYBODY, "unknown-id"), "", "phoneNumberId"),
        (ask("inbound", campaign="autumn"), "", "routing.campaign"),
        (ask("inbound"), "?explain=maybe", "explain"),
    ],
)
def test_a_bad_question_names_its_field(api: Api, body: dict[str, Any], query: str, field: str) -> None:
    answer = api.post(f"resolve{query}", body)

    assert answer.status_code == 400
    assert field in str(answer.json()["message"])


def test_explain_tells_of_every_rule_and_condition(api: Api) -> None:
    answer = api.post("resolve?explain=1", ask("inbound", "+525512345678", MAIN)).json()

    outcomes = {rule["key"]: rule["outcome"] for rule in answer["rules"]}
    mexico = next(rule for rule in answer["rules"] if rule["key"] == "mx")
    assert outcomes["vip"] == "no_match"
    assert mexico["outcome"] == "chosen"
    assert (mexico["position"], mexico["name"]) == (7, "Mexico")
    assert [condition.keys() for condition in mexico["conditions"]] == [{"kind", "wanted", "seen", "holds"}]
    assert mexico["conditions"][0]["holds"] is True
    assert [rule["position"] for rule in answer["rules"]] == list(range(1, 10))


def test_without_explain_nothing_is_explained(api: Api) -> None:
    assert "rules" not in api.post("resolve?explain=0", ask("inbound")).json()


def test_split_campaign_line_is_known_by_its_campaign(api: Api) -> None:
    assert api.post("resolve", ask("inbound", ANYBODY, SPRING_LINE)).json()["vapi"]["assistantId"] == SPRING
