"""Vapi's own SDKs, each in a process of its own, and the server that they talk to. `make test-clients` runs these."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest
from playwright.sync_api import Browser, Page
from pytest_httpserver import HTTPServer

from tests.browser.conftest import browser as browser
from tests.clients.server import ROOT, Served, Upstream, serving

HERE = Path(__file__).parent
SDK_PYTHON = os.environ.get("CLIENTS_PYTHON", str(HERE / ".venv" / "bin" / "python"))
COMMANDS = {
    "python": [SDK_PYTHON, str(HERE / "sdk" / "python_sdk.py")],
    "typescript": ["node", str(HERE / "sdk" / "typescript_sdk.mjs")],
}
MEXICANS = itertools.count(10_000_000)


@dataclass(frozen=True, kw_only=True)
class Sdk:
    """One of Vapi's SDKs: what it places, it places at our server."""

    name: str
    requests: IO[str]
    answers: IO[str]
    served: Served

    def create(self, *, token: str | None = None, url: str | None = None, timeout: float = 60, **call: Any) -> Any:
        """Return `{"call": …}` or `{"error": {"name", "status", "body"}}`, as the SDK tells them."""
        asked = {"token": token or self.served.secret_key, "url": url or self.served.api, "timeout": timeout}
        self.requests.write(json.dumps(asked | {"call": call}) + "\n")
        self.requests.flush()
        return json.loads(self.answers.readline())


@pytest.fixture(scope="session")
def wire() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1", port=0, threaded=True) as server:
        yield server


@pytest.fixture(scope="session")
def served(wire: HTTPServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    vapi = {"VAPI_API_KEY": "private", "VAPI_PUBLIC_KEY": "public", "VAPI_BASE_URL": wire.url_for("").rstrip("/")}
    with serving(tmp_path_factory.mktemp("data"), **vapi) as server:
        yield server


@pytest.fixture
def upstream(wire: HTTPServer) -> Iterator[Upstream]:
    """A Vapi that has seen nothing yet."""
    fake = Upstream()
    wire.clear()
    for path in ("/call", "/call/web"):
        wire.expect_request(path, method="POST").respond_with_handler(fake.answer)
    yield fake
    fake.released.set()


@pytest.fixture(scope="session", params=sorted(COMMANDS))
def sdk(request: pytest.FixtureRequest, served: Served) -> Iterator[Sdk]:
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(COMMANDS[request.param], cwd=ROOT, **pipes) as process:
        assert process.stdin
        assert process.stdout
        yield Sdk(name=request.param, requests=process.stdin, answers=process.stdout, served=served)
        process.stdin.close()


@pytest.fixture
def mexican() -> dict[str, str]:
    """Somebody new: the demo's table gives them the Spanish reception at any hour, and nobody is called twice."""
    return {"number": f"+5255{next(MEXICANS)}"}


def bundle(script: Path, to: Path) -> str:
    """Return the script with the SDK in it, as a page's build makes it."""
    subprocess.run(["node", str(HERE / "sdk" / "bundle.mjs"), str(script), str(to)], check=True)
    return to.read_text(encoding="utf-8")


@pytest.fixture
def page(browser: Browser, wire: HTTPServer, upstream: Upstream) -> Iterator[Page]:
    """An empty page of the upstream's origin, which is not ours."""
    wire.expect_request("/page").respond_with_data("<!doctype html>", content_type="text/html")
    page = browser.new_page()
    page.goto(wire.url_for("/page"))
    yield page
    page.close()
