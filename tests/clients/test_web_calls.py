"""Web calls as Vapi's SDK for browsers starts them: a real browser, a page of another origin, only Daily is a stub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.clients.conftest import HERE, bundle
from tests.clients.server import Served, Upstream

OTHER = "c0000000-0000-4000-8000-000000000001"
STARTED = {
    "auto": ["auto"],
    "facts": [{"userId": "u-1", "plan": "gold"}],
    "named, and routed anyway": [OTHER],
    "variables": ["auto", {"variableValues": {"name": "Ada"}}],
}


@pytest.mark.parametrize("what", STARTED.values(), ids=STARTED)
@pytest.mark.parametrize("slash", ["", "/"], ids=["", "slash"])
def test_a_page_starts_a_routed_call(
    page: Page, served: Served, upstream: Upstream, tmp_path: Path, what: list[Any], slash: str
) -> None:
    page.add_script_tag(content=bundle(HERE / "sdk" / "web_sdk.js", tmp_path / "sdk.js"), type="module")

    started = page.evaluate(
        "([key, url, what]) => startCall(key, url, ...what)", [served.publishable_key, served.api + slash, what]
    )

    routed = upstream.sent[0].get("assistantId") or upstream.sent[0].get("squadId")
    assert started["problems"] == []
    assert routed
    assert routed != OTHER
    assert (started["call"].get("assistantId") or started["call"].get("squadId")) == routed
    assert page.evaluate("joined[0].url") == started["call"]["webCallUrl"]
    assert len(upstream.sent) == 1


def test_a_page_is_told_what_was_refused(page: Page, served: Served, upstream: Upstream, tmp_path: Path) -> None:
    page.add_script_tag(content=bundle(HERE / "sdk" / "web_sdk.js", tmp_path / "sdk.js"), type="module")
    overrides = {"firstMessage": "Say what I want."}

    started = page.evaluate(
        "([key, url, what]) => startCall(key, url, ...what)", [served.publishable_key, served.api, ["auto", overrides]]
    )

    assert "firstMessage" in str(started["problems"])
    assert upstream.sent == []
