"""Requests as Vapi's own SDKs send them, byte for byte, recorded from the real ones. `make test-clients` runs those."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.api.conftest import Api
from tests.api.world import MAIN, RECEPTION, FakeVapi

PYTHON = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "vapi_server_sdk/3.0.0",
    "X-Fern-Language": "Python",
    "X-Fern-SDK-Name": "vapi_server_sdk",
    "X-Fern-SDK-Version": "3.0.0",
}
TYPESCRIPT = {
    "Accept": "*/*",
    "User-Agent": "@vapi-ai/server-sdk/2.0.1",
    "X-Fern-Language": "JavaScript",
    "Accept-Language": "*",
    "Sec-Fetch-Mode": "cors",
}
BROWSER = {
    "Accept": "*/*",
    "Origin": "https://shop.example.com",
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "cors",
    "Accept-Language": "en-US,en;q=0.9",
}
PHONE_BODY = f'{{"phoneNumberId":"{MAIN}","customer":{{"number":"+12125550123"}}}}'
PHONE = {
    "python": (PYTHON, PHONE_BODY),
    "python, auto": (PYTHON, '{"customer":{"number":"+12125550123"},"assistantId":"auto"}'),
    "typescript": (TYPESCRIPT, '{"customer":{"number":"+12125550123"}}'),
}
WEB = {
    "auto": ("/api/v1/call/web", '{"assistantId":"auto"}'),
    "base URL with a slash": ("/api/v1//call/web", '{"assistantId":"auto"}'),
    "facts": ("/api/v1/call/web", '{"assistant":{"userId":"u-1"}}'),
}


@pytest.mark.parametrize(("headers", "body"), PHONE.values(), ids=PHONE)
def test_a_server_sdk_gets_its_routed_call(api: Api, vapi: FakeVapi, headers: dict[str, str], body: str) -> None:
    sent = headers | {"Authorization": f"Bearer {api.key}"}

    answer = Client().post("/api/v1/call", body, content_type="application/json", headers=sent)

    assert answer.status_code == 201
    assert vapi.body["assistantId"] == RECEPTION


@pytest.mark.parametrize(("path", "body"), WEB.values(), ids=WEB)
def test_the_web_sdk_gets_its_routed_call(page: Api, vapi: FakeVapi, path: str, body: str) -> None:
    sent = BROWSER | {"Authorization": f"Bearer {page.key}"}

    answer = Client().post(path, body, content_type="application/json", headers=sent)

    assert answer.status_code == 201
    assert answer.headers["Access-Control-Allow-Origin"] in {"*", BROWSER["Origin"]}
    assert vapi.body["assistantId"] == RECEPTION
