"""A real browser that fails the test on any fault of a page, and on any request that leaves the site."""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from routing.services.import_table import import_table
from routing.services.publish import publish
from routing.snapshot import store
from tests.admin.conftest import TABLE

# Playwright's own loop makes Django believe that it runs in asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
NO_ICON = '<link rel="icon" href="data:,">'  # or the browser asks for one
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.fail(
            "Chromium is missing: install it (Debian: apt-get install chromium) or run make test.", pytrace=False
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Return a page of a fresh browser profile; what went wrong in it is told at the end of the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("console", lambda line: faults.append(f"console: {line.text}") if line.type == "error" else None)
    page.on(
        "response", lambda answer: faults.append(f"{answer.status}: {answer.url}") if answer.status >= 400 else None
    )
    local = (live_server.url, "data:", "blob:")
    page.on("request", lambda asked: None if asked.url.startswith(local) else faults.append(f"off-site: {asked.url}"))
    yield page
    context.close()
    assert not faults


@pytest.fixture
def boss(page: Page, live_server: LiveServer, transactional_db: None) -> Page:
    """Return an empty page of a superuser, at the address of a small company's admin.

    Nobody types the password: the two pages of a log-in would take longer than most tests.
    """
    store.reset()
    admin = User.objects.create_superuser("boss", "boss@example.com", "boss")
    import_table(TABLE)
    publish(author=admin, note="The first table", now=timezone.now())
    client = Client()
    client.force_login(admin)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    front = f"{live_server.url}/admin/"
    page.route(front, lambda route: route.fulfill(content_type="text/html", body=NO_ICON))
    page.goto(front)
    page.unroute(front)
    return page
