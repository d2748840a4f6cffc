"""Unknown calls are looked for at Vapi, and settled only when it is sure what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command

from routing.models import Call
from routing.services.reconcile_calls import reconcile_calls
from routing.vapi.errors import VapiError
from routing.vapi.marker import make_marker
from tests.api.world import ANYBODY, MAIN, SPRING_LINE, VIP

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
OURS = UUID(int=1)
MARKER = make_marker(OURS)

pytestmark = pytest.mark.django_db


@dataclass(kw_only=True)
class FakeList:
    """Vapi's list of calls; it creates nothing."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    sandbox: bool = False
    broken_for: str = ""
    asked: list[tuple[str | None, datetime, datetime]] = field(default_factory=list)

    def list_calls(self, *, phone_number_id: str | None, since: datetime, until: datetime) -> list[dict[str, Any]]:
        self.asked.append((phone_number_id, since, until))
        if phone_number_id == self.broken_for:
            raise VapiError(503, {"message": "No."}, retryable=True, ambiguous=False)
        return [
            call
            for call in self.calls
            if phone_number_id in {None, call["phoneNumberId"]}
            and since <= datetime.fromisoformat(call["createdAt"]) <= until
        ]

    def create_call(self, body: Mapping[str, Any]) -> dict[str, Any]:
        raise AssertionError("nothing is created here")

    create_web_call = create_call

    def get_call(self, call_id: str) -> dict[str, Any]:
        raise AssertionError("nobody asks for a call here")


def keep(call_id: UUID | None = None, *, age: float = 120, **columns: Any) -> Call:
    """Keep a call that was asked for so many seconds ago."""
    known = {
        "channel": "outbound",
        "state": "unknown",
        "customer_number": ANYBODY,
        "context": {"our_number_id": MAIN},
        "vapi_name": MARKER,
        "decided_at": NOW - timedelta(seconds=age),
    }
    return Call.objects.create(id=call_id or uuid4(), **(known | columns))


def listed(name: str | None = MARKER, *, number: str = ANYBODY, age: float = 119, **more: Any) -> dict[str, Any]:
    """A call as Vapi lists it, created so many seconds ago."""
    created_at = (NOW - timedelta(seconds=age)).isoformat()
    call = {"id": "vapi-1", "name": name, "customer": {"number": number}, "phoneNumberId": MAIN}
    return call | {"createdAt": created_at} | more


def web_call(**more: Any) -> dict[str, Any]:
    """A web call as Vapi lists it: without a name, a customer or a number of ours."""
    return listed(None, **more) | {"type": "webCall", "customer": None, "phoneNumberId": None}


