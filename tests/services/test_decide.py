"""The one door, and what it leaves behind."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from routing.engine.context import Channel, Context, context_from_dict
from routing.models import Call
from routing.recorder.drain import drain
from routing.recorder.files import writer
from routing.services.decide import DecidedCall, decide
from routing.services.describe_decision import describe_decision
from routing.services.record_call import record_call
from routing.services.record_outcome import record_outcome
from routing.snapshot import store
from routing.snapshot.livefile import read_facts
from routing.vapi.messages import Outcome
from tests.snapshot.live_rows import ADA, LINE, add_entry, document, go_live

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CONCIERGE_ID = "a0000000-0000-4000-8000-000000000003"


@pytest.fixture(autouse=True)
def live_table(settings: Settings, tmp_path: Path, db: None) -> Iterator[None]:
    """A published table with Ada on the VIP list."""
    settings.ROUTING_DATA_DIR = tmp_path
    store.reset()
    writer.forget()
    go_live(1, document())
    add_entry("vip", ADA, variables={"name": "Ada"})
    yield
    store.reset()
    writer.forget()


def decide_call(channel: Channel = Channel.INBOUND, **fields: Any) -> DecidedCall:
    known: dict[str, Any] = {"channel": channel, "at": NOW, "customer": ADA, "our_number": LINE}
    return decide(Context(**known | fields))


@pytest.mark.parametrize("channel", Channel)
def test_every_channel_asks_the_same_rules(channel: Channel) -> None:
    decided = decide_call(channel)

    assert decided.decision.target.key == "concierge"
    assert decided.decision.rule is not None
    assert decided.decision.rule.key == "vip"
    assert (decided.decision.revision, decided.decision.stale) == (1, False)
    assert [hit.list_key for hit in decided.facts.hits] == ["vip"]


def test_decision_from_the_local_copy_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = store.current()
    stale = store.Snapshot(ruleset=fresh.ruleset, live=fresh.live, stale=True)
    monkeypatch.setattr(store, "current", lambda: stale)

    assert decide_call().decision.stale


def test_recorded_call_keeps_what_was_known_and_decided() -> None:
    decided = decide_call(call_id="vapi-1", campaign="spring", external_id="crm-7")
    call_id = uuid4()

    record_call(decided, call_id=call_id, now=NOW)
    drain()

    row = Call.objects.get()
    assert (row.pk, row.vapi_call_id, row.state, row.decided_at) == (call_id, "vapi-1", "decided", NOW)
    assert (row.channel, row.customer_number, row.our_number) == ("inbound", ADA, LINE)
    assert (row.campaign, row.external_id) == ("spring", "crm-7")
    assert (row.target_key, row.target_kind, row.target_name) == ("concierge", "assistant", "concierge")
    assert (row.reason, row.rule_key, row.rule_name, row.rule_position) == ("TARGETING_MATCH", "vip", "VIP", 1)
    assert (row.revision, row.stale, row.sandbox) == (1, False, False)
    assert context_from_dict(row.context) == decided.context
    assert read_facts(row.facts) == decided.facts


def test_outbound_call_has_no_vapi_id_before_vapi_gave_one() -> None:
    record_call(decide_call(Channel.OUTBOUND, call_id="ours"), call_id=uuid4(), state="placed", sandbox=True)
    record_call(decide_call(Channel.OUTBOUND, call_id="ours"), call_id=uuid4(), vapi_call_id="vapi-2")
    drain()

    rows = Call.objects.order_by("state").values_list("state", "vapi_call_id", "sandbox")
    assert list(rows) == [("decided", "vapi-2", False), ("placed", None, True)]


def test_outcome_reaches_the_recorded_call() -> None:
    record_call(decide_call(call_id="vapi-1"), call_id=uuid4())
    record_outcome(
        Outcome(vapi_call_id="vapi-1", state="ended", ended_reason="hangup", cost=Decimal("0.25"), ended_at=NOW)
    )
    drain()

    row = Call.objects.get()
    assert (row.state, row.ended_reason, row.cost, row.ended_at) == ("ended", "hangup", Decimal("0.25"), NOW)


VAPI_WORDS: dict[Channel, dict[str, Any]] = {
    channel: {"assistantId": CONCIERGE_ID, "assistantOverrides": {"variableValues": {"name": "Ada"}}}
    for channel in Channel
}


@pytest.mark.parametrize("channel", Channel)
def test_described_decision_names_target_reason_rule_and_revision(channel: Channel) -> None:
    described = describe_decision(decide_call(channel))

    assert described == {
        "target": {"key": "concierge", "kind": "assistant", "name": "concierge"},
        "reason": "TARGETING_MATCH",
        "rule": {"position": 1, "name": "VIP"},
        "revision": 1,
        "vapi": VAPI_WORDS[channel],
    }


@pytest.mark.parametrize("channel", Channel)
def test_refused_call_is_described_by_its_sentence(channel: Channel) -> None:
    add_entry("blocked", ADA)

    described = describe_decision(decide_call(channel))

    assert (described["reason"], described["rule"], list(described["vapi"])) == ("BLOCKED", None, ["error"])


def test_explanation_tells_each_condition() -> None:
    described = describe_decision(decide_call(customer="+12025550199"), with_explanation=True)

    (rule,) = described["rules"]
    assert (rule["position"], rule["name"], rule["outcome"]) == (1, "VIP", "no_match")
    assert [condition["holds"] for condition in rule["conditions"]] == [False]
