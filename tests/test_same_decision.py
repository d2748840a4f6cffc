"""The promise of the whole: over HTTP, every way in chooses the same target for the same context."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
import time_machine
from django.core.servers.basehttp import WSGIRequestHandler
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.live_server_helper import LiveServer

from routing.models import ApiKey, WebhookSecret
from routing.services.import_table import import_table
from routing.services.publish import publish

# A thousand contexts in all, in parts that run side by side; the database has no part in a decision.
PARTS, EXAMPLES = (4, 250) if connection.vendor == "sqlite" else (1, 200)
MAIN, SPRING = "33333333-3333-4333-8333-333333333333", "33333333-3333-4333-8333-333333333334"
TABLE = """
version: 1
default: a
default_number: "+12025550111"
targets:
  - {key: a, name: A, kind: assistant, vapi_id: 00000000-0000-4000-8000-00000000000a}
  - {key: b, name: B, kind: assistant, vapi_id: 00000000-0000-4000-8000-00000000000b}
  - {key: c, name: C, kind: squad, vapi_id: 00000000-0000-4000-8000-00000000000c}
  - {key: d, name: D, kind: assistant, vapi_id: 00000000-0000-4000-8000-00000000000d}
  - {key: off, name: Off, kind: assistant, vapi_id: 00000000-0000-4000-8000-0000000000ff, enabled: false}
  - {key: desk, name: Desk, kind: transfer, number: "+12025550199"}
  - {key: no, name: No, kind: reject, message: "We cannot take this call."}
schedules:
  - {key: office, name: Office, opening_hours: "Mo-Fr 09:00-17:00; PH off", timezone: America/New_York, country: US}
  - {key: theirs, name: Their evening, opening_hours: "Mo-Su 18:00-23:00", timezone: customer}
numbers:
  - {vapi_id: 33333333-3333-4333-8333-333333333333, number: "+12025550111", name: Main}
  - {vapi_id: 33333333-3333-4333-8333-333333333334, number: "+12025550112", name: Spring}
campaigns:
  - {slug: spring, name: Spring, numbers: ["+12025550112"], caller_id: "+12025550112",
     starts_on: 2026-03-01, ends_on: 2026-09-30, timezone: America/New_York}
lists:
  - {key: vip, name: VIP, purpose: segment, entries: [{number: "+12025550100"}, {number: "+447400123456"}]}
  - {key: stop, name: Stop, purpose: blocked, entries: [{number: "+12025550166"}]}
rules:
  - {name: vip, when: {lists: {any_of: [vip]}}, then: [{target: c}]}
  - {name: gone, when: {customer: [GB]}, then: [{target: "off"}]}
  - {name: gold, when: {attributes: [{key: plan, op: in, value: [gold, platinum]}]}, then: [{target: b}]}
  - {name: spring, when: {campaigns: [spring]}, then: [{target: d, weight: 30}, {target: b, weight: 70}]}
  - {name: evening, when: {schedule: {key: theirs, is: open}, customer: ["+1415*", GB]}, then: [{target: desk}]}
  - {name: mexico, when: {customer: [MX], lists: {none_of: [vip]}},
     then: [{target: c, weight: 50}, {target: d, weight: 50}]}
  - {name: hidden, when: {customer: [withheld]}, then: [{target: "no"}]}
  - {name: closed, when: {schedule: {key: office, is: closed}, numbers: ["+12025550111"]}, then: [{target: d}]}
