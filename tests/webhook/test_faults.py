"""What a caller hears when something of ours breaks, and what a warm process needs: nothing."""

import logging
from typing import Any

import pytest
from django.db import connections
from pytest_django import Settings

from routing.snapshot import store
from routing.webhook import answer as answer_module
from tests.vapi.payloads import load
from tests.vapi_schema.checker import find_errors
from tests.webhook.adapters import Send
from tests.webhook.world import BLOCKED, BRAND, CONCIERGE, KNOWN, RECEPTION, VIP, ask, call_from


def explode(*args: object, **kwargs: object) -> None:
    """Stand in for any part of ours that breaks."""
    raise RuntimeError("broken for the test")


def test_a_broken_decision_is_answered_by_the_last_resort(
    send: Send, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ROUTING_LAST_RESORT = {"key": "x", "kind": "assistant", "vapi_id": RECEPTION, "overrides": BRAND}
    with monkeypatch.context() as broken, caplog.at_level(logging.ERROR):
        broken.setattr(answer_module, "decide", explode)
        given = ask(send, call_from(VIP, id="call-1"))

    assert given == {"assistantId": RECEPTION, "assistantOverrides": BRAND}
    assert find_errors("ServerMessageResponseAssistantRequest", given) == []
    assert "broken for the test" in caplog.text
    assert VIP not in caplog.text
    assert ask(send, call_from(VIP, id="call-1"))["squadId"] == CONCIERGE


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "last_resort",
    [{"kind": "assistant"}, {"key": "x", "kind": "squad"}, {"key": "x", "kind": "transfer"}, [], None],
    ids=str,
)
def test_a_broken_last_resort_still_leaves_a_sentence(
    send: Send, settings: Settings, monkeypatch: pytest.MonkeyPatch, last_resort: object
) -> None:
    settings.ROUTING_POLL_SECONDS = 3600
    store.reset()
    ask(send, {})
    settings.ROUTING_LAST_RESORT = last_resort
    monkeypatch.setattr(answer_module, "decide", explode)

    given = ask(send, call_from(VIP))

    assert given.keys() == {"error"}
    assert find_errors("ServerMessageResponseAssistantRequest", given) == []


@pytest.mark.parametrize(
    ("part", "payload", "expected"),
    [
        ("decide", "predial01", {"eligible": False}),
        ("record_outcome", "eoc01_inbound_squad_2024", {}),
        ("record_outcome", "su01_webcall_ended_2024", {}),
    ],
)
def test_a_fault_of_ours_is_no_business_of_vapi(
    send: Send, monkeypatch: pytest.MonkeyPatch, part: str, payload: str, expected: dict[str, Any]
) -> None:
    monkeypatch.setattr(answer_module, part, explode)

    assert ask(send, load(payload)) == expected


def test_a_call_is_answered_though_nothing_can_be_recorded(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_module, "record_call", explode)

    assert ask(send, call_from(VIP))["squadId"] == CONCIERGE


def test_unreadable_secrets_let_nobody_in(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_module, "check_request", explode)

    assert send(b"{}", KNOWN)[0] == 503


@pytest.mark.django_db(transaction=True)
def test_a_warm_process_asks_the_database_nothing(send: Send, settings: Settings) -> None:
    settings.ROUTING_POLL_SECONDS = 3600
    store.reset()
    ask(send, call_from(VIP))
    queries: list[str] = []

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        queries.append(sql)
        return execute(sql, params, many, context)

    for connection in connections.all():
        connection.execute_wrappers.append(refuse)
    try:
        given = [ask(send, call_from(customer, id=f"call-{customer}")) for customer in (VIP, BLOCKED, None)]
        ask(send, load("eoc01_inbound_squad_2024"))
        ask(send, load("predial01"))
    finally:
        for connection in connections.all():
            connection.execute_wrappers.remove(refuse)

    assert queries == []
    assert [next(iter(answer)) for answer in given] == ["squadId", "error", "destination"]
