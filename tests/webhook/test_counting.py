"""Every server message is counted with what became of it; a refused one is told why to staff only."""

import json
from collections.abc import Iterator

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from routing.models import Call, WebhookCount
from routing.recorder.drain import drain
from routing.recorder.webhook_counts import counter
from routing.snapshot import store
from routing.webhook import answer as answer_module
from routing.webhook.intake import LONGEST_BODY
from tests.vapi.payloads import load
from tests.webhook.adapters import Send
from tests.webhook.world import KNOWN, VIP, ask, call_from


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    counter.forget()
    yield
    counter.forget()


REQUEST = json.dumps(call_from(VIP)).encode()
PREDIAL = json.dumps(load("predial01")).encode()
REPORT = json.dumps(load("eoc01_inbound_squad_2024")).encode()
ODD = b'{"message": {"type": ["no", "text"]}}'

CASES: dict[str, tuple[bytes, dict[str, str], int, str, str]] = {
    "a caller": (REQUEST, KNOWN, 200, "answered", "assistant-request"),
    "a contact": (PREDIAL, KNOWN, 200, "answered", "campaign.predial"),
    "a report": (REPORT, KNOWN, 200, "noted", "end-of-call-report"),
    "an odd type": (ODD, KNOWN, 200, "noted", ""),
    "not JSON": (b"{", KNOWN, 400, "not-json", "1 bytes"),
    "too large": (b" " * (LONGEST_BODY + 1), KNOWN, 413, "too-large", ""),
    "no header": (REQUEST, {}, 401, "unauthorized", "no-header: authorization, x-vapi-secret"),
    "another secret": (REQUEST, {"X-Vapi-Secret": "guess"}, 401, "unauthorized", "wrong-secret: x-vapi-secret"),
}


@pytest.mark.parametrize(("body", "headers", "status", "outcome", "detail"), CASES.values(), ids=CASES)
def test_what_became_of_it(
    send: Send, body: bytes, headers: dict[str, str], status: int, outcome: str, detail: str
) -> None:
    assert send(body, headers)[0] == status
    counter.store()

    row = WebhookCount.objects.get()
    assert (row.outcome, row.count, row.detail) == (outcome, 1, detail)


def test_whoever_is_refused_is_told_nothing_else(send: Send) -> None:
    replies = {send(REQUEST, headers) for headers in ({}, {"Authorization": "guess"}, {"X-Vapi-Secret": "guess"})}

    assert {body for _, body, _ in replies} == {b'{"message":"Unauthorized","statusCode":401}'}


def test_a_fault_of_ours_counts_as_the_last_resort(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(context: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(answer_module, "decide", explode)
    ask(send, call_from(VIP))
    counter.store()

    assert WebhookCount.objects.get().outcome == "last-resort"


@pytest.mark.django_db(transaction=True)
def test_a_flood_of_strangers_asks_the_database_nothing(
    send: Send, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Sabotage seen to fail: one look at the stored secrets for each refusal."""
    settings.ROUTING_POLL_SECONDS = 3600
    store.reset()
    ask(send, call_from(VIP))  # the first message of a process reads the table

    with django_assert_num_queries(0):
        for _ in range(50):
            send(REQUEST, {})

    counter.store()
    assert WebhookCount.objects.get(outcome="unauthorized").count == 50


def test_the_call_knows_how_long_its_answer_took(send: Send) -> None:
    ask(send, call_from(VIP))
    drain()

    answer_ms = Call.objects.get().answer_ms
    assert answer_ms is not None
    assert 0 < answer_ms < 5_000
