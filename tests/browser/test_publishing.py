"""From an edit to a live revision and back, in a real browser; and two people on one form."""

import re

import pytest
from playwright.sync_api import Page, expect

from routing.models import LiveState, Rule, Target
from tests.browser.test_accessibility import AXE, SERIOUS

pytestmark = pytest.mark.browser


PAGES = ["publish/", "publish/discard/", "routing/revision/1/change/", "routing/revision/"]


def bar(page: Page) -> str:
    return page.locator(".sb-publishing-bar").inner_text()


def test_an_edit_is_reviewed_published_and_undone(boss: Page) -> None:
    rule = Rule.objects.get(key="mexico")
    boss.goto(f"{boss.url}routing/rule/{rule.pk}/change/")
    boss.get_by_label("Name", exact=True).fill("Mexico")
    boss.get_by_role("button", name="Save", exact=True).click()

    expect(boss.locator(".sb-publishing-bar")).to_contain_text("1 unpublished change")
    boss.get_by_role("link", name="Review", exact=True).click()
    expect(boss.get_by_text("renamed from “Mexican callers”")).to_be_visible()
    boss.get_by_label("What changed, and why?").fill("Shorter")
    boss.get_by_role("button", name="Publish", exact=True).click()
    expect(boss.get_by_text("Revision 2 is live")).to_be_visible()
    expect(boss.locator(".sb-publishing-bar")).to_have_count(0)

    boss.get_by_role("link", name="Undo: back to revision 1").click()
    boss.get_by_role("button", name="Restore revision 1").click()
    expect(boss.get_by_text("Revision 3 is live: it equals revision 1")).to_be_visible()
    assert Rule.objects.get(key="mexico").name == "Mexican callers"


def test_enter_saves_and_does_not_publish(boss: Page) -> None:
    target = Target.objects.get(key="sorry")
    boss.goto(f"{boss.url}routing/target/{target.pk}/change/")

    boss.locator("[name=name]").fill("Sorry!")
    boss.locator("[name=name]").press("Enter")

    boss.wait_for_url(re.compile("/target/$"))
    assert Target.objects.get(key="sorry").name == "Sorry!"
    assert LiveState.load().revision_id == 1


def test_one_button_saves_and_publishes(boss: Page) -> None:
    target = Target.objects.get(key="sorry")
    boss.goto(f"{boss.url}routing/target/{target.pk}/change/")

    boss.locator("[name=name]").fill("Sorry!")
    boss.get_by_role("button", name="Save and publish").click()

    expect(boss.get_by_text("Revision 2 is live")).to_be_visible()


def test_the_second_of_two_people_keeps_targets_and_text(boss: Page) -> None:
    address = f"{boss.url}routing/rule/{Rule.objects.get(key='spring').pk}/change/"
    colleague = boss.context.new_page()
    boss.goto(address)
    colleague.goto(address)
    colleague.get_by_label("Name", exact=True).fill("Theirs")
    colleague.locator("[name=arms-0-weight]").fill("40")
    colleague.locator("[name=arms-1-weight]").fill("60")
    colleague.get_by_role("button", name="Save", exact=True).click()
    colleague.wait_for_url(re.compile("/rule/$"))

    boss.get_by_label("Name", exact=True).fill("Mine")
    boss.locator("[name=arms-0-weight]").fill("10")
    boss.locator("[name=arms-1-weight]").fill("90")
    boss.get_by_role("button", name="Save", exact=True).click()

    told = boss.get_by_role("region", name="Differences")
    expect(told).to_contain_text("Theirs")
    expect(told).to_contain_text("Mine")
    expect(boss.get_by_label("Name", exact=True)).to_have_value("Mine")
    expect(boss.locator("[name=arms-1-weight]")).to_have_value("90")
    assert Rule.objects.get(key="spring").name == "Theirs"
    boss.evaluate(AXE)
    assert boss.evaluate(SERIOUS) == []

    boss.get_by_role("button", name="Save", exact=True).click()
    boss.wait_for_url(re.compile("/rule/$"))
    rule = Rule.objects.get(key="spring")
    assert rule.name == "Mine"
    assert sorted(rule.arms.values_list("weight", flat=True)) == [10, 90]


@pytest.mark.parametrize("page_name", PAGES)
def test_the_pages_fit_on_a_phone(page_name: str, boss: Page) -> None:
    Rule.objects.filter(key="mexico").update(customer=["+1202555*", "MX", "US", "CA"], note="long " * 40)
    boss.set_viewport_size({"width": 390, "height": 844})

    boss.goto(f"{boss.url}{page_name}")

    expect(boss.locator("#content-main")).to_be_visible()
    assert "1 unpublished change" in bar(boss)
    assert boss.evaluate("document.documentElement.scrollWidth") <= 390
