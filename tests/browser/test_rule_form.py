"""The page of one rule in a real browser, as a supervisor fills it in."""

import pytest
from playwright.sync_api import Page, expect

from routing.models import Rule

pytestmark = [pytest.mark.browser, pytest.mark.once]


def open_rule(page: Page, key: str) -> None:
    page.goto(f"{page.url}routing/rule/{Rule.objects.get(key=key).pk}/change/")
    expect(page.get_by_text("Calls it would take")).to_be_visible()


def add_condition(page: Page, name: str) -> None:
    page.get_by_role("button", name="Add condition").click()
    page.get_by_role("menuitem", name=name).click()


def choose(page: Page, where: str, name: str) -> None:
    """Choose from one of the theme's lists, which ask the server while one types."""
    page.locator(f"{where} .select2-selection").click()
    page.keyboard.type(name)
    page.locator(".select2-results__option", has_text=name).first.click()


def chips(page: Page) -> list[str]:
    return page.locator(".sb-chip b").all_text_contents()


@pytest.fixture
def rule_page(boss: Page) -> Page:
    boss.goto(f"{boss.url}routing/rule/add/")
    expect(boss.get_by_text("Calls it would take")).to_be_visible()
    return boss


def test_a_supervisor_makes_a_rule(rule_page: Page) -> None:
    page = rule_page
    expect(
        page.get_by_text("No condition: this rule takes every call that no earlier rule takes.").first
    ).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Spanish evenings")
    add_condition(page, "Customer's number")
    field = page.get_by_role("combobox", name="Add a number")
    field.fill("spai")
    field.press("ArrowDown")
    field.press("Enter")
    field.fill("(202) 555-0100")
    field.press("Enter")
    expect(page.locator(".sb-chip")).to_have_count(2)  # until then what stands below may move
    add_condition(page, "Schedule")
    choose(page, "[data-block=schedule]", "Office hours")
    page.get_by_label("Schedule is").select_option("closed")
    choose(page, "#arms-0", "Night desk")
    page.get_by_role("button", name="Add target").click()
    choose(page, "#arms-1", "Reception")
    page.locator("[name=arms-0-weight]").fill("60")
    expect(page.get_by_text("60 + 0 = 60: 40 left")).to_be_visible()
    page.get_by_role("button", name="Share the rest").click()
    sentence = "ES callers or +12025550100 outside Office hours → 60 % Night desk, 40 % Reception"
    expect(page.locator(".sb-preview-sentence")).to_have_text(sentence)
    page.get_by_role("button", name="Save and continue editing").click()

    expect(page.locator(".sb-preview-sentence")).to_have_text(sentence)
    expect(page.locator(".sb-chip")).to_have_count(2)
    rule = Rule.objects.get(name="Spanish evenings")
    assert rule.customer == ["ES", "+12025550100"]
    assert [(arm.target.key, arm.weight) for arm in rule.arms.all()] == [("night", 60), ("reception", 40)]


def test_hundreds_of_numbers_are_pasted_at_once(rule_page: Page) -> None:
    page = rule_page
    add_condition(page, "Customer's number")
    numbers = "\n".join(
        ["+1415*", "+14155550100; 12345, Spain\tESX", "", *(f"+1212555{n:04}" for n in range(2000, 2300))]
    )

    page.get_by_role("combobox", name="Add a number").evaluate(
        """(field, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text", text + "\\n+14155550100");
            field.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
        }""",
        numbers,
    )

    expect(page.locator(".sb-chip")).to_have_count(305)
    expect(page.locator(".sb-chips-foot")).to_contain_text("1 stood there already and is left out")
    kinds = {kind: page.locator(f".sb-chip-{kind}").count() for kind in ("exact", "prefix", "country", "other")}
    assert kinds == {"exact": 301, "prefix": 1, "country": 1, "other": 2}
    assert page.locator(".sb-chip-covered b").all_text_contents() == ["+1 415-555-0100"]
    assert len(page.locator("#id_customer").input_value().splitlines()) == 305


def test_a_removed_condition_is_really_gone(boss: Page) -> None:
    open_rule(boss, "mexico")
    assert chips(boss) == ["Mexico (MX)"]

    boss.get_by_role("button", name="Remove condition: The customer's number is any of").click()
    expect(boss.get_by_text("No condition: this rule takes every call").first).to_be_visible()
    add_condition(boss, "Attributes")
    boss.locator("#id_attributes-0-key").fill("plan")
    boss.locator("#id_attributes-0-op").select_option("is known")
    boss.get_by_role("button", name="Save and continue editing").click()

    expect(boss.locator(".sb-preview-sentence")).to_have_text("Calls, if plan is known → Recepción ES")
    rule = Rule.objects.get(key="mexico")
    assert (rule.customer, rule.attributes.get().op) == ([], "exists")


