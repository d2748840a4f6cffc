"""The week grid of a schedule in a real browser: what it writes, what it follows and what the preview says."""

import pytest
from playwright.sync_api import Locator, Page, expect

from routing.models import Schedule

pytestmark = [pytest.mark.browser, pytest.mark.once]


@pytest.fixture
def desk(boss: Page) -> Page:
    """Return the page of the office's hours."""
    boss.set_viewport_size({"width": 1280, "height": 1400})
    boss.goto(f"{boss.url}routing/schedule/{Schedule.objects.get().pk}/change/")
    return boss


def text(page: Page) -> Locator:
    return page.get_by_label("Weekly hours")


def track(page: Page, day: int) -> Locator:
    return page.locator(f".sb-schedule-grid [data-day='{day}']")


def drag(page: Page, start: tuple[int, float], end: tuple[int, float]) -> None:
    """Press at a day and hour of the grid and let go at another."""
    for at, act in ((start, page.mouse.down), (end, page.mouse.up)):
        box = track(page, at[0]).bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] * at[1] / 24, box["y"] + box["height"] / 2, steps=4)
        act()


def test_hours_are_drawn_with_the_pointer(desk: Page) -> None:
    expect(desk.get_by_role("button", name="Monday 09:00-17:00")).to_be_visible()

    drag(desk, (5, 10), (5, 14))
    expect(text(desk)).to_have_value("Mo-Fr 09:00-17:00; Sa 10:00-14:00; PH off")

    drag(desk, (5, 16), (5, 18))
    expect(text(desk)).to_have_value("Mo-Fr 09:00-17:00; Sa 10:00-14:00,16:00-18:00; PH off")

    drag(desk, (0, 16.95), (0, 12))
    expect(text(desk)).to_have_value("Mo 09:00-12:00; Tu-Fr 09:00-17:00; Sa 10:00-14:00,16:00-18:00; PH off")
    expect(desk.locator(".sb-schedule-strip")).to_contain_text("10:00-14:00, 16:00-18:00")


def test_a_night_is_drawn_on_into_the_next_day_and_added_to_that_days_hours(desk: Page) -> None:
    drag(desk, (4, 22), (5, 6))

    expect(text(desk)).to_have_value("Mo-Th 09:00-17:00, Fr 09:00-17:00,22:00-06:00; PH off")
    expect(desk.locator(".sb-schedule-tail")).to_have_text("until 06:00")
    expect(desk.get_by_text("Hours reach into the next day here.")).to_be_visible()


def test_hours_are_changed_with_the_keyboard_alone(desk: Page) -> None:
    desk.get_by_role("button", name="Monday 09:00-17:00").focus()

    desk.keyboard.press("ArrowRight")
    desk.keyboard.press("Shift+ArrowRight")
    expect(text(desk)).to_have_value("Mo 09:15-17:30; Tu-Fr 09:00-17:00; PH off")

    desk.keyboard.press("Delete")
    expect(text(desk)).to_have_value("Tu-Fr 09:00-17:00; PH off")

    desk.locator("[data-copy='1']").press("Enter")
    desk.get_by_role("group", name="Copy Tuesday to").get_by_role("button", name="Every day").press("Enter")
    expect(text(desk)).to_have_value("Mo-Su 09:00-17:00; PH off")


def test_hours_are_written_as_times(desk: Page) -> None:
    desk.get_by_text("Exact times, day by day").click()

    desk.get_by_role("button", name="Add hours on Sunday").click()
    desk.get_by_label("Sunday, from").fill("20")
    desk.get_by_label("Sunday, to").fill("2:00")
    desk.get_by_label("Sunday, to").press("Tab")

    expect(text(desk)).to_have_value("Mo-Fr 09:00-17:00, Su 20:00-02:00; PH off")
    desk.get_by_role("button", name="Remove these hours on Sunday").click()
    expect(text(desk)).to_have_value("Mo-Fr 09:00-17:00; PH off")


def test_the_grid_follows_what_is_typed_until_it_cannot(desk: Page) -> None:
    text(desk).fill("Sa-Su 10:00-14:00; PH 11:00-12:00")
    expect(desk.get_by_role("button", name="Sunday 10:00-14:00")).to_be_enabled()
    expect(desk.get_by_label("Hours on public holidays")).to_have_value("11:00-12:00")

    text(desk).fill("Jan-Mar Mo-Fr 09:00-17:00; PH off")
    expect(
        desk.get_by_text("Written by hand: a week grid cannot show it, because it has months or dates.")
    ).to_be_visible()
    expect(desk.locator(".sb-schedule-grid")).to_be_hidden()

    text(desk).fill("Mo-Fr 9 to 5")
    expect(desk.locator(".sb-schedule-error")).to_contain_text("Cannot be read: the fault is at character 7")

    desk.get_by_role("button", name="Replace the text by a week in the grid").click()
    expect(text(desk)).to_have_value("Mo-Fr 09:00-17:00; PH off")
    expect(desk.locator(".sb-schedule-error")).to_have_count(0)


