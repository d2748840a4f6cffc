"""The HTTP client against real sockets: what is sent, what is never sent twice, and what may have been placed."""

import logging
import socket
import struct
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from tests.vapi.payloads import load

BODY = {"assistantId": "a", "customer": {"number": "+12025550102"}}


def connect(base_url: str, **keys: str) -> VapiClient:
    return VapiClient(base_url=base_url, **{"api_key": "private"} | keys)


@pytest.fixture
def vapi(httpserver: HTTPServer) -> VapiClient:
    return connect(httpserver.url_for("/").rstrip("/"), public_key="public")


CREATES: dict[str, Callable[[CallPlacer], dict[str, Any]]] = {
    "call": lambda client: client.create_call(BODY),
    "web call": lambda client: client.create_web_call({"assistantId": "a"}),
}
ALL: dict[str, Callable[[CallPlacer], dict[str, Any]]] = CREATES | {"get": lambda client: client.get_call("c")}


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

    assert (caught.value.status, caught.value.body) == (status, body)
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


# Faults below HTTP


Behaviour = Callable[[socket.socket], None]


def read_request(connection: socket.socket) -> None:
    """Read head and body; what is sent comes in one or two pieces."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)


def reset(connection: socket.socket) -> None:
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang_up(connection: socket.socket) -> None:
    read_request(connection)


def stay_silent(connection: socket.socket) -> None:
    read_request(connection)
    connection.recv(1)  # returns when the client gives up


def stop_halfway(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"id": "half')


def talk_nonsense(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"220 smtp.example.test ESMTP\r\n\r\n")


@contextmanager
def run_server(behave: Behaviour) -> Iterator[tuple[str, list[int]]]:
    """Serve every connection with one behaviour; gives the address and a list that grows with each connection."""
    accepted: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                accepted.append(1)
                with connection:
                    behave(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", accepted
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.parametrize("behave", [reset, hang_up, stay_silent, stop_halfway, talk_nonsense])
@pytest.mark.parametrize(
    ("request_", "retryable", "ambiguous"),
    [(ALL["call"], False, True), (ALL["web call"], False, True), (ALL["get"], True, False)],
    ids=["call", "web call", "get"],
)
def test_a_fault_after_sending_leaves_open_whether_a_call_was_placed(
    monkeypatch: pytest.MonkeyPatch,
    behave: Behaviour,
    request_: Callable[[CallPlacer], dict[str, Any]],
    retryable: bool,
    ambiguous: bool,
) -> None:
    monkeypatch.setattr(client_module, "TIMEOUT", (3, 0.2))

    with run_server(behave) as (url, accepted), pytest.raises(VapiError) as caught:
        request_(connect(url))

    assert caught.value.status is None
    assert (caught.value.retryable, caught.value.ambiguous) == (retryable, ambiguous)
    assert len(accepted) == 1


def test_nobody_listening_means_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(VapiError, match="cannot be reached") as caught:
        connect(f"http://127.0.0.1:{port}").create_call(BODY)

    assert (caught.value.status, caught.value.retryable, caught.value.ambiguous) == (None, True, False)


@pytest.mark.parametrize("base_url", ["http://vapi.invalid", "ftp://127.0.0.1", "http://"])
def test_an_address_that_leads_nowhere_means_nothing_was_sent(base_url: str) -> None:
    with pytest.raises(VapiError) as caught:
        connect(base_url).create_call(BODY)

    assert not caught.value.ambiguous


def test_a_full_backlog_times_out_before_anything_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "TIMEOUT", (0.2, 5))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())

        with pytest.raises(VapiError) as caught:
            connect(f"http://127.0.0.1:{listener.getsockname()[1]}").create_call(BODY)

        for filler in fillers:
            filler.close()
    assert (caught.value.retryable, caught.value.ambiguous) == (True, False)


def test_a_tls_handshake_that_breaks_off_is_in_doubt() -> None:
    def speak_plainly(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with run_server(speak_plainly) as (url, _), pytest.raises(VapiError) as caught:
        connect(url.replace("http:", "https:")).create_call(BODY)

    assert caught.value.ambiguous


# Settings


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
