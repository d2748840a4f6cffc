"""`make screenshots`: serve the practices' world from a scratch folder and take the pictures."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from playwright.sync_api import Page, sync_playwright

from docs.screenshots import PASSWORD, USER

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "images"
PORT = int(os.environ.get("PORT", "8979"))
BASE = f"http://127.0.0.1:{PORT}/admin/"
PATIENCE_SECONDS = 60
PAGES = {
    "front": "",
    "rules": "routing/rule/",
    "rule": "routing/rule/{rule}/change/",
    "schedule": "routing/schedule/{schedule}/change/",
    "simulator": "simulator/?channel=inbound&customer=%2B525512345678&number=%2B15125550112"
    "&date=2026-12-24&time=10:30&timezone=America/Chicago&table=live",
    "review": "publish/",
    "dashboard": "dashboard/",
}
# Name of the picture -> width, height, dark.
LOOKS = {"": (1280, 860, False), "-dark": (1280, 860, True), "-phone": (390, 844, False)}


def main() -> None:
    """Take every page in every look."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, _server(Path(scratch)) as ids, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox", "--disable-gpu"])
        for suffix, (width, height, dark) in LOOKS.items():
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
                reduced_motion="reduce",
            )
            page = context.new_page()
            _log_in(page)
            for name, path in PAGES.items():
                page.goto(BASE + path.format(**ids), wait_until="networkidle")
                page.screenshot(path=FOLDER / f"{name}{suffix}.png")
                print(f"docs/images/{name}{suffix}.png")
            context.close()
        browser.close()


@contextmanager
def _server(scratch: Path) -> Iterator[dict[str, str]]:
    """Serve a filled database, and yield the ids that addresses need."""
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{scratch / 'db.sqlite3'}",
        "ROUTING_DATA_DIR": str(scratch),
        "TIME_ZONE": "America/Chicago",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "WEB_CONCURRENCY": "1",
    }
    run = {"cwd": ROOT, "env": environment, "check": True}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], **run)  # type: ignore[call-overload]
    filled = subprocess.run(  # type: ignore[call-overload]
        [sys.executable, "-m", "docs.screenshots.fill"], **run, capture_output=True, text=True
    )
    command = [sys.executable, "manage.py", "serve", "--no-demo", "--port", str(PORT)]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait(server)
        yield dict(pair.split("=") for pair in filled.stdout.split())
    finally:
        server.terminate()
        server.wait()


def _wait(server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            requests.get(f"{BASE}login/", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("The server did not start.")


def _log_in(page: Page) -> None:
    page.goto(f"{BASE}login/")
    page.fill("[name=username]", USER)
    page.fill("[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_url(BASE)


def _chromium() -> str:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        raise SystemExit("Chromium is missing: install it (Debian: sudo apt-get install chromium).")
    return path


if __name__ == "__main__":
    main()
