"""The API's page works under its security policy, with files of this server alone."""

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.once]


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desktop"])
def test_the_apis_page_shows_every_endpoint(width: int, page: Page, live_server: LiveServer, db: None) -> None:
    """The fixture fails the test on faults in the console and on requests that leave the site."""
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{live_server.url}/api/docs")

    expect(page.locator(".opblock")).to_have_count(6)
    page.locator("#operations-calls-placeCall button.opblock-summary-control").click()
    expect(page.get_by_text(re.compile("Who is called|The table decides")).first).to_be_visible()
