"""Choosing at Vapi by name, with mouse and keyboard; and fields that come and go with the kind."""

import re

import pytest
from playwright.sync_api import Page, expect

from routing.models import OurNumber, Target, VapiObject

pytestmark = [pytest.mark.browser, pytest.mark.once]


def synchronise(page: Page) -> None:
    page.goto(f"{page.url.partition('/admin/')[0]}/admin/sync/")
    page.get_by_role("button", name="Synchronise now").click()
    expect(page.get_by_role("heading", name=re.compile("^Synchronised "))).to_be_visible(timeout=15_000)


def test_a_newcomer_synchronises_and_chooses_by_name(boss: Page) -> None:
    home = boss.url
    synchronise(boss)
    boss.goto(f"{home}routing/target/add/")

    boss.locator("#id_kind").select_option("assistant")
    field = boss.get_by_role("combobox", name="Assistant or squad")
    field.fill("book")
    option = boss.get_by_role("option", name="Booking (sandbox)")
    expect(option).to_be_visible()
    boss.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    boss.keyboard.press("Enter")
    expect(boss.get_by_label("Name", exact=True).or_(boss.locator("#id_name"))).to_have_value("Booking (sandbox)")
    boss.get_by_role("button", name="Save", exact=True).click()

    expect(boss.get_by_text("Booking (sandbox) · …\u20600002")).to_be_visible()
    target = Target.objects.get(name="Booking (sandbox)")
    assert (target.kind, target.synced_name) == ("assistant", "Booking (sandbox)")


def test_a_number_is_filled_in_from_vapi(boss: Page) -> None:
    VapiObject.objects.create(kind="phone-number", vapi_id="n-1", name="Hotline", number="+12025550171")
    boss.goto(f"{boss.url}routing/ournumber/add/")

    boss.get_by_role("combobox", name="Phone number at Vapi").click()
    boss.get_by_role("option", name="Hotline").click()
    boss.get_by_role("button", name="Save", exact=True).click()

    expect(boss.get_by_text("was added successfully")).to_be_visible()
    number = OurNumber.objects.get(vapi_id="n-1")
    assert (number.name, number.number) == ("Hotline", "+12025550171")


def test_a_target_asks_for_what_its_kind_needs(boss: Page) -> None:
    VapiObject.objects.create(kind="squad", vapi_id="s-1", name="Crew")
    boss.goto(f"{boss.url}routing/target/add/")
    kind, at_vapi = boss.locator("#id_kind"), boss.get_by_role("combobox", name="Assistant or squad")

    kind.select_option("transfer")
    expect(boss.get_by_label("Transfer to number")).to_be_visible()
    expect(at_vapi).to_be_hidden()

    kind.select_option("squad")
    expect(boss.get_by_label("Transfer to number")).to_be_hidden()
    at_vapi.click()
    boss.get_by_role("option", name="Crew").click()
    expect(boss.locator("#id_vapi_id")).to_have_value("s-1")

    kind.select_option("assistant")  # a squad is no assistant
    expect(boss.locator("#id_vapi_id")).to_have_value("")
    expect(at_vapi).to_have_value("")


def test_an_id_that_is_not_in_the_list_is_typed_by_hand(boss: Page) -> None:
    boss.goto(f"{boss.url}routing/target/add/")
    boss.locator("#id_kind").select_option("assistant")

    boss.get_by_role("combobox", name="Assistant or squad").fill("nobody")
    expect(boss.get_by_text("Nothing is known of this kind: synchronise first.")).to_be_visible()
    boss.get_by_text("It is not in the list").click()
    boss.get_by_label("Vapi id").fill("a-9")
    boss.locator("#id_name").fill("By hand")
    boss.get_by_role("button", name="Save", exact=True).click()

    expect(boss.get_by_text("was added successfully")).to_be_visible()
    assert Target.objects.get(name="By hand").vapi_id == "a-9"
