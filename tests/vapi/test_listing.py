"""Lists at Vapi are read to their end, or the reader says that they were not."""

from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from routing.models import OurNumber, Target
from routing.vapi import listing
from routing.vapi.errors import VapiError
from routing.vapi.listing import (
    Listed,
    ObjectLister,
    list_assistants,
    list_objects,
    list_phone_numbers,
    list_squads,
)
from routing.vapi.sandbox import Sandbox
from tests.vapi.asking import connect
from tests.vapi.vapi_lists import SECRETS, START, VapiLists, row, write


def read(lister: ObjectLister, kind: str = "assistant", **options: Any) -> list[Listed]:
    return list(chain.from_iterable(list_objects(lister, kind, **options)))


@pytest.fixture
def vapi(monkeypatch: pytest.MonkeyPatch) -> VapiLists:
    monkeypatch.setattr(listing, "BUDGET_SECONDS", 20.0)  # a reader that goes round in circles ends with the test
    return VapiLists()


SIZES = [0, 1, 99, 100, 101, 999, 1000, 1001, 2500]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("cap", [1000, 100])
@pytest.mark.parametrize("size", SIZES)
def test_every_row_is_read_once(
    size: int, cap: int, newest_first: bool, vapi: VapiLists, httpserver: HTTPServer
) -> None:
    vapi.cap, vapi.newest_first = cap, newest_first
    vapi.rows["assistant"] = [row(number) for number in range(size)]

    listed = read(connect(vapi.serve(httpserver)))

    assert sorted(one.vapi_id for one in listed) == [one["id"] for one in vapi.rows["assistant"]]
    assert len(vapi.asked) <= size / (cap - 1) + 3


# How many rows share an instant, beside the size of a page.
SHARED = {"two a minute": 2, "seven a minute": 7, "fifty a minute": 50}


