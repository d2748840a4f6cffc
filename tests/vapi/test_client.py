"""The HTTP client against a real server: what is sent, and what each refusal means."""

import logging
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from routing.vapi import client as client_module
from routing.vapi.client import USER_AGENT, CallPlacer, VapiClient, client_from_settings
from routing.vapi.errors import VapiError
from routing.vapi.sandbox import Sandbox
from tests.vapi.asking import ALL, BODY, CREATES, connect
from tests.vapi.payloads import load


@pytest.fixture
def vapi(httpserver: HTTPServer) -> VapiClient:
    return connect(httpserver.url_for("/").rstrip("/"), public_key="public")


@pytest.mark.parametrize(
    ("request_", "method", "path", "key", "answer"),
    [
        (ALL["call"], "POST", "/call", "private", "resp_call_201_2026_03"),
        (ALL["web call"], "POST", "/call/web", "public", "resp_callweb_201_2026_03"),
        (ALL["get"], "GET", "/call/c", "private", "resp_call_201_2026_03"),
    ],
    ids=["call", "web call", "get"],
)
def test_each_request_goes_to_its_place_with_its_key(
    httpserver: HTTPServer,
    vapi: VapiClient,
    request_: Callable[[CallPlacer], dict[str, Any]],
    method: str,
    path: str,
    key: str,
    answer: str,
) -> None:
    headers = {"Authorization": f"Bearer {key}", "User-Agent": USER_AGENT}
    httpserver.expect_request(path, method=method, headers=headers).respond_with_json(load(answer), status=201)

    assert request_(vapi) == load(answer)
    httpserver.check_assertions()


def test_the_body_is_sent_as_it_is(httpserver: HTTPServer, vapi: VapiClient) -> None:
    httpserver.expect_request("/call", json=BODY).respond_with_json({"id": "c"}, status=201)

    assert vapi.create_call(BODY) == {"id": "c"}


def test_an_id_cannot_leave_its_path(httpserver: HTTPServer, vapi: VapiClient) -> None:
    seen: list[str] = []

    def answer(request: Request) -> Response:
        seen.append(request.environ["REQUEST_URI"])
        return Response('{"id": "c"}')

    httpserver.expect_request("/call/../assistant").respond_with_handler(answer)
    vapi.get_call("../assistant")

    assert seen == ["/call/..%2Fassistant"]


@pytest.mark.parametrize(
    ("status", "retryable", "ambiguous"),
    [
        (400, False, False),
        (401, False, False),
        (403, False, False),
        (404, False, False),
        (408, True, False),
        (409, False, False),
        (429, True, False),
        (500, False, True),
        (502, False, True),
        (503, False, True),
        (504, False, True),
        (302, False, False),
    ],
)
@pytest.mark.parametrize("create", CREATES.values(), ids=CREATES)
def test_a_refused_create_is_sent_once_and_says_what_it_means(
    httpserver: HTTPServer,
    vapi: VapiClient,
    create: Callable[[CallPlacer], dict[str, Any]],
    status: int,
    retryable: bool,
    ambiguous: bool,
) -> None:
    body = {"message": "No.", "statusCode": status}
    httpserver.expect_request("/call").respond_with_json(body, status=status, headers={"Location": "/elsewhere"})
    httpserver.expect_request("/call/web").respond_with_json(body, status=status, headers={"Location": "/elsewhere"})

    with pytest.raises(VapiError) as caught:
        create(vapi)

    assert caught.value.status == status
    # A wrong key is explained: see test_wrong_key.
    assert caught.value.body == body or (status == 401 and caught.value.body["message"].startswith("No. VAPI_"))
    assert (caught.value.retryable, caught.value.ambiguous) == (retryable, ambiguous)
    assert len(httpserver.log) == 1


@pytest.mark.parametrize(
    ("status", "retryable"), [(404, False), (401, False), (302, False), (429, True), (408, True), (500, True)]
)
def test_reading_may_be_repeated_and_places_nothing(
    httpserver: HTTPServer, vapi: VapiClient, status: int, retryable: bool
) -> None:
    httpserver.expect_request("/call/c").respond_with_json({"message": "No."}, status=status)

    with pytest.raises(VapiError) as caught:
        vapi.get_call("c")

    assert (caught.value.retryable, caught.value.ambiguous) == (retryable, False)


