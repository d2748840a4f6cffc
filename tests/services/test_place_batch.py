"""A batch takes several requests to Vapi, so it may take longer than a single call ever does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_django import Settings

from routing.engine.context import Channel, Context
from routing.engine.document import read_document, write_document
from routing.models import ApiKey, Call
from routing.services.idempotency import RequestIdentity, RequestRunning, answer_once, fingerprint
from routing.services.place_batch import BatchRequest, place_batch
from routing.services.place_call import Claim
from routing.services.prepare_call import CallRequest
from routing.services.reconcile_calls import reconcile_calls
from routing.snapshot import store
from routing.snapshot.rows import rows_from_table
from tests.api.world import ANYBODY, TABLE, VIP
from tests.snapshot.live_rows import go_live

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CUSTOMERS = tuple({"number": number} for number in (ANYBODY, VIP))
SECONDS_A_PART = 45  # the longest that a request to Vapi can take

pytestmark = pytest.mark.django_db


@dataclass(kw_only=True)
class SlowVapi:
    """Places every part, and while it does so somebody else asks for the same batch."""

    identity: RequestIdentity
    seconds: float = 0
    sandbox: bool = False
    bodies: list[Mapping[str, Any]] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def create_call(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self.bodies.append(body)
        self.seconds += SECONDS_A_PART
        reconcile_calls(client=self, now=self.now)
        try:
            answer_once(self.identity, now=self.now, run=self.carry_out)
        except RequestRunning:
            self.beside.append("running")
        results = [{"id": str(customer["number"]), "customer": customer} for customer in body["customers"]]
        return {"results": results, "errors": []}

    def carry_out(self, claim: Claim) -> dict[str, Any]:
        """Carry the batch out as the view does."""
        shared = CallRequest(body={}, context=Context(channel=Channel.OUTBOUND, at=self.now))
        each = tuple(
            CallRequest(
                body={"customer": customer},
                context=Context(channel=Channel.OUTBOUND, at=self.now, customer=customer["number"]),
            )
            for customer in CUSTOMERS
        )
        request = BatchRequest(shared=shared, customers=CUSTOMERS, requests=each)
        return place_batch(request, api_key=self.identity.api_key, client=self, now=self.now, claim=claim)

    def create_web_call(self, body: Mapping[str, Any]) -> dict[str, Any]:
        raise AssertionError("a batch is of phone calls")

    def get_call(self, call_id: str) -> dict[str, Any]:
        raise AssertionError("nobody asks for a call here")

    def list_calls(self, **wanted: Any) -> list[dict[str, Any]]:
        return []


@pytest.fixture(params=["order-1", None], ids=["by key", "by body"])
def vapi(
    request: pytest.FixtureRequest, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SlowVapi]:
    settings.ROUTING_DATA_DIR = tmp_path
    store.reset()
    table = read_document(TABLE)
    rows_from_table(table)
    go_live(1, write_document(table))
    key = ApiKey.objects.create_key("server", "secret")[0]
    slow = SlowVapi(identity=RequestIdentity(api_key=key, fingerprint=fingerprint({"a": 1}), key=request.param))
    clock = SimpleNamespace(monotonic=lambda: slow.seconds)
    for module in ("idempotency", "place_batch"):
        monkeypatch.setattr(f"routing.services.{module}.time", clock)
    yield slow
    store.reset()


def test_who_asks_again_while_a_long_batch_runs_is_told_to_wait(vapi: SlowVapi) -> None:
    answered = answer_once(vapi.identity, now=NOW, run=vapi.carry_out)

    assert vapi.beside == ["running", "running"]
    assert len(answered.body["results"]) == len(vapi.bodies) == 2
    assert set(Call.objects.values_list("state", flat=True)) == {"placed"}


def test_who_asks_again_after_a_long_batch_gets_its_answer(vapi: SlowVapi) -> None:
    first = answer_once(vapi.identity, now=NOW, run=vapi.carry_out)
    vapi.seconds += 59

    again = answer_once(vapi.identity, now=vapi.now, run=vapi.carry_out)

    assert (again.replayed, again.body) == (True, first.body)
    assert len(vapi.bodies) == 2