@pytest.mark.parametrize("together", SHARED.values(), ids=SHARED)
def test_rows_of_one_instant_at_the_edge_of_a_page_are_neither_lost_nor_repeated(
    together: int, vapi: VapiLists, httpserver: HTTPServer
) -> None:
    vapi.cap = 100
    vapi.rows["assistant"] = [row(number, minute=number // together) for number in range(351)]

    listed = read(connect(vapi.serve(httpserver)))

    assert sorted(one.vapi_id for one in listed) == [one["id"] for one in vapi.rows["assistant"]]


UNREADABLE: dict[str, tuple[list[dict[str, Any]], str]] = {
    "a page of one instant": ([row(number, minute=0) for number in range(150)], "does not tell"),
    "a page without instants": ([row(number, createdAt=None) for number in range(150)], "does not tell"),
}


@pytest.mark.parametrize(("rows", "complaint"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_list_that_cannot_be_complete_is_an_error(
    rows: list[dict[str, Any]], complaint: str, vapi: VapiLists, httpserver: HTTPServer
) -> None:
    vapi.cap, vapi.rows["assistant"] = 100, rows

    with pytest.raises(VapiError, match=complaint):
        read(connect(vapi.serve(httpserver)))

    assert len(vapi.asked) <= 3


def test_a_short_list_without_instants_is_complete(vapi: VapiLists, httpserver: HTTPServer) -> None:
    vapi.rows["assistant"] = [row(1, createdAt=None), row(2, createdAt="yesterday")]

    assert len(read(connect(vapi.serve(httpserver)))) == 2


def test_each_kind_has_its_own_list(vapi: VapiLists, httpserver: HTTPServer) -> None:
    vapi.rows = {"assistant": [row(1)], "squad": [row(2)], "phone-number": [row(3)]}
    client = connect(vapi.serve(httpserver))

    names = [
        one.name for read in (list_assistants, list_squads, list_phone_numbers) for page in read(client) for one in page
    ]

    assert names == ["Thing 1", "Thing 2", "Thing 3"]


def test_only_what_changed_is_asked_for(vapi: VapiLists, httpserver: HTTPServer) -> None:
    vapi.rows["squad"] = [row(1), row(2, updated=60), row(3)]

    listed = read(connect(vapi.serve(httpserver)), "squad", updated_since=START + timedelta(minutes=30))

    assert [one.vapi_id for one in listed] == [vapi.rows["squad"][1]["id"]]
    assert vapi.asked[0] == ("squad", {"limit": "1000", "updatedAtGt": write(30)})


ODD_ROWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "complete": (
        {"number": "+12025550111", "sipUri": "sip:a@sip.vapi.ai"},
        {"number": "+12025550111", "sip_uri": "sip:a@sip.vapi.ai"},
    ),
    "nulls": ({"name": None, "number": None, "updatedAt": None}, {"name": "", "updated_at": None}),
    "wrong types": ({"name": 7, "number": ["+1"]}, {"name": "", "number": ""}),
    "long": ({"name": "n" * 300, "number": "1" * 80}, {"name": "n" * 255, "number": "1" * 64}),
    "zero byte": ({"name": " a\x00b "}, {"name": "ab"}),
    "no zone": ({"updatedAt": "2026-01-01T00:00:00"}, {"updated_at": datetime(2026, 1, 1, tzinfo=UTC)}),
}


@pytest.mark.parametrize(("change", "kept"), ODD_ROWS.values(), ids=ODD_ROWS)
def test_only_what_a_picker_shows_is_kept(
    change: dict[str, Any], kept: dict[str, Any], vapi: VapiLists, httpserver: HTTPServer
) -> None:
    vapi.rows["phone-number"] = [row(1, **change)]

    (listed,) = read(connect(vapi.serve(httpserver)), "phone-number")

    assert {name: getattr(listed, name) for name in kept} == kept
    assert not [secret for secret in SECRETS if secret in repr(listed)]


def test_what_is_no_row_is_passed_over(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/assistant").respond_with_json([None, {}, 7, {"id": None}, row(1)])

    assert len(read(connect(httpserver.url_for("/")))) == 1


BROKEN = [
    '{"results": [{"twilioAuthToken": "planted-token"}]}',
    '[{"twilioAuthToken": "planted-token"',
    '"planted-token"',
]


@pytest.mark.parametrize("answer", BROKEN)
def test_an_answer_that_is_no_list_is_not_quoted(answer: str, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/phone-number").respond_with_data(answer)

    with pytest.raises(VapiError, match="no list") as caught:
        read(connect(httpserver.url_for("/")), "phone-number")

    assert "planted" not in f"{caught.value} {caught.value.body} {caught.value.__cause__} {caught.value.__context__}"


def test_a_wrong_key_is_explained(vapi: VapiLists, httpserver: HTTPServer) -> None:
    vapi.faults[0] = Response('{"message": "Invalid Key."}', 401)
    client = connect(vapi.serve(httpserver), api_key="the same", public_key="the same")

    with pytest.raises(VapiError, match="this is a public key; GET /assistant needs the private one") as caught:
        read(client)

    assert caught.value.status == 401


def test_a_pause_that_vapi_asks_for_is_kept_amid_a_list(vapi: VapiLists, httpserver: HTTPServer) -> None:
    vapi.rows["assistant"] = [row(number) for number in range(1500)]
    vapi.faults[1] = Response('{"message": "Rate limit exceeded"}', 429, {"Retry-After": "0"})

    assert len(read(connect(vapi.serve(httpserver)))) == 1500


def test_a_list_without_end_is_given_up(
    vapi: VapiLists, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "BUDGET_SECONDS", -1.0)
    vapi.rows["assistant"] = [row(1)]

    with pytest.raises(VapiError, match="took longer"):
        read(connect(vapi.serve(httpserver)))


@pytest.mark.django_db
def test_the_sandbox_lists_what_the_draft_names_and_something_to_choose(tmp_path: Path) -> None:
    Target.objects.create(name="Reception", kind="assistant", vapi_id="a-1")
    Target.objects.create(name="Reception too", kind="assistant", vapi_id="a-1")
    OurNumber.objects.create(name="Main", number="+12025550111", vapi_id="n-1")
    sandbox = Sandbox(tmp_path / "calls.jsonl")

    listed = {kind: read(sandbox, kind) for kind in ("assistant", "squad", "phone-number")}

    assert {kind: len(rows) for kind, rows in listed.items()} == {"assistant": 5, "squad": 1, "phone-number": 3}
    assert all(one.name.endswith("(sandbox)") and one.created_at for rows in listed.values() for one in rows)
    assert ("n-1", "+12025550111", "") in {(one.vapi_id, one.number, one.sip_uri) for one in listed["phone-number"]}
    assert read(sandbox) == listed["assistant"]


@pytest.mark.django_db
def test_the_sandbox_filters_as_vapi_does(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "calls.jsonl")
    first, second, *rest = sandbox.list_page("assistant", {})

    assert sandbox.list_page("assistant", {"limit": "1"}) == [first]
    assert sandbox.list_page("assistant", {"createdAtLt": first["createdAt"]}) == [second, *rest]
    assert sandbox.list_page("assistant", {"createdAtLe": first["createdAt"], "limit": "2"}) == [first, second]
    assert sandbox.list_page("assistant", {"updatedAtGe": first["updatedAt"]}) == [first]
    assert sandbox.list_page("assistant", {"updatedAtGt": first["updatedAt"]}) == []
