"""The code that the admin's page "Web snippet" shows, run as it stands but for the key; only Daily is a stub."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page

from routing.admin.tools.web_snippet import PAGE_ALONE, SERVER_FIRST, Snippet
from tests.clients.conftest import HERE, bundle
from tests.clients.server import Served, Upstream

(IN_PAGE,) = PAGE_ALONE
ON_SERVER, RECONNECT = SERVER_FIRST


def write_snippet(snippet: Snippet, served: Served, folder: Path) -> Path:
    """Write a snippet as the page shows it, with a key in it."""
    text = render_to_string(snippet.template, {"address": served.api})
    script = folder / Path(snippet.template).name
    script.write_text(text.replace("sb_pk_…", served.publishable_key), encoding="utf-8")
    return script


@pytest.fixture
def shop(browser: Browser, served: Served, tmp_path: Path) -> Iterator[Page]:
    """A page with a button, and its server, which runs the snippet for servers."""
    script = write_snippet(ON_SERVER, served, tmp_path)
    command = ["node", str(HERE / "sdk" / "snippet_server.mjs"), str(script)]
    key = {"SWITCHBOARD_KEY": served.secret_key}
    with subprocess.Popen(command, env=os.environ | key, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        page = browser.new_page()
        page.goto(process.stdout.readline().strip())
        yield page
        page.close()
        process.terminate()


@pytest.mark.parametrize("snippet", [IN_PAGE, RECONNECT], ids=["in the page", "server first"])
def test_a_click_starts_one_routed_call(
    shop: Page, served: Served, upstream: Upstream, tmp_path: Path, snippet: Snippet
) -> None:
    script = bundle(write_snippet(snippet, served, tmp_path), tmp_path / "bundled.js")
    shop.add_script_tag(content=script, type="module")

    shop.get_by_role("button").click()
    shop.wait_for_function("window.joined?.length")

    (sent,) = upstream.sent
    assert sent.get("assistantId") or sent.get("squadId")
    assert shop.evaluate("joined.length") == 1
    if snippet is IN_PAGE:
        overrides = sent.get("assistantOverrides") or sent["squadOverrides"]
        assert overrides["variableValues"]["name"] == "Ada"
        assert "metadata" not in overrides