QUARTER = 15 * 60
WEB: dict[str, Any] = {"channel": "web", "customer_number": "", "context": {}, "vapi_name": ""}
ERASED: dict[str, Any] = {"customer_number": "", "context": {}}
FOUND, MISSING, OPEN = ("placed", "vapi-1"), ("failed", None), ("unknown", None)
CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], tuple[str, str | None]]] = {
    "found by marker": ({}, [listed()], FOUND),
    "found late": ({"age": 3600}, [listed(age=3599)], FOUND),
    "found by a clock that goes differently": ({}, [listed(age=200)], FOUND),
    "a sender that died": ({"state": "sending"}, [listed()], FOUND),
    "still being sent": ({"state": "sending", "age": 59}, [listed(age=58)], ("sending", None)),
    "another marker": ({}, [listed(make_marker(UUID(int=2)))], OPEN),
    "another customer": ({}, [listed(number=VIP)], OPEN),
    "another number of ours": ({}, [listed(phoneNumberId=SPRING_LINE)], OPEN),
    "a customer with a SIP address": (
        {"customer_number": "sip:ada@example.com"},
        [listed(customer={"sipUri": "sip:ada@EXAMPLE.com"})],
        FOUND,
    ),
    "a number of the sender's own": ({"context": {"our_number_id": None}}, [listed(phoneNumberId=None)], FOUND),
    "missing, young": ({"age": QUARTER - 1}, [], OPEN),
    "missing, old": ({"age": QUARTER}, [], MISSING),
    "a sender that died, missing": ({"age": QUARTER, "state": "sending"}, [], MISSING),
    "odd lists": ({"age": QUARTER}, [listed(None, customer=None), listed("x", customer="odd")], MISSING),
    "own name, found": ({"vapi_name": "Follow-up"}, [listed("Follow-up")], FOUND),
    "own name, changed at Vapi": ({"vapi_name": "Follow-up"}, [listed("Other")], FOUND),
    "own name, one of two": ({"vapi_name": "Follow-up"}, [listed("a"), listed("b", id="vapi-2")], OPEN),
    "own name, a marked one": ({"vapi_name": "Follow-up", "age": QUARTER}, [listed(age=QUARTER)], MISSING),
    "own name, long before": ({"vapi_name": "Follow-up"}, [listed("Follow-up", age=300)], OPEN),
    "erased since then, found": (ERASED, [listed(), listed("x", id="vapi-2")], FOUND),
    "erased since then, missing": (ERASED | {"age": QUARTER}, [listed("x", age=QUARTER)], MISSING),
    "erased with its own name, maybe it": (
        ERASED | {"vapi_name": "", "age": QUARTER},
        [listed("x", age=QUARTER)],
        OPEN,
    ),
    "erased with its own name, missing": (ERASED | {"vapi_name": "", "age": QUARTER}, [], MISSING),
    "a web call, young": (WEB, [], OPEN),
    "a web call, missing": (WEB | {"age": QUARTER}, [], MISSING),
    "a web call, a phone call then": (WEB | {"age": QUARTER}, [listed(None, age=QUARTER)], MISSING),
    "a web call, one then": (WEB | {"age": QUARTER}, [web_call(age=QUARTER)], OPEN),
    "a web call, one later": (WEB | {"age": QUARTER}, [web_call(age=QUARTER - 200)], MISSING),
    "a web call of the sandbox": (WEB | {"age": QUARTER, "sandbox": True}, [web_call(age=QUARTER)], MISSING),
    "a web call whose sender died": (WEB | {"age": QUARTER, "state": "sending"}, [], MISSING),
    "a web call of yesterday": (WEB | {"age": 24 * 3600}, [], MISSING),
    "a placed call": ({"state": "placed", "vapi_call_id": "vapi-9"}, [listed()], ("placed", "vapi-9")),
    "a refused call": ({"state": "refused", "age": QUARTER}, [], ("refused", None)),
    "a call of the sandbox": ({"sandbox": True}, [listed()], OPEN),
    "an old call of the sandbox": ({"sandbox": True, "age": QUARTER}, [listed(age=QUARTER)], MISSING),
}


@pytest.mark.parametrize(("columns", "calls", "expected"), CASES.values(), ids=CASES)
def test_what_becomes_of_a_call(
    columns: dict[str, Any], calls: list[dict[str, Any]], expected: tuple[str, str | None]
) -> None:
    keep(OURS, **columns)

    reconcile_calls(client=FakeList(calls=calls), now=NOW)

    row = Call.objects.get()
    assert (row.state, row.vapi_call_id) == expected


def test_calls_of_a_batch_share_a_marker() -> None:
    rows = [keep(customer_number=number) for number in (ANYBODY, VIP, VIP)]
    calls = [listed(number=VIP, id="b"), listed(id="a"), listed(number=VIP, id="c")]

    done = reconcile_calls(client=FakeList(calls=calls), now=NOW)

    ids = [Call.objects.get(pk=row.pk).vapi_call_id for row in rows]
    assert (done.placed, ids[0], set(ids[1:])) == (3, "a", {"b", "c"})


