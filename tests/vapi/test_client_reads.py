"""Reading at Vapi: lists are read to their end, and a pause that Vapi asks for is kept, for reads only."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from routing.vapi import client as client_module
from routing.vapi.client import CallPlacer, VapiClient
from routing.vapi.errors import VapiError
from routing.vapi.sandbox import Sandbox
from tests.vapi.asking import ALL, connect

SINCE = datetime(2026, 6, 1, 12, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=1)


def list_all(client: CallPlacer) -> list[dict[str, Any]]:
    return client.list_calls(phone_number_id="p", since=SINCE, until=UNTIL)


READS: dict[str, Callable[[CallPlacer], object]] = {"get": ALL["get"], "list": list_all}


@pytest.fixture
def vapi(httpserver: HTTPServer) -> VapiClient:
    return connect(httpserver.url_for("/").rstrip("/"))


def test_a_list_is_asked_for_by_number_and_window(httpserver: HTTPServer, vapi: VapiClient) -> None:
    window = {"createdAtGe": "2026-06-01T12:00:00.000Z", "createdAtLe": "2026-06-01T13:00:00.000Z"}
    query = window | {"phoneNumberId": "p", "limit": "1000"}
    httpserver.expect_request("/call", method="GET", query_string=query).respond_with_json([{"id": "c"}, None, {}])

    assert list_all(vapi) == [{"id": "c"}]


def test_a_long_list_is_read_to_its_end(
    httpserver: HTTPServer, vapi: VapiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [{"id": str(number), "createdAt": f"2026-06-01T12:00:0{number // 2}.000Z"} for number in range(9)]

    def answer(request: Request) -> Response:
        fitting = [call for call in calls if call["createdAt"] <= request.args["createdAtLe"]]
        page = sorted(fitting, key=lambda call: call["createdAt"], reverse=True)[: int(request.args["limit"])]
        return Response(gzip.compress(json.dumps(page).encode()), headers={"Content-Encoding": "gzip"})

    monkeypatch.setattr(client_module, "PAGE", 3)
    httpserver.expect_request("/call").respond_with_handler(answer)

    assert {call["id"] for call in list_all(vapi)} == {call["id"] for call in calls}


@pytest.mark.parametrize("answer", ["{}", "null", "[", ""])
def test_what_is_no_list_is_an_error(httpserver: HTTPServer, vapi: VapiClient, answer: str) -> None:
    httpserver.expect_request("/call").respond_with_data(answer)

    with pytest.raises(VapiError) as caught:
        list_all(vapi)

    assert not caught.value.ambiguous


@pytest.mark.parametrize(
    ("request_", "status", "pause", "times"),
    [
        ("get", 429, "0", 2),
        ("list", 429, "0", 2),
        ("list", 503, "0", 2),
        ("list", 429, None, 1),
        ("list", 429, "3600", 1),
        ("list", 429, "Wed, 21 Oct 2026 07:28:00 GMT", 1),
        ("list", 400, "0", 1),
        ("call", 429, "0", 1),
        ("call", 503, "0", 1),
        ("web call", 429, "0", 1),
    ],
)
def test_only_a_read_is_repeated_and_only_once(
    httpserver: HTTPServer, vapi: VapiClient, request_: str, status: int, pause: str | None, times: int
) -> None:
    headers = {} if pause is None else {"Retry-After": pause}
    httpserver.expect_request("/").respond_with_json({})
    for path in ("/call", "/call/web", "/call/c"):
        httpserver.expect_request(path).respond_with_json({"message": "Rate limit exceeded"}, status, headers)

    with pytest.raises(VapiError) as caught:
        (ALL | READS)[request_](vapi)

    assert (caught.value.status, len(httpserver.log)) == (status, times)


def test_the_second_answer_counts(httpserver: HTTPServer, vapi: VapiClient) -> None:
    httpserver.expect_ordered_request("/call").respond_with_json({}, 429, {"Retry-After": "0"})
    httpserver.expect_ordered_request("/call").respond_with_json([{"id": "c"}])

    assert list_all(vapi) == [{"id": "c"}]


def test_the_sandbox_lists_what_it_made_up(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "calls.jsonl")
    body = {"assistantId": "a", "customer": {"number": "+12025550102"}}
    mine = sandbox.create_call(body | {"phoneNumberId": "p", "name": "sb-1"})
    other = sandbox.create_call(body | {"phoneNumberId": "q"})
    now = datetime.now(UTC)
    window = {"since": now - timedelta(minutes=1), "until": now + timedelta(minutes=1)}

    assert [call["name"] for call in sandbox.list_calls(phone_number_id="p", **window)] == ["sb-1"]
    assert {call["id"] for call in sandbox.list_calls(phone_number_id=None, **window)} == {mine["id"], other["id"]}
    assert list_all(sandbox) == []
