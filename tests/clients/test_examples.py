"""The files in `examples/`, run as they stand but for the key and the address."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.clients.conftest import HERE, SDK_PYTHON, bundle
from tests.clients.server import ROOT, Served, Upstream

CONCIERGE = "b0000000-0000-4000-8000-000000000001"


def filled_in(name: str, served: Served) -> str:
    """Return an example with what its reader would fill in."""
    text = (ROOT / "examples" / name).read_text(encoding="utf-8")
    return (
        text.replace("sb_sk_…", served.secret_key)
        .replace("sb_pk_…", served.publishable_key)
        .replace("https://YOUR-HOST", served.url)
    )


@pytest.mark.parametrize(
    ("program", "name"), [(SDK_PYTHON, "python_call.py"), ("node", "node_call.mjs")], ids=["python", "node"]
)
def test_a_server_places_a_call(program: str, name: str, served: Served, upstream: Upstream) -> None:
    script = HERE / "sdk" / f".{name}"  # where node finds the SDK
    script.write_text(filled_in(name, served), encoding="utf-8")
    try:
        ran = subprocess.run([program, str(script)], capture_output=True, text=True, check=True)
    finally:
        script.unlink()

    assert ran.stdout.split()[1] == CONCIERGE


def test_a_page_starts_a_call(page: Page, served: Served, upstream: Upstream, tmp_path: Path) -> None:
    script = tmp_path / "web_call.js"
    script.write_text(filled_in("web_call.js", served), encoding="utf-8")

    with page.expect_console_message(lambda message: message.type == "log") as said:
        page.add_script_tag(content=bundle(script, tmp_path / "page.js"), type="module")

    assert said.value.text.split()[1] in {upstream.sent[0].get("assistantId"), upstream.sent[0].get("squadId")}