def test_of_a_batch_the_erased_one_gets_what_is_nobody_elses() -> None:
    """Sabotage seen to fail: look for the calls of a batch in the order of their rows."""
    rows = [keep(**ERASED), keep(customer_number=VIP)]

    reconcile_calls(client=FakeList(calls=[listed(number=VIP, id="b"), listed(id="a")]), now=NOW)

    assert [Call.objects.get(pk=row.pk).vapi_call_id for row in rows] == ["a", "b"]


def test_two_calls_that_only_their_names_tell_apart_stay_unknown() -> None:
    keep(vapi_name="One")
    keep(vapi_name="Two")

    done = reconcile_calls(client=FakeList(calls=[listed("Three")]), now=NOW)

    assert (done.placed, done.failed, done.unknown) == (0, 0, 2)
    assert all("by hand" in row.error for row in Call.objects.all())


def test_a_call_at_vapi_that_is_known_here_is_nobody_elses() -> None:
    keep(vapi_name="One", state="placed", vapi_call_id="vapi-1")
    keep(OURS, vapi_name="Two", age=QUARTER)

    reconcile_calls(client=FakeList(calls=[listed("One", age=QUARTER)]), now=NOW)

    assert Call.objects.get(pk=OURS).state == "failed"


def test_calls_are_asked_for_once_for_each_number_and_hour() -> None:
    for age in (100, 200, 9000):
        keep(age=age)
    keep(age=150, context={"our_number_id": SPRING_LINE})
    vapi = FakeList()

    reconcile_calls(client=vapi, now=NOW)

    assert sorted((number or "", round((NOW - since).total_seconds())) for number, since, _ in vapi.asked) == [
        (MAIN, 320),
        (MAIN, 9120),
        (SPRING_LINE, 270),
    ]


def test_what_vapi_does_not_tell_stays_unknown_and_the_rest_goes_on() -> None:
    keep(age=QUARTER)
    keep(age=QUARTER, context={"our_number_id": SPRING_LINE})

    done = reconcile_calls(client=FakeList(broken_for=MAIN), now=NOW)

    assert (done.failed, done.unknown, len(done.faults)) == (1, 1, 1)


def test_without_a_vapi_key_real_calls_cannot_be_looked_for() -> None:
    keep(age=QUARTER)

    done = reconcile_calls(client=FakeList(sandbox=True), now=NOW)

    assert (done.unknown, Call.objects.get().state) == (1, "unknown")
    with pytest.raises(CommandError, match="VAPI_API_KEY"):
        call_command("reconcile_calls")


def test_a_web_call_that_cannot_be_told_apart_says_which_it_may_be() -> None:
    row = keep(**WEB, age=QUARTER)
    keep(**WEB, age=QUARTER, state="placed", vapi_call_id="vapi-2")
    calls = [web_call(age=QUARTER), web_call(age=QUARTER, id="vapi-2"), listed(id="vapi-3", age=QUARTER)]

    done = reconcile_calls(client=FakeList(calls=calls), now=NOW)

    assert (done.unknown, done.nameless) == (1, 1)
    assert "about then: vapi-1" in Call.objects.get(pk=row.pk).error


def test_a_web_call_that_cannot_be_told_apart_is_looked_for_once_and_counted_ever_after(
    capsys: pytest.CaptureFixture[str],
) -> None:
    keep(**WEB, age=QUARTER)
    keep(**WEB, age=QUARTER + 3)
    vapi = FakeList(calls=[web_call(age=QUARTER)])

    reconcile_calls(client=vapi, now=NOW)
    done = reconcile_calls(client=vapi, now=NOW)
    call_command("reconcile_calls")

    assert (done.unknown, done.nameless, len(vapi.asked)) == (2, 2, 1)
    said = capsys.readouterr().out
    assert said.startswith("0 placed, 0 failed, 2 still unknown (2 of them web calls")


def test_the_command_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    keep(age=QUARTER, sandbox=True, decided_at=datetime(2020, 1, 1, tzinfo=UTC))

    call_command("reconcile_calls")

    assert capsys.readouterr().out == "0 placed, 1 failed, 0 still unknown\n"