@pytest.mark.parametrize(("status", "ambiguous"), [(201, True), (502, True), (403, False)])
@pytest.mark.parametrize("text", ["<html>Cloudflare</html>", "", "[]", '"text"'])
def test_an_answer_that_is_no_object_gets_vapis_shape(
    httpserver: HTTPServer, vapi: VapiClient, status: int, ambiguous: bool, text: str
) -> None:
    httpserver.expect_request("/call").respond_with_data(text, status=status)

    with pytest.raises(VapiError) as caught:
        vapi.create_call(BODY)

    assert caught.value.ambiguous is ambiguous
    assert caught.value.body["statusCode"] == status
    assert text in caught.value.body["message"]


def test_cookies_are_not_kept(httpserver: HTTPServer, vapi: VapiClient) -> None:
    httpserver.expect_request("/call").respond_with_json({}, headers={"Set-Cookie": "__cf_bm=1; Path=/"})

    vapi.create_call(BODY)
    vapi.create_call(BODY)

    assert "Cookie" not in httpserver.log[1][0].headers


def test_a_netrc_file_does_not_replace_the_key(
    httpserver: HTTPServer, vapi: VapiClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {httpserver.host} login somebody password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    httpserver.expect_request("/call").respond_with_json({})

    vapi.create_call(BODY)

    assert httpserver.log[0][0].headers["Authorization"] == "Bearer private"


def test_the_proxy_of_the_environment_is_used(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sabotage seen to fail: leave the environment's proxies out of the session."""
    monkeypatch.setenv("HTTP_PROXY", httpserver.url_for("/"))
    httpserver.expect_request("/call").respond_with_json({"id": "c"}, status=201)

    assert connect("http://vapi.invalid").create_call(BODY) == {"id": "c"}
    assert httpserver.log[0][0].host == "vapi.invalid"


def test_hosts_that_the_environment_excepts_are_asked_directly(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sabotage seen to fail: take the proxies without asking for which host they are."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", httpserver.host)
    httpserver.expect_request("/call").respond_with_json({"id": "c"}, status=201)

    assert connect(httpserver.url_for("/").rstrip("/")).create_call(BODY) == {"id": "c"}


def test_the_certificates_of_the_environment_are_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sabotage seen to fail: leave ``verify`` as requests has it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")

    with pytest.raises((VapiError, OSError), match="bundle"):
        connect("https://127.0.0.1:9").create_call(BODY)


def test_without_a_key_nobody_is_called() -> None:
    with override_settings(VAPI_API_KEY=""):
        client = client_from_settings()

        assert isinstance(client, Sandbox)
        assert client.sandbox
        assert client_from_settings() is client


def test_keys_and_address_come_from_the_settings(httpserver: HTTPServer, caplog: pytest.LogCaptureFixture) -> None:
    httpserver.expect_request("/call/web", headers={"Authorization": "Bearer only-one"}).respond_with_json({})
    client_module._warn_about_public_key.cache_clear()

    with (
        override_settings(VAPI_API_KEY="only-one", VAPI_PUBLIC_KEY="", VAPI_BASE_URL=httpserver.url_for("/")),
        caplog.at_level(logging.WARNING),
    ):
        client = client_from_settings()
        client.create_web_call({})
        client.create_web_call({})

    assert not client.sandbox
    assert [record.getMessage() for record in caplog.records].count(
        "VAPI_PUBLIC_KEY is not set: web calls use VAPI_API_KEY, which Vapi may refuse with 401."
    ) == 1
    assert "only-one" not in caplog.text


def test_the_user_agent_names_the_version() -> None:
    project = tomllib.loads((Path(__file__).parent.parent.parent / "pyproject.toml").read_text(encoding="utf-8"))

    assert USER_AGENT.split("/") == [project["project"]["name"], project["project"]["version"]]
