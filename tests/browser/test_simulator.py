"""The simulator in a real browser."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.once]


def test_a_supervisor_asks_who_answers(boss: Page) -> None:
    boss.goto(boss.url)
    boss.get_by_role("link", name="Simulator").click()
    boss.get_by_label("Customer number").fill("+525512345678")
    boss.get_by_label("Our number").select_option(label="Main line (+12025550111)")
    boss.get_by_role("button", name="Who answers?").click()

    expect(boss.locator(".sb-who")).to_have_text("Recepción ES answers")
    expect(boss.locator(".sb-chosen")).to_contain_text("Mexican callers")
    expect(boss.locator(".sb-chosen")).to_contain_text("wanted MX, seen +525512345678 (MX)")
    expect(boss.get_by_label("Customer number")).to_have_value("+525512345678")


def test_the_link_gives_the_same_answer_again(boss: Page) -> None:
    boss.goto(boss.url)
    boss.get_by_role("link", name="Simulator").click()
    boss.get_by_label("Customer number").fill("+12025550100")
    boss.get_by_role("button", name="Who answers?").click()
    boss.get_by_role("link", name="Link to this answer").click()

    expect(boss.locator(".sb-who")).to_have_text("VIP concierge answers")
    assert "date=20" in boss.url


def test_wrong_input_gets_a_message_and_stays(boss: Page) -> None:
    boss.goto(boss.url)
    boss.get_by_role("link", name="Simulator").click()
    boss.get_by_label("Attributes", exact=True).fill("gold")
    boss.get_by_role("button", name="Who answers?").click()

    expect(boss.get_by_text("Line 1, “gold”: write a name, = and a value")).to_be_visible()
    expect(boss.get_by_label("Attributes", exact=True)).to_have_value("gold")
    expect(boss.locator(".sb-who")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desktop"])
def test_the_answer_is_seen_without_scrolling(width: int, boss: Page) -> None:
    boss.set_viewport_size({"width": width, "height": 844})
    boss.goto(f"{boss.url}simulator/?channel=inbound&customer=%2B12025550100")

    expect(boss.locator(".sb-who")).to_be_in_viewport()
    assert boss.evaluate("document.documentElement.scrollWidth") <= width
