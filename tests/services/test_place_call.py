"""Placing a call: the row stands before Vapi is asked, and tells afterwards what became of the call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection
from pytest_django import Settings

from routing.engine.context import Channel, Context
from routing.engine.document import read_document, write_document
from routing.models import ApiKey, Call
from routing.services.place_call import OutcomeUnknown, place_call
from routing.services.place_web_call import place_web_call
from routing.services.prepare_call import CallRequest
from routing.snapshot import store
from routing.snapshot.rows import rows_from_table
from routing.vapi.client import CallPlacer
from routing.vapi.errors import VapiError
from tests.api.world import ANYBODY, TABLE
from tests.snapshot.live_rows import go_live

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
Place = Callable[..., dict[str, Any]]

# `transaction`, because what matters here is what is committed when.
pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(kw_only=True)
class FakePlacer:
    """Takes one call: it notes how the database looked meanwhile, then answers or raises."""

    answer: dict[str, Any] = field(default_factory=lambda: {"id": "vapi-1"})
    error: Exception | None = None
    sandbox: bool = False
    bodies: list[Mapping[str, Any]] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    in_transaction: bool | None = None

    def create_call(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self.bodies.append(body)
        self.states = list(Call.objects.values_list("state", flat=True))
        self.in_transaction = connection.in_atomic_block
        if self.error is not None:
            raise self.error
        return self.answer

    def create_web_call(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return self.create_call(body)

    def get_call(self, call_id: str) -> dict[str, Any]:
        raise AssertionError("nobody asks for a call here")

    def list_calls(self, **wanted: Any) -> list[dict[str, Any]]:
        raise AssertionError("nobody asks for calls here")


@pytest.fixture
def key(settings: Settings, tmp_path: Path) -> Iterator[ApiKey]:
    """A key, and the table of the API's tests live."""
    settings.ROUTING_DATA_DIR = tmp_path
    store.reset()
    table = read_document(TABLE)
    rows_from_table(table)
    go_live(1, write_document(table))
    yield ApiKey.objects.create_key("server", "secret")[0]
    store.reset()


def ask(place: Place, client: CallPlacer, key: ApiKey) -> dict[str, Any]:
    """Ask for a call on the channel that the service is for."""
    channel = Channel.OUTBOUND if place is place_call else Channel.WEB
    customer = {"customer": {"number": ANYBODY}} if place is place_call else {}
    context = Context(channel=channel, at=NOW, customer=ANYBODY if customer else None)
    return place(CallRequest(body=customer, context=context), api_key=key, client=client, now=NOW)


def refusal(status: int | None, *, ambiguous: bool) -> VapiError:
    return VapiError(status, {"message": "No."}, retryable=False, ambiguous=ambiguous)


def break_statements(word: str) -> Callable[..., Any]:
    """Return a wrapper under which the database is gone for one kind of statement."""

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(word):
            raise OperationalError("the database is gone")
        return run(sql, params, many, context)

    return execute


both = pytest.mark.parametrize("place", [place_call, place_web_call])


@both
def test_the_row_is_committed_before_vapi_is_asked(key: ApiKey, place: Place) -> None:
    client = FakePlacer()

    assert ask(place, client, key) == {"id": "vapi-1"}

    row = Call.objects.get()
    assert (client.states, client.in_transaction) == (["sending"], False)
    assert (row.state, row.vapi_call_id, row.decided_at, row.api_key) == ("placed", "vapi-1", NOW, key)


@both
@pytest.mark.parametrize(
    ("error", "raised", "state"),
    [
        (refusal(400, ambiguous=False), VapiError, "failed"),
        (refusal(None, ambiguous=False), VapiError, "failed"),
        (refusal(500, ambiguous=True), OutcomeUnknown, "unknown"),
        (refusal(None, ambiguous=True), OutcomeUnknown, "unknown"),
        (MemoryError(), MemoryError, "sending"),
    ],
    ids=["refused", "not reached", "fault", "no answer", "fault of ours"],
)
def test_the_row_tells_what_became_of_the_call(
    key: ApiKey, place: Place, error: Exception, raised: type[Exception], state: str
) -> None:
    client = FakePlacer(error=error)

    with pytest.raises(raised):
        ask(place, client, key)

    row = Call.objects.get()
    assert (row.state, row.vapi_call_id, len(client.bodies)) == (state, None, 1)
    assert ("No." in row.error) == isinstance(error, VapiError)


@both
def test_without_the_row_nothing_is_sent(key: ApiKey, place: Place) -> None:
    client = FakePlacer()

    with connection.execute_wrapper(break_statements("INSERT")), pytest.raises(DatabaseError):
        ask(place, client, key)

    assert client.bodies == []


@both
def test_vapis_answer_survives_a_database_that_is_gone_afterwards(
    key: ApiKey, place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    with connection.execute_wrapper(break_statements("UPDATE")):
        assert ask(place, FakePlacer(), key) == {"id": "vapi-1"}

    assert Call.objects.get().state == "sending"
    assert "could not be updated" in caplog.text
    assert ANYBODY not in caplog.text


@both
def test_an_id_that_vapi_gives_twice_does_not_hide_its_answer(key: ApiKey, place: Place) -> None:
    ask(place, FakePlacer(), key)

    assert ask(place, FakePlacer(), key) == {"id": "vapi-1"}
    assert sorted(Call.objects.values_list("state", flat=True)) == ["placed", "sending"]


@both
@pytest.mark.parametrize("answer", [{}, {"id": None}, {"id": "x" * 100}])
def test_an_odd_answer_is_an_answer(key: ApiKey, place: Place, answer: dict[str, Any]) -> None:
    assert ask(place, FakePlacer(answer=answer), key) == answer
    assert Call.objects.get().state == "placed"


@both
def test_the_sandbox_is_noted(key: ApiKey, place: Place) -> None:
    ask(place, FakePlacer(sandbox=True), key)

    assert Call.objects.get().sandbox


def test_only_phone_calls_carry_our_id(key: ApiKey) -> None:
    phone, web = FakePlacer(), FakePlacer()

    ask(place_call, phone, key)
    ask(place_web_call, web, key)

    assert phone.bodies[0]["name"].startswith("sb-")
    assert "name" not in web.bodies[0]
