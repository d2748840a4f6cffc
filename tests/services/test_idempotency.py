"""A request's claim: taken with the call's row, kept by whoever was first."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F, TextField
from django.db.models.functions import Cast

from routing.models import ApiKey, Call, RequestClaim
from routing.services.idempotency import (
    RequestIdentity,
    RequestRunning,
    answer_once,
    fingerprint,
    forget_expired,
)
from routing.services.place_call import Claim, OutcomeUnknown
from routing.vapi.errors import VapiError

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def identity() -> RequestIdentity:
    key = ApiKey.objects.create_key("server", "secret")[0]
    return RequestIdentity(api_key=key, fingerprint=fingerprint({"a": 1}), key="k")


def take_and_answer(claim: Claim) -> dict[str, Any]:
    with transaction.atomic():
        claim.take(uuid4())
    return {"id": "c"}


def never(claim: Claim) -> dict[str, Any]:
    raise AssertionError("it must not run again")


def raising(error: Exception) -> Callable[[Claim], dict[str, Any]]:
    def run(claim: Claim) -> dict[str, Any]:
        take_and_answer(claim)
        raise error

    return run


def test_whoever_comes_second_between_look_and_claim_gets_the_answer_of_the_first(identity: RequestIdentity) -> None:
    def overtaken(claim: Claim) -> dict[str, Any]:
        answer_once(identity, now=NOW, run=take_and_answer)
        return take_and_answer(claim) | {"id": "second"}

    answered = answer_once(identity, now=NOW, run=overtaken)

    assert (answered.body, answered.replayed) == ({"id": "c"}, True)


def test_whoever_comes_second_rolls_its_row_back(identity: RequestIdentity) -> None:
    def overtaken(claim: Claim) -> dict[str, Any]:
        take_and_answer_first()
        with transaction.atomic():
            ApiKey.objects.create_key("row", "secret")
            claim.take(uuid4())
        raise AssertionError("it was taken already")

    def take_and_answer_first() -> None:
        with pytest.raises(MemoryError):
            answer_once(identity, now=NOW, run=raising(MemoryError()))

    with pytest.raises(RequestRunning):
        answer_once(identity, now=NOW, run=overtaken)
    assert not ApiKey.objects.filter(name="row").exists()


def test_the_database_itself_refuses_a_second_claim(identity: RequestIdentity) -> None:
    answer_once(identity, now=NOW, run=take_and_answer)
    claim = RequestClaim.objects.get()
    claim.pk = uuid4()

    with pytest.raises(IntegrityError, match=r"requestclaim|UNIQUE"), transaction.atomic():
        claim.save(force_insert=True)


@pytest.mark.parametrize(
    ("error", "later"),
    [
        (VapiError(400, {}, retryable=False, ambiguous=False), "runs"),
        (VapiError(None, {}, retryable=True, ambiguous=False), "runs"),
        (OutcomeUnknown(UUID(int=7)), OutcomeUnknown),
        (MemoryError(), RequestRunning),
        (OperationalError(), RequestRunning),
    ],
    ids=["refused", "not reached", "unknown", "fault of ours", "database"],
)
def test_only_a_request_that_surely_placed_nothing_runs_again(
    identity: RequestIdentity, error: Exception, later: type[Exception] | str
) -> None:
    with pytest.raises(type(error)):
        answer_once(identity, now=NOW, run=raising(error))

    if isinstance(later, str):
        assert not answer_once(identity, now=NOW, run=take_and_answer).replayed
    else:
        with pytest.raises(later):
            answer_once(identity, now=NOW, run=never)


@pytest.mark.parametrize(("age", "raised"), [(59, RequestRunning), (60, OutcomeUnknown)])
def test_a_request_that_runs_longer_than_any_can_is_lost(
    identity: RequestIdentity, age: int, raised: type[Exception]
) -> None:
    with pytest.raises(MemoryError):
        answer_once(identity, now=NOW, run=raising(MemoryError()))

    with pytest.raises(raised):
        answer_once(identity, now=NOW + timedelta(seconds=age), run=never)


def test_a_request_that_says_it_goes_on_is_not_lost(identity: RequestIdentity) -> None:
    def renewed_after_a_minute(claim: Claim) -> dict[str, Any]:
        take_and_answer(claim)
        grow_old(seconds=61)
        claim.renew()
        raise MemoryError

    with pytest.raises(MemoryError):
        answer_once(identity, now=NOW, run=renewed_after_a_minute)

    with pytest.raises(RequestRunning):
        answer_once(identity, now=NOW + timedelta(seconds=59), run=never)
    with pytest.raises(OutcomeUnknown):
        answer_once(identity, now=NOW + timedelta(seconds=61), run=never)


def grow_old(**age: float) -> None:
    """Let the claims be older, as if time had passed."""
    delta = timedelta(**age)
    RequestClaim.objects.update(started_at=F("started_at") - delta, expires_at=F("expires_at") - delta)


def test_a_body_is_remembered_from_its_answer_on(identity: RequestIdentity, monkeypatch: pytest.MonkeyPatch) -> None:
    body = replace(identity, key=None)
    moments = iter([0.0, 100.0])
    with monkeypatch.context() as patched:
        patched.setattr("routing.services.idempotency.time.monotonic", lambda: next(moments))
        answer_once(body, now=NOW, run=take_and_answer)

    assert answer_once(body, now=NOW + timedelta(seconds=159), run=never).replayed
    assert not answer_once(body, now=NOW + timedelta(seconds=160), run=take_and_answer).replayed


@pytest.mark.parametrize(
    ("states", "again"),
    [(("placed", "unknown"), False), (("placed", "sending"), False), (("placed", "failed"), True)],
    ids=["unknown", "never sent", "settled"],
)
def test_a_batch_whose_process_died_comes_again_only_when_all_of_it_is_settled(
    identity: RequestIdentity, states: tuple[str, ...], again: bool
) -> None:
    body = replace(identity, key=None)
    with pytest.raises(MemoryError):
        answer_once(body, now=NOW, run=raising(MemoryError()))
    for state in states:
        Call.objects.create(channel="outbound", state=state, decided_at=NOW, api_key=body.api_key)
    later = NOW + timedelta(minutes=2)

    if again:
        assert not answer_once(body, now=later, run=take_and_answer).replayed
    else:
        with pytest.raises(OutcomeUnknown):
            answer_once(body, now=later, run=never)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", ["UPDATE", "DELETE"])
def test_the_answer_survives_a_database_that_is_gone_afterwards(identity: RequestIdentity, statement: str) -> None:
    refusal = VapiError(400, {}, retryable=False, ambiguous=False)

    def fail_after(claim: Claim) -> dict[str, Any]:
        answer = take_and_answer(claim)
        broken.append(statement)
        if statement == "DELETE":
            raise refusal
        return answer

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if broken and sql.startswith(statement):
            raise OperationalError("the database is gone")
        return run(sql, params, many, context)

    broken: list[str] = []
    with connection.execute_wrapper(execute):
        if statement == "DELETE":
            with pytest.raises(VapiError):
                answer_once(identity, now=NOW, run=fail_after)
        else:
            assert answer_once(identity, now=NOW, run=fail_after).body == {"id": "c"}

    with pytest.raises(RequestRunning):
        answer_once(identity, now=NOW, run=never)


def test_expired_claims_are_forgotten(identity: RequestIdentity) -> None:
    answer_once(identity, now=NOW, run=take_and_answer)

    assert (forget_expired(NOW + timedelta(hours=24)), forget_expired(NOW + timedelta(hours=24, seconds=5))) == (0, 1)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
        ({"a": 1}, {"a": "1"}, False),
        ({"a": None}, {}, False),
        ({"a": True}, {"a": 1}, False),
    ],
)
def test_what_makes_the_same_fingerprint(first: dict[str, Any], second: dict[str, Any], same: bool) -> None:
    assert (fingerprint(first) == fingerprint(second)) == same


def test_an_answer_is_stored_encrypted(identity: RequestIdentity) -> None:
    """Sabotage seen to fail: the column as a plain TextField."""

    def run(claim: Claim) -> dict[str, Any]:
        return take_and_answer(claim) | {"customer": {"number": "+12025550177"}, "b": 1, "a": "\u00e9"}

    first = answer_once(identity, now=NOW, run=run)

    stored = RequestClaim.objects.annotate(token=Cast("answer", TextField())).values_list("token", flat=True).get()
    assert stored is not None
    assert "2025550177" not in stored
    again = answer_once(identity, now=NOW, run=never)
    assert json.dumps(again.body) == json.dumps(first.body)  # the order of its keys too


def test_an_answer_that_no_key_opens_is_not_given_and_nobody_is_called_again(
    identity: RequestIdentity, settings: Any
) -> None:
    """Sabotage seen to fail: reading the answer without looking whether there is one."""
    answer_once(identity, now=NOW, run=take_and_answer)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(OutcomeUnknown) as caught:
        answer_once(identity, now=NOW, run=never)

    assert caught.value.call_id == RequestClaim.objects.get().call_id
