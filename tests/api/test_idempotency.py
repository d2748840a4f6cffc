"""`POST /call` twice: what is the same request, what it is answered, and what lets it be sent again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import F

from routing.models import Call, RequestClaim
from routing.services.idempotency import KEY_LIFE
from tests.api.conftest import Api, make_api
from tests.api.world import ANYBODY, UNGREETED, FakeVapi

BODY: dict[str, Any] = {"customer": {"number": ANYBODY}, "assistantOverrides": {"variableValues": {"a": 1, "b": 2}}}
REORDERED = f' {{"assistantOverrides":{{"variableValues":{{"b":2, "a":1}}}}, "customer":{{"number":"{ANYBODY}"}}}}'
OTHER_BODY = BODY | {"name": "Other"}
REFUSAL = {"message": "Over Concurrency Limit", "error": "Bad Request", "statusCode": 400}
ways = pytest.mark.parametrize("headers", [{"Idempotency-Key": "k"}, {}], ids=["by key", "by body"])


def grow_old(**age: float) -> None:
    """Let the requests be older, as if time had passed."""
    delta = timedelta(**age)
    RequestClaim.objects.update(started_at=F("started_at") - delta, expires_at=F("expires_at") - delta)
    Call.objects.update(decided_at=F("decided_at") - delta)


@ways
@pytest.mark.parametrize("again", [BODY, REORDERED], ids=["same", "reordered"])
def test_the_same_request_gets_the_same_answer(
    vapi: FakeVapi, api: Api, headers: dict[str, str], again: object
) -> None:
    first = api.post("call", BODY, **headers)
    second = api.post("call", again, **headers)

    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert (first.headers.get("Idempotent-Replayed"), second.headers["Idempotent-Replayed"]) == (None, "true")
    assert (len(vapi.sent), Call.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("first", "second", "status", "sent"),
    [
        ((BODY, {"Idempotency-Key": "k"}), (OTHER_BODY, {"Idempotency-Key": "k"}), 422, 1),
        (
            (BODY, {"Idempotency-Key": "k"}),
            (BODY, {"Idempotency-Key": "k", "X-Routing-Campaign": "spring"}),
            422,
            1,
        ),
        ((BODY, {"Idempotency-Key": "k"}), (BODY, {"Idempotency-Key": "l"}), 201, 2),
        ((BODY, {"Idempotency-Key": "k"}), (BODY, {}), 201, 2),
        ((BODY, {}), (BODY, {"Idempotency-Key": ""}), 201, 1),
        ((BODY, {}), (OTHER_BODY, {}), 201, 2),
        ((BODY, {}), (BODY, {"X-Routing-Campaign": "spring"}), 201, 2),
    ],
    ids=[
        "key with another body",
        "key with another campaign",
        "another key",
        "no key",
        "empty key",
        "other body",
        "campaign",
    ],
)
def test_what_is_the_same_request(
    vapi: FakeVapi,
    api: Api,
    first: tuple[object, dict[str, str]],
    second: tuple[object, dict[str, str]],
    status: int,
    sent: int,
) -> None:
    """Sabotage seen to fail: leave out KeyReused."""
    assert api.post("call", first[0], **first[1]).status_code == 201

    assert api.post("call", second[0], **second[1]).status_code == status

    assert len(vapi.sent) == sent


@ways
def test_another_api_key_makes_another_request(vapi: FakeVapi, api: Api, headers: dict[str, str]) -> None:
    """Sabotage seen to fail: `RequestIdentity.claims` without the key."""
    answers = [asking.post("call", BODY, **headers).json()["id"] for asking in (api, make_api("secret"))]

    assert answers == ["vapi-1", "vapi-2"]


@pytest.mark.parametrize(
    ("headers", "age", "sent"),
    [
        ({}, {"seconds": 55}, 1),
        ({}, {"seconds": 61}, 2),
        ({"Idempotency-Key": "k"}, {"hours": 23.9}, 1),
        ({"Idempotency-Key": "k"}, {"hours": 24.1}, 2),
    ],
)
def test_how_long_a_request_is_remembered(
    vapi: FakeVapi, api: Api, headers: dict[str, str], age: dict[str, float], sent: int
) -> None:
    api.post("call", BODY, **headers)
    grow_old(**age)

    answer = api.post("call", BODY, **headers)

    assert (answer.status_code, answer.json()["id"], len(vapi.sent)) == (201, f"vapi-{sent}", sent)


@ways
@pytest.mark.parametrize("status", [400, 402, 403, 429])
def test_a_definite_refusal_of_vapis_lets_the_request_come_again(
    vapi: FakeVapi, api: Api, headers: dict[str, str], status: int
) -> None:
    vapi.fail(status, REFUSAL)
    refused = api.post("call", BODY, **headers)
    vapi.server.clear()
    vapi.listen()

    answer = api.post("call", BODY, **headers)

    assert (refused.status_code, refused.json()) == (status, REFUSAL)
    assert (answer.status_code, answer.headers.get("Idempotent-Replayed")) == (201, None)


@ways
@pytest.mark.parametrize("body", [{"customer": {"number": UNGREETED}}, {"customer": {}}], ids=["refused", "wrong"])
def test_a_refusal_of_ours_claims_nothing(
    vapi: FakeVapi, api: Api, headers: dict[str, str], body: dict[str, Any]
) -> None:
    answers = [api.post("call", body, **headers) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert (RequestClaim.objects.count(), vapi.sent) == (0, [])
    assert api.post("call", BODY, **headers).status_code == 201


@ways
def test_a_call_that_may_have_been_placed_is_not_placed_again(
    vapi: FakeVapi, api: Api, headers: dict[str, str]
) -> None:
    vapi.fail(500, {"message": "Oops"})

    first = api.post("call", BODY, **headers)
    grow_old(hours=1)  # longer than a body is remembered: it is still not known whether the call was placed
    second = api.post("call", BODY, **headers)

    row = Call.objects.get()
    assert (first.status_code, first.headers.get("Idempotent-Replayed")) == (424, None)
    assert (second.status_code, second.headers["Idempotent-Replayed"]) == (424, "true")
    assert first.json() == second.json()
    assert str(row.pk) in first.json()["message"]
    assert (row.state, len(vapi.server.log)) == ("unknown", 1)


@pytest.mark.parametrize(
    ("headers", "age", "state", "status"),
    [
        ({}, 61, "failed", 201),
        ({}, 61, "placed", 201),
        ({}, 61, "unknown", 424),
        ({}, 55, "failed", 424),
        ({"Idempotency-Key": "k"}, 61, "failed", 424),
    ],
)
def test_a_body_may_come_again_when_it_is_settled_what_became_of_its_call(
    vapi: FakeVapi, api: Api, headers: dict[str, str], age: int, state: str, status: int
) -> None:
    vapi.fail(500, {"message": "Oops"})
    api.post("call", BODY, **headers)
    vapi.server.clear()
    vapi.listen()
    grow_old(seconds=age)
    Call.objects.update(state=state)

    answers = [api.post("call", BODY, **headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [status, status]
    assert len(vapi.sent) == (status == 201)


@ways
def test_a_request_that_runs_is_not_sent_beside_it(vapi: FakeVapi, api: Api, headers: dict[str, str]) -> None:
    api.post("call", BODY, **headers)
    RequestClaim.objects.update(state="running", answer=None, expires_at=F("started_at") + KEY_LIFE)

    answer = api.post("call", BODY, **headers)

    assert (answer.status_code, answer.headers["Retry-After"], len(vapi.sent)) == (409, "2", 1)


@pytest.mark.parametrize("word", ["SELECT", "INSERT"])
def test_without_the_database_nothing_is_sent(vapi: FakeVapi, api: Api, word: str) -> None:
    def fail(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(word) and "requestclaim" in sql:
            raise OperationalError("the database is gone")
        return run(sql, params, many, context)

    with connection.execute_wrapper(fail):
        answer = api.post("call", BODY)

    assert (answer.status_code, vapi.sent) == (503, [])


def test_a_key_that_is_too_long_is_refused(vapi: FakeVapi, api: Api) -> None:
    answer = api.post("call", BODY, **{"Idempotency-Key": "k" * 256})

    assert (answer.status_code, vapi.sent) == (400, [])
    assert "255" in answer.json()["message"]


def test_web_calls_are_never_the_same(vapi: FakeVapi, api: Api, page: Api) -> None:
    for asking in (api, api, page, page):
        assert asking.post("call/web", {}, **{"Idempotency-Key": "k"}).status_code == 201

    assert (len(vapi.sent), RequestClaim.objects.count()) == (4, 0)
