"""The API's description: valid, complete, and true of what the API really answers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from django.urls import get_resolver
from jsonschema import Draft202012Validator

from routing.api import schema_examples as examples
from routing.api.parsing import LARGEST_BODY
from routing.api.schema_parts import CALL_PROPERTIES, ROUTED_CALL, TARGET_PROPERTIES
from routing.models import ApiKey, RequestClaim
from routing.services.idempotency import KEY_LIFE
from tests.api.conftest import Api, make_api
from tests.api.world import FakeVapi
from tests.vapi_schema.checker import property_names

BASE = "/api/v1/"
OUR_HEADERS = {"Idempotent-Replayed", "Retry-After", "X-Switchboard-Sandbox"}
# What is asked, and for which path of the description.
ASKED: list[tuple[str, str, Any]] = [
    *(("post", "call", body) for body in examples.CALL_REQUESTS.values()),
    *(("post", "call/web", body) for body in examples.WEB_CALL_REQUESTS.values()),
    *(("post", "resolve", body) for body in examples.RESOLVE_REQUESTS.values()),
    ("post", "resolve?explain=1", {"customer": examples.CUSTOMER}),
    ("get", "calls", None),
    ("get", "calls?explain=1", None),
    ("get", "calls?limit=x", None),
    ("get", "calls/none", None),
    ("get", "call/none", None),
    ("get", "call", None),
    ("post", "call", []),
    ("post", "call", {"customer": {"number": "+525512345678"}}),
    ("post", "call", {"customer": {"number": "+12025550167"}}),
    ("post", "call/web", {"a": "x" * LARGEST_BODY}),
]


@cache
def described() -> dict[str, Any]:
    answer: dict[str, Any] = Client().get("/api/schema?format=json").json()
    return answer


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, said) for path, methods in described()["paths"].items() for method, said in methods.items()]


def find_faults(schema: dict[str, Any], value: object) -> list[str]:
    """Return what is wrong with a value; OpenAPI 3.0 says `nullable` where JSON Schema lists null."""
    whole = _rewrite({**schema, "components": described()["components"]})
    return [fault.message[:200] for fault in Draft202012Validator(whole).iter_errors(value)]


def _rewrite(node: Any) -> Any:
    if isinstance(node, list):
        return [_rewrite(item) for item in node]
    if not isinstance(node, dict):
        return node
    inner = {key: _rewrite(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [inner, {"type": "null"}]} if node.get("nullable") is True else inner


def test_the_description_is_valid_and_nothing_had_to_be_guessed(tmp_path: Path) -> None:
    written = tmp_path / "schema.yaml"

    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(written))

    assert written.read_text().startswith("openapi: 3")


def test_every_endpoint_is_described() -> None:
    routes = [pattern for route in _routes() if (pattern := str(route.pattern))]  # the empty one takes the rest

    assert len(described()["paths"]) == len(routes)
    assert set(described()["paths"]) == {
        f"{BASE}{path}" for path in ("call", "call/web", "call/{id}", "resolve", "calls", "calls/{id}")
    }


def _routes() -> list[Any]:
    whole = next(part for part in get_resolver().url_patterns if str(part.pattern) == "api/v1/")
    return list(whole.url_patterns)  # type: ignore[union-attr]  # a resolver, not a pattern


def test_every_answer_has_a_shape_and_an_example_that_fits_it() -> None:
    for path, method, said in operations():
        assert said["security"] == [{"apiKey": []}]
        assert {"401", "403", "500", "503"} <= said["responses"].keys(), path
        for status, answer in said["responses"].items():
            content = answer["content"]["application/json"]
            shown = [example["value"] for example in content.get("examples", {}).values()]
            assert shown or status == "4XX", (path, method, status)
            assert [find_faults(content["schema"], value) for value in shown] == [[] for _ in shown]


def test_every_request_has_an_example_that_fits_its_shape() -> None:
    sent = [said["requestBody"]["content"]["application/json"] for _, method, said in operations() if method == "post"]

    assert len(sent) == 3
    for content in sent:
        assert content["examples"]
        assert [find_faults(content["schema"], example["value"]) for example in content["examples"].values()] == [
            [] for _ in content["examples"]
        ]


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
@pytest.mark.parametrize("kind", ["secret", "publishable", "unknown"])
def test_what_comes_back_is_as_described(vapi: FakeVapi, kind: str, method: str, path: str, body: Any) -> None:
    api = Api(key="sb_sk_no") if kind == "unknown" else make_api(kind, allowed_origins=["*"])

    answer = api.get(path) if method == "get" else api.post(path, body)

    said = described()["paths"][BASE + _named(path)]
    answers = (said.get(method) or next(iter(said.values())))["responses"]
    schema = answers[str(answer.status_code)]["content"]["application/json"]["schema"]
    assert find_faults(schema, answer.json()) == []
    assert OUR_HEADERS & set(answer.headers) <= answers[str(answer.status_code)].get("headers", {}).keys()


@pytest.mark.parametrize("state", ["placed", "unknown", "running"])
def test_what_comes_back_to_a_request_that_comes_again_is_as_described(vapi: FakeVapi, api: Api, state: str) -> None:
    if state == "unknown":
        vapi.fail(500, {"message": "Oops"})
    api.post("call", {"customer": examples.CUSTOMER})
    if state == "running":
        RequestClaim.objects.update(state="running", answer=None, expires_at=F("started_at") + KEY_LIFE)

    answer = api.post("call", {"customer": examples.CUSTOMER})

    said = described()["paths"][f"{BASE}call"]["post"]["responses"][str(answer.status_code)]
    sent = OUR_HEADERS & set(answer.headers)
    assert sent == ({"Retry-After"} if state == "running" else {"Idempotent-Replayed"})
    assert sent <= said["headers"].keys()


def _named(path: str) -> str:
    return path.partition("?")[0].replace("none", "{id}")


def test_a_recorded_call_is_as_described(vapi: FakeVapi, api: Api) -> None:
    api.post("call", {"customer": examples.CUSTOMER})

    for answer in (api.get("calls").json()["results"][0], api.get("calls/vapi-1").json()):
        assert find_faults({"$ref": "#/components/schemas/RoutedCall"}, answer) == []
        assert answer.keys() <= ROUTED_CALL["properties"].keys()


def test_the_named_properties_are_vapis() -> None:
    assert CALL_PROPERTIES.keys() - {"routing"} <= property_names("CreateCallDTO")
    assert TARGET_PROPERTIES.keys() - {"routing"} <= property_names("CreateWebCallDTO")


@pytest.mark.parametrize("key", ["", "Bearer sb_sk_unknown", "nonsense"])
@pytest.mark.parametrize("path", ["/api/schema", "/api/docs"])
def test_anybody_may_read_it(db: None, path: str, key: str) -> None:
    answer = Client().get(path, headers={"Authorization": key} if key else {})

    assert answer.status_code == 200
    assert ApiKey.objects.count() == 0


def test_the_page_loads_nothing_from_outside() -> None:
    for path in ("/api/docs", "/api/docs?script="):
        text = Client().get(path).content.decode()
        assert "http://" not in text.replace("http://www.w3.org", "")
        assert "https://" not in text
