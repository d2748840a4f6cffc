"""The front page, the dashboard and the connection page in a real browser."""

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from routing.models import WebhookCount
from tests.admin.conftest import make_call

pytestmark = [pytest.mark.browser, pytest.mark.once]

SMALL_TEXT = """() => [...document.querySelectorAll('#content-main *')]
  .filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
    && !e.closest('.sb-chart-unseen') && parseFloat(getComputedStyle(e).fontSize) < 12)
  .map(e => e.textContent.trim())"""


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.clear()


@pytest.fixture
def busy(boss: Page) -> Page:
    """Return the front page of a day with calls and a refused message."""
    cache.clear()  # figures are remembered for some seconds
    now = timezone.now()
    for place, channel in enumerate(("inbound", "inbound", "outbound", "web")):
        make_call(now, vapi_call_id=f"call-{place}", channel=channel, answer_ms=2.5)
    WebhookCount.objects.create(hour=now, outcome="unauthorized", count=3, last_at=now, detail="clock: +412")
    boss.reload()
    return boss


def test_a_supervisor_sees_who_answers_and_goes_on_to_the_simulator(busy: Page) -> None:
    line = busy.get_by_role("listitem").filter(has_text="Main line")
    expect(line).to_contain_text("then")

    line.get_by_role("link", name="look at who calls: simulate").click()

    expect(busy.get_by_label("Our number")).to_have_value("+12025550111")
    expect(busy.locator(".sb-who")).to_contain_text("answers")


@pytest.mark.parametrize("path", ["", "dashboard/", "dashboard/?day=week", "connection/"])
def test_pages_fit_on_a_phone_and_can_be_read(path: str, busy: Page, live_server: LiveServer) -> None:
    busy.set_viewport_size({"width": 390, "height": 844})
    busy.goto(f"{live_server.url}/admin/{path}")

    assert busy.evaluate("document.documentElement.scrollWidth") <= 390
    assert busy.evaluate(SMALL_TEXT) == []


def test_the_numbers_behind_a_chart_open_by_keyboard(busy: Page) -> None:
    busy.get_by_role("link", name="Dashboard").last.click()
    busy.locator("summary", has_text="Numbers").focus()
    busy.keyboard.press("Enter")

    expect(busy.locator(".sb-chart-table tbody tr")).to_contain_text("2")
    busy.get_by_role("link", name="Why messages are refused").click()
    expect(busy.get_by_text("ours is 412 s ahead of the message").first).to_be_visible()


def test_the_address_for_vapi_is_copied(boss: Page, live_server: LiveServer) -> None:
    boss.context.grant_permissions(["clipboard-read", "clipboard-write"])
    boss.goto(f"{live_server.url}/admin/connection/")
    boss.get_by_role("button", name="Copy", exact=True).first.click()

    expect(boss.get_by_text("Copied.")).to_be_visible()
    assert boss.evaluate("navigator.clipboard.readText()").endswith("/vapi/webhook")


def test_the_checklist_opens_and_can_be_hidden(boss: Page) -> None:
    boss.goto(boss.url)
    boss.get_by_text("steps done").click()
    expect(boss.get_by_text("Make a test call")).to_be_visible()

    boss.get_by_role("button", name="Hide until I log in again").click()

    expect(boss.get_by_text("Who answers now")).to_be_visible()
    expect(boss.get_by_text("steps done")).to_have_count(0)


def test_the_search_beside_the_menu_speaks_of_pages(boss: Page) -> None:
    """Sabotage seen to fail: leave the theme's own words, which speak of apps and models."""
    boss.goto(boss.url)
    boss.get_by_placeholder("Find a page").press_sequentially("sched")

    expect(boss.locator("#search-results").get_by_role("link", name="Schedules")).to_be_visible()
