"""A message of Vapi's that bears our marker settles the call whose id we never learned."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from routing.models import Call
from routing.recorder import spool
from routing.recorder.drain import drain
from tests.recorder.records import NOW, outcome

ADA, BOB = "+12025550100", "+12025550101"
MARKER = "sb-00000000000000000000000000000001"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("spool_path")]


def keep(number: int = 1, **columns: Any) -> None:
    known = {"channel": "outbound", "state": "unknown", "customer_number": ADA, "vapi_name": MARKER, "decided_at": NOW}
    Call.objects.create(id=UUID(int=number), **(known | {"error": "No answer."} | columns))


def report(state: str = "placed", vapi_call_id: str = "v", **columns: Any) -> None:
    spool.append(outcome(vapi_call_id, state, **({"marker": MARKER, "customer": ADA} | columns)))
    drain(NOW, waited_seconds=0)


def ids() -> list[str | None]:
    return list(Call.objects.order_by("id").values_list("vapi_call_id", flat=True))


@pytest.mark.parametrize("before", ["unknown", "sending", "failed"])
@pytest.mark.parametrize("said", ["placed", "in-progress", "ended"])
def test_a_call_without_an_id_gets_the_one_that_is_told(before: str, said: str) -> None:
    keep(state=before)

    report(said)

    row = Call.objects.get()
    assert (row.vapi_call_id, row.state, row.error) == ("v", said, "")


@pytest.mark.parametrize("state", ["in-progress", "ended"])
def test_a_call_that_went_on_does_not_go_back(state: str) -> None:
    keep(state=state, vapi_call_id="v")

    report("placed")

    assert Call.objects.get().state == state


@pytest.mark.parametrize(
    ("columns", "told", "expected"),
    [
        ({}, {"marker": None}, None),
        ({}, {"marker": MARKER[:-1] + "2"}, None),
        ({"vapi_call_id": "other", "state": "placed"}, {}, "other"),
        ({"customer_number": "202555"}, {}, "v"),
        ({}, {"customer": None}, "v"),
    ],
    ids=["no marker", "another marker", "has an id", "number written differently", "number not told"],
)
def test_the_marker_must_be_its_own(columns: dict[str, Any], told: dict[str, Any], expected: str | None) -> None:
    keep(**columns)

    report(**told)

    assert ids() == [expected]


def test_the_calls_of_a_batch_are_told_apart_by_their_numbers() -> None:
    keep(1)
    keep(2, customer_number=BOB)

    report(vapi_call_id="b", customer=BOB)
    report(vapi_call_id="c", customer="+12025550109")
    report(vapi_call_id="a")
    report(vapi_call_id="a")

    assert ids() == ["a", "b"]


def test_an_id_is_given_to_one_call_only() -> None:
    keep(1, vapi_name="Follow-up", vapi_call_id="v", state="placed")
    keep(2)

    report()

    assert ids() == ["v", None]