def test_a_country_closes_its_holidays_and_lists_them(desk: Page) -> None:
    desk.get_by_label("Holiday country").select_option("")
    expect(text(desk)).to_have_value("Mo-Fr 09:00-17:00")

    desk.get_by_label("Holiday country").select_option(label="Spain (ES)")
    expect(text(desk)).to_have_value("Mo-Fr 09:00-17:00; PH off")
    expect(desk.get_by_role("region", name="Public holidays")).to_contain_text("12 Oct")

    desk.get_by_label("Public holidays are").select_option(label="open at these hours")
    expect(text(desk)).to_have_value("Mo-Fr 09:00-17:00; PH 10:00-12:00")


def test_an_exception_that_overlaps_is_told_before_it_is_saved(desk: Page) -> None:
    desk.get_by_text("Add another Exception").click()
    desk.locator("[name=exceptions-1-starts_on]").fill("2026-12-24")
    desk.locator("[name=exceptions-1-hours]").fill("10:00-11:00")

    expect(desk.locator("td:has([name=exceptions-1-starts_on]) .sb-schedule-error")).to_contain_text(
        "overlap with the exception of 24 Dec 2026"
    )


def test_the_zone_is_asked_again_and_months_are_turned(desk: Page) -> None:
    desk.locator(".field-timezone .select2-selection").click()
    desk.locator(".select2-search__field").last.fill("Madrid")
    desk.get_by_role("option", name="Europe/Madrid").click()
    expect(desk.get_by_text("There it is now")).to_contain_text("Europe/Madrid")

    first = desk.locator(".sb-schedule-month caption").nth(1).inner_text()
    desk.get_by_role("button", name="Later").press("Enter")
    expect(desk.locator(".sb-schedule-month caption").first).to_have_text(first)
    expect(desk.get_by_role("button", name="Later")).to_be_focused()


def test_the_page_fits_a_phone_and_saves(boss: Page) -> None:
    boss.set_viewport_size({"width": 390, "height": 844})
    boss.goto(f"{boss.url}routing/schedule/add/")

    boss.get_by_label("Name").fill("Weekend")
    boss.locator("#id_timezone").select_option("Europe/Madrid", force=True)
    boss.get_by_role("button", name="Add hours on Saturday").click()
    expect(boss.get_by_text("There it is now")).to_contain_text("Europe/Madrid")
    assert boss.evaluate("document.documentElement.scrollWidth") <= 390
    boss.get_by_role("button", name="Save", exact=True).click()

    expect(boss.get_by_text("was added successfully")).to_be_visible()
    assert Schedule.objects.get(name="Weekend").opening_hours == "Sa 09:00-17:00"


def test_a_page_that_comes_back_with_a_fault_shows_what_was_typed(desk: Page) -> None:
    """Sabotage seen to fail: ask for the preview only where the text differs from the page's own."""
    text(desk).fill("Sa 10:00-14:00; PH off")
    desk.get_by_label("Name").fill("")
    desk.get_by_role("button", name="Save", exact=True).click()

    expect(desk.get_by_text("This field is required")).to_be_visible()
    expect(text(desk)).to_have_value("Sa 10:00-14:00; PH off")
    expect(desk.get_by_role("button", name="Saturday 10:00-14:00")).to_be_visible()
    expect(desk.get_by_role("region", name="Next changes")).to_contain_text("Sat")
    expect(desk.get_by_role("region", name="Next changes")).not_to_contain_text("Mon")


def test_a_log_out_meanwhile_is_told_before_saving(desk: Page) -> None:
    desk.context.clear_cookies(name="sessionid")

    text(desk).fill("Sa 10:00-14:00; PH off")

    expect(desk.get_by_text("You are logged out: copy what you typed before you save.")).to_be_visible()


def test_a_fault_in_an_exception_leaves_the_drawn_week_as_it_was(desk: Page) -> None:
    text(desk).fill("Sa 10:00-14:00; PH off")
    desk.get_by_text("Add another Exception").click()
    desk.locator("[name=exceptions-1-starts_on]").fill("2026-12-31")
    desk.locator("[name=exceptions-1-hours]").fill("9-12")
    desk.get_by_role("button", name="Save", exact=True).click()

    expect(desk.get_by_text("'9-12' is not hours").first).to_be_visible()
    expect(desk.locator(".sb-schedule-strip")).to_contain_text("10:00-14:00")
    drag(desk, (6, 10), (6, 12))
    expect(text(desk)).to_have_value("Sa 10:00-14:00; Su 10:00-12:00; PH off")


def test_the_week_of_the_slower_of_two_editors_is_drawn_on(desk: Page) -> None:
    text(desk).fill("Sa 10:00-14:00; PH off")
    Schedule.objects.update(opening_hours="Mo 01:00-02:00; PH off")
    desk.get_by_role("button", name="Save", exact=True).click()

    expect(desk.get_by_text("while you were editing it").first).to_be_visible()
    expect(desk.locator(".sb-schedule-strip")).to_contain_text("10:00-14:00")
    drag(desk, (6, 10), (6, 12))
    expect(text(desk)).to_have_value("Sa 10:00-14:00; Su 10:00-12:00; PH off")
