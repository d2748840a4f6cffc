"""The list of rules as a supervisor uses it: dragged, moved by keyboard, switched while a colleague switches."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from routing.models import Rule

pytestmark = [pytest.mark.browser, pytest.mark.once]


@pytest.fixture
def rules(boss: Page) -> Page:
    boss.goto(f"{boss.url}routing/rule/")
    return boss


def order() -> list[str]:
    return list(Rule.objects.order_by("position").values_list("key", flat=True))


def shown(page: Page) -> list[str]:
    rows = page.locator(".sb-rules-row .sb-rules-name").all_inner_texts()
    return [name.strip() for name in rows]


def handle(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=f"Move {name}, rule")


def test_a_rule_is_dragged_past_rules_that_a_filter_hides(rules: Page) -> None:
    rules.goto(f"{rules.url}?enabled__exact=1")
    expect(handle(rules, "Outside office hours")).to_be_visible()
    grip = handle(rules, "Outside office hours").bounding_box()
    goal = rules.locator(".sb-rules-row", has_text="Nobody home").bounding_box()
    assert grip
    assert goal

    rules.mouse.move(grip["x"] + 5, grip["y"] + 5)
    rules.mouse.down()
    rules.mouse.move(grip["x"] + 5, goal["y"] + 20, steps=8)
    rules.mouse.move(grip["x"] + 5, goal["y"] + 3, steps=3)
    rules.mouse.up()

    expect(rules.get_by_text("“Outside office hours” is now rule 4.")).to_be_visible()
    assert order() == ["vip-callers", "spring", "mexico", "closed", "nobody", "gold"]
    assert shown(rules) == ["VIP callers", "Spring offers", "Mexican callers", "Outside office hours", "Nobody home"]


def test_a_rule_is_carried_with_the_keyboard_and_keeps_the_focus(rules: Page) -> None:
    handle(rules, "Mexican callers").focus()
    rules.keyboard.press("Space")
    expect(rules.get_by_role("status").get_by_text("is lifted, 3 of 6 shown")).to_be_visible()
    expect(handle(rules, "Mexican callers")).to_have_attribute("aria-pressed", "true")
    rules.keyboard.press("ArrowUp")
    rules.keyboard.press("ArrowUp")
    expect(rules.get_by_role("status").get_by_text("Above “VIP callers”, 1 of 6 shown.")).to_be_visible()
    rules.keyboard.press("Space")

    expect(rules.get_by_text("“Mexican callers” is now rule 1.")).to_be_visible()
    expect(handle(rules, "Mexican callers")).to_be_focused()
    assert order()[:3] == ["mexico", "vip-callers", "spring"]


@pytest.mark.parametrize("key", ["Escape", "Tab"])
def test_a_lifted_rule_can_be_left_where_it_was(key: str, rules: Page) -> None:
    handle(rules, "Mexican callers").focus()
    for pressed in ("Enter", "ArrowDown", "ArrowDown", key):
        rules.keyboard.press(pressed)

    expect(rules.get_by_text("“Mexican callers” stays where it was.")).to_be_visible()
    assert shown(rules)[2] == "Mexican callers"
    assert order()[2] == "mexico"


def test_a_switch_shows_its_new_state_and_can_be_taken_back(rules: Page) -> None:
    switch = rules.get_by_role("switch", name="Switch for Mexican callers")
    expect(switch).to_be_checked()

    switch.press("Space")
    expect(switch).not_to_be_checked()
    expect(switch).to_be_focused()
    assert not Rule.objects.get(key="mexico").enabled

    switch.click()
    expect(switch).to_be_checked()
    assert Rule.objects.get(key="mexico").enabled


def test_the_slower_of_two_people_is_told_and_sees_the_rule_as_it_is(
    browser: Browser, live_server: LiveServer, rules: Page
) -> None:
    # A profile of its own: the refusal is a status that the other pages' watch takes for a fault.
    context = browser.new_context(storage_state=rules.context.storage_state())
    slower = context.new_page()
    slower.goto(rules.url)
    rules.get_by_role("switch", name="Switch for Mexican callers").click()
    expect(rules.get_by_text("“Mexican callers” is switched off.")).to_be_visible()

    slower.get_by_role("switch", name="Switch for Mexican callers").click()

    expect(slower.get_by_text("“Mexican callers” was not switched, because it changed meanwhile (boss")).to_be_visible()
    expect(slower.get_by_role("switch", name="Switch for Mexican callers")).not_to_be_checked()
    assert not Rule.objects.get(key="mexico").enabled
    context.close()


def test_ticked_rules_are_switched_together_after_one_was_moved(rules: Page) -> None:
    rules.get_by_role("button", name="Move Mexican callers up").click()
    expect(rules.get_by_text("“Mexican callers” is now rule 2.")).to_be_visible()

    rules.get_by_role("checkbox", name="Select Mexican callers").check()
    rules.get_by_role("checkbox", name="Select VIP callers").check()
    expect(rules.get_by_text("2 of 6 selected")).to_be_visible()
    rules.locator("select[name=action]").select_option("switch_off")
    rules.get_by_role("button", name="Run").click()

    expect(rules.get_by_text("Rules switched off: 2.")).to_be_visible()
    assert not Rule.objects.filter(key__in=["mexico", "vip-callers"], enabled=True).exists()


def test_a_copy_and_a_typed_position_come_from_the_menu(rules: Page) -> None:
    rules.get_by_label("More for Spring offers").click()
    rules.get_by_role("button", name="Duplicate").click()
    expect(rules.get_by_text("“Spring offers (copy)” is now rule 3, switched off")).to_be_visible()

    rules.get_by_label("More for Spring offers (copy)").click()
    rules.get_by_role("link", name="Move to position …").click()
    rules.get_by_label("New position").fill("1")
    rules.get_by_role("button", name="Move").click()

    expect(rules.get_by_text("“Spring offers (copy)” is now rule 1.")).to_be_visible()
    assert shown(rules)[0] == "Spring offers (copy)"


def test_the_menu_of_a_low_row_stays_above_the_foot_of_the_window(rules: Page) -> None:
    rules.set_viewport_size({"width": 1280, "height": 500})
    rules.get_by_label("More for Spring offers").click()
    entry = rules.get_by_role("link", name="Delete …")
    expect(entry).to_be_in_viewport()

    covered = entry.evaluate(
        """(link) => {
            const { left, top, width, height } = link.getBoundingClientRect();
            return document.elementFromPoint(left + width / 2, top + height / 2) !== link;
        }"""
    )

    assert not covered


def test_carried_down_a_rule_goes_right_below_the_last_one_it_passed(rules: Page) -> None:
    rules.goto(f"{rules.url}?enabled__exact=1")  # hides a rule below “Nobody home”
    handle(rules, "VIP callers").focus()
    for pressed in ("Space", "ArrowDown", "ArrowDown", "ArrowDown", "Space"):
        rules.keyboard.press(pressed)

    expect(rules.get_by_text("“VIP callers” is now rule 4.")).to_be_visible()
    assert order() == ["spring", "mexico", "nobody", "vip-callers", "gold", "closed"]


def test_a_colleagues_new_rule_comes_along_and_the_message_stays(rules: Page) -> None:
    Rule.objects.create(name="Added by a colleague")

    rules.get_by_role("switch", name="Switch for Mexican callers").click()

    expect(rules.get_by_text("“Mexican callers” is switched off.")).to_be_visible()
    expect(rules.get_by_text("Added by a colleague", exact=True)).to_be_visible()
    expect(rules.get_by_role("switch", name="Switch for Mexican callers")).to_be_focused()