"""
CUSTOMERS = st.one_of(
    st.sampled_from(["+12025550100", "+447400123456", "+12025550166", "+525512345678", "+14155550123"]),
    st.integers(2_000_000, 9_999_999).map(lambda digits: f"+1415{digits}"),
    st.integers(10_000_000, 99_999_999).map(lambda digits: f"+5255{digits}"),
)
CONTEXTS = st.fixed_dictionaries(
    {
        "customer": CUSTOMERS | st.sampled_from([None, "anonymous", "12345"]),
        "number": st.sampled_from([MAIN, SPRING]),
        "campaign": st.sampled_from([None, None, "spring"]),
        "attributes": st.sampled_from([{}, {}, {"plan": "gold"}, {"plan": "iron"}]),
        "external_id": st.sampled_from([None, "crm-1", "crm-2"]),
        "at": st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    }
)


SPRING_ARMS = {("assistant", f"00000000-0000-4000-8000-00000000000{end}") for end in "db"}


@dataclass(frozen=True, kw_only=True)
class Ways:
    """The four ways in, over real HTTP; each returns what it chose in one comparable form."""

    url: str
    session: requests.Session
    secret_key: str

    def webhook(self, context: dict[str, Any]) -> tuple[str, str]:
        call = {"id": str(uuid4()), "phoneNumberId": context["number"], "customer": _customer(context)}
        body = {"message": {"type": "assistant-request", "call": call}}
        answer = self.session.post(f"{self.url}/vapi/webhook", json=body, headers={"X-Vapi-Secret": "hush"}, timeout=20)
        assert answer.status_code == 200
        return chosen(answer.json())

    def resolve(self, context: dict[str, Any], channel: str) -> tuple[str, str]:
        body = _body(context, channel)
        body["routing"] |= {"channel": channel, "at": context["at"].isoformat()}
        answer = self._post("resolve", body)
        assert answer.status_code == 200, answer.text
        return chosen(answer.json()["vapi"], answer.json()["target"])

    def call(self, context: dict[str, Any]) -> tuple[str, str]:
        return self._started("call", _body(context, "outbound"))

    def web(self, context: dict[str, Any]) -> tuple[str, str]:
        return self._started("call/web", _body(context, "web"))

    def _started(self, path: str, body: dict[str, Any]) -> tuple[str, str]:
        answer = self._post(path, body)
        if answer.status_code == 201:
            return chosen(answer.json())
        assert answer.status_code in (403, 422), answer.text
        return ("reject" if answer.status_code == 403 else "transfer", "")

    def _post(self, path: str, body: dict[str, Any]) -> requests.Response:
        # Without a key of its own, a body that comes again would get the earlier answer instead of a decision.
        headers = {"Authorization": f"Bearer {self.secret_key}", "Idempotency-Key": str(uuid4())}
        return self.session.post(f"{self.url}/api/v1/{path}", json=body, headers=headers, timeout=20)


def _customer(context: dict[str, Any]) -> dict[str, Any]:
    found = {"number": context["customer"], "externalId": context["external_id"]}
    return {key: value for key, value in found.items() if value is not None}


def _body(context: dict[str, Any], channel: str) -> dict[str, Any]:
    routing: dict[str, Any] = {"attributes": context["attributes"]}
    if context["campaign"]:
        routing["campaign"] = context["campaign"]
    if channel == "web":
        return {"routing": routing}
    return {"phoneNumberId": context["number"], "customer": _customer(context), "routing": routing}


def chosen(vapi: dict[str, Any], target: dict[str, Any] | None = None) -> tuple[str, str]:
    """Return the kind of target and its id, from any of the answers."""
    if vapi.get("assistantId"):
        return "assistant", vapi["assistantId"]
    if vapi.get("squadId"):
        return "squad", vapi["squadId"]
    if "destination" in vapi or (target and target["kind"] == "transfer"):
        return "transfer", ""
    assert "error" in vapi or (target and target["kind"] == "reject"), vapi
    return "reject", ""


@pytest.fixture
def ways(transactional_db: None, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ways]:
    # Unbuffered, the test server sends headers and body apart, and the second packet waits 40 ms for the first.
    monkeypatch.setattr(WSGIRequestHandler, "wbufsize", 65_536)
    import_table(TABLE)
    publish(author=None, note="", now=datetime.now(UTC))
    WebhookSecret.objects.create(name="test", secret="hush", header_name="X-Vapi-Secret", with_prefix=False)
    _, key = ApiKey.objects.create_key("test", "secret")
    with requests.Session() as session:
        yield Ways(url=live_server.url, session=session, secret_key=key)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_way_in_chooses_the_same_target(ways: Ways, part: int) -> None:
    seen: set[tuple[str, str]] = set()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(context=CONTEXTS)
    def check(context: dict[str, Any]) -> None:
        with time_machine.travel(context["at"], tick=True):
            inbound = plain(context)
            answers = {ways.webhook(inbound), ways.resolve(inbound, "inbound")}
            if can_be_dialled(context):
                assert ways.call(context) == ways.resolve(context, "outbound")
                answers.add(ways.call(inbound | {"external_id": f"{uuid4()}"}))
            web = {ways.web(context), ways.resolve(context, "web")}
        assert len(answers) == 1 or (answers <= SPRING_ARMS and is_drawn_anew(inbound))
        assert len(web) == 1 or (web <= SPRING_ARMS and context["campaign"])
        seen.update(answers)

    check()

    assert {kind for kind, _ in seen} == {"assistant", "squad", "transfer", "reject"}


def plain(context: dict[str, Any]) -> dict[str, Any]:
    """Drop what an inbound call cannot say: a campaign by name, and trusted attributes."""
    return context | {"campaign": None, "attributes": {}}


def is_drawn_anew(context: dict[str, Any]) -> bool:
    """Tell whether nothing identifies the customer, so that a split is drawn by the call's own id."""
    return not can_be_dialled(context) and context["external_id"] is None


def can_be_dialled(context: dict[str, Any]) -> bool:
    return str(context["customer"]).startswith("+")


def test_a_scheduled_call_is_decided_for_its_time(ways: Ways) -> None:
    monday_noon = datetime(2026, 6, 1, 16, tzinfo=UTC)
    context: dict[str, Any] = {
        "customer": "+12125550123",
        "number": MAIN,
        "campaign": None,
        "attributes": {},
        "external_id": None,
    }
    body = _body(context, "outbound")

    with time_machine.travel(monday_noon, tick=True):
        now = ways._started("call", body)
        night = {"earliestAt": (monday_noon + timedelta(hours=12)).isoformat()}
        later = ways._started("call", body | {"schedulePlan": night})

    assert (now[1][-1], later[1][-1]) == ("a", "d")
