"""`GET /calls`: the call log, filtered and in pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.test import Client

from routing.models import Call, Revision
from tests.api.conftest import Api
from tests.api.world import ANYBODY, TABLE, VIP, FakeVapi
from tests.snapshot.live_rows import go_live

START = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def log(published: None) -> list[Call]:
    """Five calls, a minute apart but for two at the same instant; the last one is the newest."""
    rows: list[dict[str, Any]] = [
        {"channel": "inbound", "customer_number": VIP, "target_key": "concierge", "rule_key": "vip", "reason": "SPLIT"},
        {"channel": "outbound", "customer_number": ANYBODY, "campaign": "spring", "state": "unknown"},
        {"channel": "web", "reason": "DEFAULT"},
        {"channel": "web", "reason": "DEFAULT", "state": "ended", "cost": "0.25"},
        {"channel": "inbound", "customer_number": "anonymous"},
    ]
    minutes = [0, 1, 2, 2, 3]
    return [
        Call.objects.create(id=UUID(int=number), decided_at=START + timedelta(minutes=minute), **row)
        for number, (minute, row) in enumerate(zip(minutes, rows, strict=True))
    ]


def numbers(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [UUID(call["id"]).int for call in answer.json()["results"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [4, 3, 2, 1, 0]),
        ({"channel": "web"}, [3, 2]),
        ({"target": "concierge"}, [0]),
        ({"rule": "vip"}, [0]),
        ({"reason": "DEFAULT"}, [3, 2]),
        ({"campaign": "spring"}, [1]),
        ({"state": "unknown"}, [1]),
        ({"customer": VIP}, [0]),
        ({"customer": "(202) 555-0100"}, [0]),
        ({"customer": VIP.replace("+", " ")}, [0]),
        ({"customer": "anonymous"}, [4]),
        ({"customer": "+12025550999"}, []),
        ({"from": "2026-06-01T12:02:00Z"}, [4, 3, 2]),
        ({"to": "2026-06-01T12:02:00Z"}, [1, 0]),
        ({"from": "2026-06-01T08:01:00-04:00", "to": "2026-06-01T12:03:00Z", "channel": "outbound"}, [1]),
        ({"limit": "2"}, [4, 3]),
    ],
)
def test_calls_are_found_newest_first(api: Api, log: list[Call], query: dict[str, str], expected: list[int]) -> None:
    assert numbers(api.get("calls", **query)) == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"channel": "phone"}, "channel"),
        ({"state": "lost"}, "state"),
        ({"reason": "WHY"}, "reason"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-06-01T12:00:00"}, "to"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"cursor": "abc"}, "cursor"),
        ({"cursor": "é"}, "cursor"),
        ({"cursor": "MjAyNi0wNi0wMVQxMjowMDowMFogeA=="}, "cursor"),
        ({"target": "a\0b"}, "target"),
    ],
)
def test_a_filter_that_is_not_understood_is_refused(api: Api, query: dict[str, str], field: str) -> None:
    answer = api.get("calls", **query)

    assert answer.status_code == 400
    assert field in str(answer.json()["message"])


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6])
def test_pages_lead_through_all_calls_without_repeating_any(api: Api, log: list[Call], limit: int) -> None:
    found: list[int] = []
    answer: Any = api.get("calls", limit=str(limit))
    for _ in log:
        found += numbers(answer)
        following = urlsplit(answer.json()["next"] or "")
        if not following.query:
            break
        address = f"{following.path}?{following.query}"
        answer = Client().get(address, headers={"Authorization": f"Bearer {api.key}"})

    assert found == [4, 3, 2, 1, 0]


def test_the_next_page_keeps_the_filters(api: Api, log: list[Call]) -> None:
    following = api.get("calls", channel="web", limit="1").json()["next"]

    assert "channel=web" in following
    assert following.startswith("http://testserver/api/v1/calls?")


def test_a_call_is_written_in_vapis_manner(api: Api, vapi: FakeVapi) -> None:
    api.post("call", {"customer": {"number": VIP}})
    row = Call.objects.get()
    Call.objects.update(cost="0.250000", ended_reason="customer-ended-call")

    call = api.get("calls").json()["results"][0]

    assert list(call) == (
        "id vapiCallId channel customerNumber ourNumber campaign target reason rule revision state endedReason cost "
        "stale sandbox createdAt decidedAt scheduledFor startedAt endedAt"
    ).split(" ")
    assert (call["id"], call["vapiCallId"], call["customerNumber"]) == (str(row.pk), "vapi-1", VIP)
    assert call["target"] == {"key": "concierge", "kind": "squad", "name": "Concierge"}
    assert call["rule"] == {"position": 1, "key": "vip", "name": "VIP"}
    assert (call["cost"], call["endedReason"], call["state"]) == (0.25, "customer-ended-call", "placed")
    assert (call["campaign"], call["endedAt"], call["stale"], call["revision"]) == (None, None, False, 1)


def test_a_call_that_no_rule_took_has_none(api: Api, vapi: FakeVapi) -> None:
    api.post("call", {"customer": {"number": ANYBODY}})

    assert api.get("calls").json()["results"][0]["rule"] is None


def test_one_call_is_found_by_either_id(api: Api, vapi: FakeVapi) -> None:
    api.post("call", {"customer": {"number": VIP}})
    row = Call.objects.get()

    assert api.get("calls/vapi-1").json() == api.get(f"calls/{row.pk}").json() == api.get(f"calls/{row.pk.hex}").json()


def test_a_call_is_explained_by_its_own_revision_and_facts(api: Api, vapi: FakeVapi) -> None:
    api.post("call", {"customer": {"number": VIP}})
    go_live(2, TABLE | {"rules": [], "lists": []})

    rules = api.get("calls/vapi-1", explain="1").json()["rules"]

    assert (rules[0]["key"], rules[0]["outcome"]) == ("vip", "chosen")
    assert rules[0]["conditions"][0]["holds"] is True
    assert len(rules) == len(TABLE["rules"])


def test_a_call_decided_before_the_first_publish_has_no_rules_to_explain(api: Api, vapi: FakeVapi) -> None:
    api.post("call", {"customer": {"number": VIP}})
    Call.objects.update(revision=None)

    assert api.get("calls/vapi-1", explain="1").json()["rules"] == []


@pytest.mark.parametrize("lost", ["revision", "document", "context"])
def test_a_call_that_cannot_be_explained_says_why(api: Api, vapi: FakeVapi, lost: str) -> None:
    api.post("call", {"customer": {"number": VIP}})
    if lost == "revision":
        Call.objects.update(revision=99)
    elif lost == "context":
        Call.objects.update(context={})
    else:
        go_live(2, TABLE)
        Revision.objects.filter(number=1).update(document={"default": "gone"}, checksum="of another document")

    answer = api.get("calls/vapi-1", explain="1")

    assert answer.status_code == 404
    assert "evision" in answer.json()["message"] or "what was known" in answer.json()["message"]


def test_the_list_takes_few_queries(api: Api, log: list[Call], django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(3):
        api.get("calls")
