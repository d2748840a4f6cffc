"""Phone calls as Vapi's SDKs for servers place them: routed, refused, and never placed twice."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.clients.conftest import Sdk
from tests.clients.server import Upstream

MAIN = "33333333-3333-4333-8333-333333333333"
SPANISH, SPRING = "a0000000-0000-4000-8000-000000000002", "a0000000-0000-4000-8000-000000000004"
CONCIERGE, OTHER = "b0000000-0000-4000-8000-000000000001", "c0000000-0000-4000-8000-000000000001"
VIP, BLOCKED = {"number": "+12025550100"}, {"number": "+12025550166"}
# What an integrator writes -> the assistant that takes the call.
ROUTED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({"phoneNumberId": MAIN}, SPANISH),
    "no number of ours": ({}, SPANISH),
    "auto": ({"phoneNumberId": MAIN, "assistantId": "auto"}, SPANISH),
    "campaign": ({"assistantId": "route:spring"}, SPRING),
    "named": ({"phoneNumberId": MAIN, "assistantId": OTHER}, OTHER),
}
# How Vapi fails -> how often it may be asked, what the SDK tells, and for how many callers a phone may have rung.
FAULTS: dict[str, tuple[list[int | str], int, int | None, int]] = {
    "busy, then free": ([429, 201], 2, None, 1),
    "busy": ([429, 429, 429], 3, 429, 0),
    "refused": ([400], 1, 400, 0),
    "our key is wrong": ([401], 1, 401, 0),
    "no credit": ([402], 1, 402, 0),
    "broken": ([500], 1, 424, 1),
    "bad gateway": ([502], 1, 424, 1),
    "unavailable": ([503], 1, 424, 1),
    "cut off": (["drop"], 1, 424, 1),
    "silent": (["hang"], 1, 424, 1),
}


@pytest.mark.parametrize(("asked", "assistant"), ROUTED.values(), ids=ROUTED)
@pytest.mark.parametrize("slash", ["", "/"], ids=["", "slash"])
def test_the_sdk_reads_a_routed_call(
    sdk: Sdk, upstream: Upstream, mexican: dict[str, str], asked: dict[str, Any], assistant: str, slash: str
) -> None:
    answer = sdk.create(url=sdk.served.api + slash, customer=mexican, **asked)

    assert answer["call"]["assistantId"] == assistant
    assert uuid.UUID(answer["call"]["id"])
    assert [body["assistantId"] for body in upstream.sent] == [assistant]


def test_a_squad_gets_the_variables_of_the_list(sdk: Sdk, upstream: Upstream) -> None:
    answer = sdk.create(customer=VIP | {"externalId": sdk.name})

    assert answer["call"]["squadId"] == CONCIERGE
    assert upstream.sent[0]["squadOverrides"] == {"variableValues": {"name": "Ada"}}


def test_a_scheduled_call_is_read(sdk: Sdk, upstream: Upstream, mexican: dict[str, str]) -> None:
    answer = sdk.create(customer=mexican, schedulePlan={"earliestAt": "2030-03-01T15:00:00Z"})

    assert answer["call"]["status"] == "scheduled"
    assert upstream.sent[0]["schedulePlan"]["earliestAt"].startswith("2030-03-01T15:00:00")


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"phoneNumberId": OTHER, "customer": {"number": "+525512345678"}}, 400, "phoneNumberId"),
        ({"phoneNumberId": MAIN}, 400, "customer"),
        ({"customer": {"number": "+525512345678"}, "token": "sb_sk_wrong"}, 401, "key"),
        ({"customer": BLOCKED}, 403, "blocked list"),
    ],
    ids=["not our number", "nobody to call", "wrong key", "blocked"],
)
def test_what_we_refuse_is_an_error_of_the_sdk(
    sdk: Sdk, upstream: Upstream, asked: dict[str, Any], status: int, said: str
) -> None:
    error = sdk.create(**asked)["error"]

    assert error["status"] == status
    assert said in str(error["body"])
    assert upstream.sent == []


@pytest.mark.parametrize(("faults", "asked", "status", "rung"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_vapi_never_rings_twice(
    sdk: Sdk,
    upstream: Upstream,
    mexican: dict[str, str],
    faults: list[int | str],
    asked: int,
    status: int | None,
    rung: int,
) -> None:
    upstream.faults.extend(fault for fault in faults if fault != 201)

    answer = sdk.create(customer=mexican)

    assert answer.get("error", {}).get("status") == status
    assert len(upstream.sent) == asked
    assert len(upstream.perhaps_placed) == rung


def test_asking_again_after_an_unknown_outcome_does_not_ring_again(
    sdk: Sdk, upstream: Upstream, mexican: dict[str, str]
) -> None:
    upstream.faults.append(500)

    answers = [sdk.create(customer=mexican) for _ in range(3)]

    assert [answer["error"]["status"] for answer in answers] == [424, 424, 424]
    assert len(upstream.sent) == 1


def test_a_client_that_hangs_up_early_gets_its_call_later(
    sdk: Sdk, upstream: Upstream, mexican: dict[str, str]
) -> None:
    upstream.faults.append("hang")

    early = sdk.create(customer=mexican, timeout=1)
    upstream.released.set()
    later = sdk.create(customer=mexican, timeout=10)
    while later.get("error", {}).get("status") == 409:  # the TypeScript SDK does not ask again by itself
        later = sdk.create(customer=mexican, timeout=10)

    assert "error" in early
    assert later["call"]["assistantId"] == SPANISH
    assert len(upstream.sent) == 1
