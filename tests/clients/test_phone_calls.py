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


def error_class(sdk: Sdk, status: int) -> str:
    """Return the class of which the SDK's error for a create is: both have one of its own for 400 alone."""
    return "BadRequestError" if status == 400 else {"python": "ApiError", "typescript": "VapiError"}[sdk.name]


@pytest.mark.parametrize(
    ("faults", "asked", "status"),
    [
        ([400], {}, 400),
        ([], {"token": "sb_sk_wrong"}, 401),
        ([402], {}, 402),
        ([], {"customer": BLOCKED}, 403),
        ([500], {}, 424),
    ],
    ids=["400", "401", "402", "403", "424"],
)
def test_every_error_is_of_the_sdks_own_class(
    sdk: Sdk, upstream: Upstream, mexican: dict[str, str], faults: list[int | str], asked: dict[str, Any], status: int
) -> None:
    upstream.faults.extend(faults)

    error = sdk.create(**({"customer": mexican} | asked))["error"]

    assert (error["name"], error["status"]) == (error_class(sdk, status), status)
    assert error["body"]["statusCode"] == status
    assert error["body"]["message"]


def test_the_same_request_beside_a_running_one_is_a_conflict(
    sdk: Sdk, upstream: Upstream, mexican: dict[str, str]
) -> None:
    upstream.faults.append("hang")

    sdk.create(customer=mexican, timeout=1)  # the SDK gives up; our server still waits for Vapi
    beside = sdk.create(customer=mexican, timeout=15)["error"]
    upstream.released.set()

    assert (beside["name"], beside["status"]) == (error_class(sdk, 409), 409)
    assert "ask again" in beside["body"]["message"]
    assert len(upstream.sent) == 1


def test_a_batch_is_read(sdk: Sdk, upstream: Upstream, mexican: dict[str, str]) -> None:
    vip = VIP | {"externalId": f"{sdk.name} batch"}

    batch = sdk.create(customers=[BLOCKED, vip, mexican], phoneNumberId=MAIN)["call"]

    assert [call.get("squadId") or call["assistantId"] for call in batch["results"]] == [CONCIERGE, SPANISH]
    assert [call["customer"]["number"] for call in batch["results"]] == [vip["number"], mexican["number"]]
    assert [error["customer"]["number"] for error in batch["errors"]] == [BLOCKED["number"]]
    assert "blocked list" in batch["errors"][0]["error"]
    assert [len(body["customers"]) for body in upstream.sent] == [1, 1]


def test_a_batch_that_comes_again_rings_nobody_again(sdk: Sdk, upstream: Upstream, mexican: dict[str, str]) -> None:
    first, second = (sdk.create(customers=[mexican])["call"] for _ in range(2))

    assert [call["id"] for call in first["results"]] == [call["id"] for call in second["results"]]
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
