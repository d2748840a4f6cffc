"""A published table, keys of each kind and a Vapi to place calls with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from routing.engine.document import read_document, write_document
from routing.models import ApiKey
from routing.snapshot import store
from routing.snapshot.rows import rows_from_table
from tests.api.world import TABLE, FakeVapi
from tests.snapshot.live_rows import go_live


@dataclass(frozen=True, kw_only=True)
class Api:
    """Asks our API with one key."""

    key: str

    def post(self, path: str, body: object, **headers: str) -> Any:
        """Send a JSON body; a text is sent as it is."""
        text = body if isinstance(body, str) else json.dumps(body)
        return _ask("post", path, self._headers(headers), data=text, content_type="application/json")

    def get(self, path: str, **query: str) -> Any:
        """Ask with a query."""
        return _ask("get", path, self._headers({}), data=query)

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.key}"} | named


def _ask(method: str, path: str, headers: dict[str, str], **rest: Any) -> Any:
    client = Client(raise_request_exception=False)
    return getattr(client, method)(f"/api/v1/{path}", headers=headers, **rest)


def make_api(kind: str, **fields: Any) -> Api:
    """Return a way to ask with a new key."""
    _, key = ApiKey.objects.create_key(f"{kind} key", kind, **fields)
    return Api(key=key)


@pytest.fixture
def published(db: None, settings: Settings, tmp_path: Path) -> Iterator[None]:
    """The table of `world`, live."""
    settings.ROUTING_DATA_DIR = tmp_path
    store.reset()
    table = read_document(TABLE)
    rows_from_table(table)
    go_live(1, write_document(table))
    yield
    store.reset()


@pytest.fixture
def vapi(published: None, settings: Settings, httpserver: HTTPServer) -> FakeVapi:
    """A Vapi that takes every call that its schema allows."""
    settings.VAPI_API_KEY, settings.VAPI_PUBLIC_KEY = "vapi-private", "vapi-public"
    settings.VAPI_BASE_URL = httpserver.url_for("/").rstrip("/")
    fake = FakeVapi(server=httpserver)
    fake.listen()
    return fake


@pytest.fixture
def api(published: None) -> Api:
    """A server's key."""
    return make_api("secret")


@pytest.fixture
def page(published: None) -> Api:
    """A web page's key, good on every page."""
    return make_api("publishable", allowed_origins=["*"])