def test_the_menu_of_conditions_works_by_keyboard(rule_page: Page) -> None:
    page = rule_page
    opener = page.get_by_role("button", name="Add condition")
    opener.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Way the call comes")).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_role("menuitem", name="Attributes")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")

    expect(page.get_by_label("Inbound")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator(".sb-preview-sentence")).to_have_text("Inbound calls → nobody")


def test_a_condition_that_was_added_is_not_forgotten_empty(rule_page: Page) -> None:
    page = rule_page
    page.get_by_label("Name", exact=True).fill("For a campaign")
    choose(page, "#arms-0", "Night desk")
    add_condition(page, "Way the call comes")
    page.get_by_label("Inbound").check()
    add_condition(page, "Campaigns")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("Nothing stands here: fill it in, or remove this condition.")).to_be_visible()
    assert not Rule.objects.filter(name="For a campaign").exists()

    page.get_by_role("button", name="Remove condition: The call belongs to any of these campaigns").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert Rule.objects.get(name="For a campaign").channels == ["inbound"]


def test_a_block_goes_with_its_last_attribute(rule_page: Page) -> None:
    add_condition(rule_page, "Attributes")
    rule_page.get_by_role("button", name="Remove this attribute").click()

    expect(rule_page.locator("[data-block=attributes]")).to_be_hidden()
    expect(rule_page.get_by_role("button", name="Add condition")).to_be_focused()


def test_the_menu_of_conditions_stays_above_the_bar_of_buttons(rule_page: Page) -> None:
    rule_page.set_viewport_size({"width": 1280, "height": 800})
    rule_page.get_by_role("button", name="Add condition").click()

    rule_page.get_by_role("menuitem", name="Attributes").click(timeout=2000)  # refused while something covers it

    expect(rule_page.locator("#id_attributes-0-key")).to_be_focused()


def test_a_wrong_number_is_told_by_its_chip_alone_after_saving(rule_page: Page) -> None:
    add_condition(rule_page, "Customer's number")
    rule_page.get_by_role("combobox", name="Add a number").fill("+1415555012x")
    rule_page.get_by_role("button", name="Save", exact=True).click()

    expect(rule_page.get_by_text("Please correct the errors below.")).to_be_visible()
    expect(rule_page.locator(".sb-chip-invalid").get_by_text("is not a telephone number")).to_be_visible()
    expect(rule_page.locator("[data-block=customer] .sb-ruleform-error")).to_have_count(0)


def test_a_log_out_meanwhile_is_told_before_saving(boss: Page) -> None:
    open_rule(boss, "mexico")
    boss.context.clear_cookies(name="sessionid")

    boss.get_by_label("Note").fill("Typed for half an hour")

    expect(boss.get_by_text("You are logged out: copy what you typed before you save.")).to_be_visible()


def test_what_is_wrong_stays_as_it_was_typed(boss: Page) -> None:
    open_rule(boss, "spring")
    boss.get_by_text("Settings that change for these calls").click()
    boss.get_by_label("Name of the variable").first.fill("count")
    boss.get_by_label("Kind of value").first.select_option("number")
    boss.get_by_label("Value", exact=True).first.fill("many")
    expect(boss.get_by_text("Write a number such as 12 or 12.5")).to_be_visible()
    boss.get_by_label("Everything else, as JSON").fill('{"a": 1,\n}')
    expect(boss.get_by_text("look at line 2, column 1")).to_be_visible()
    boss.locator("[name=arms-0-weight]").fill("20")
    boss.get_by_role("button", name="Save", exact=True).click()

    expect(boss.get_by_text("The shares add up to 90 %").first).to_be_visible()
    expect(boss.get_by_text("This is not JSON (line 2, column 1").first).to_be_visible()
    expect(boss.get_by_label("Value", exact=True).first).to_have_value("many")
    expect(boss.locator("[name=arms-0-weight]")).to_have_value("20")


def test_targets_are_put_in_another_order(boss: Page) -> None:
    open_rule(boss, "spring")

    boss.get_by_role("button", name="Move this target down").first.click()
    expect(boss.locator(".sb-preview-sentence")).to_contain_text("→ 70 % Reception, 30 % Front desk")
    boss.get_by_role("button", name="Save and continue editing").click()

    expect(boss.locator(".sb-preview-sentence")).to_contain_text("→ 70 % Reception, 30 % Front desk")
    assert [arm.target.key for arm in Rule.objects.get(key="spring").arms.all()] == ["reception", "desk"]


def test_the_form_fits_a_phone(boss: Page) -> None:
    boss.set_viewport_size({"width": 390, "height": 844})
    boss.goto(f"{boss.url}routing/rule/{Rule.objects.get(key='mexico').pk}/change/")

    expect(boss.locator(".sb-chip")).to_have_count(1)
    expect(boss.get_by_text("Calls it would take")).to_be_hidden()
    boss.get_by_role("heading", name="What this rule does").click()
    expect(boss.get_by_text("Calls it would take")).to_be_visible()
    assert boss.evaluate("document.documentElement.scrollWidth") <= 390
