"""Pages whose behaviour is in the browser: fields that depend on a kind, and the order of rules."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from routing.models import ApiKey, Rule, Target
from tests.admin.conftest import make_call

pytestmark = [pytest.mark.browser, pytest.mark.once]

# Pages with scripts of their own: searchable lists, dates, lines that are added, fields that come and go.
BUSY = ["rule/add", "target/add", "schedule/add", "webhooksecret/add", "apikey/add"]
BUSY += ["call", "rule", "revision/1/change"]


@pytest.mark.parametrize("path", BUSY)
@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desktop"])
def test_page_fits_and_works_under_its_security_policy(path: str, width: int, boss: Page) -> None:
    boss.set_viewport_size({"width": width, "height": 844})
    boss.goto(f"{boss.url}routing/{path}/")

    expect(boss.locator("#content-main")).to_be_visible()
    assert boss.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", ["target", "call"])
def test_a_long_name_pushes_no_column_out_of_sight(path: str, boss: Page) -> None:
    name = "Warteschleife" * 9
    Target.objects.filter(key="reception").update(name=name)
    make_call(timezone.now(), target_name=name, rule_name=name, target_key="reception")
    boss.goto(f"{boss.url}routing/{path}/")

    last = boss.locator(".result-list thead th").last.bounding_box()

    assert last is not None
    assert last["x"] + last["width"] <= 1280


@pytest.mark.parametrize("path", ["", "routing/rule/", "emergency/"])
def test_the_keyboard_skips_the_menu(path: str, boss: Page) -> None:
    boss.goto(f"{boss.url}{path}")
    main = boss.get_by_role("main")

    boss.keyboard.press("Tab")
    expect(boss.get_by_role("link", name="Skip to the page")).to_be_focused()
    boss.keyboard.press("Enter")
    boss.keyboard.press("Tab")

    assert main.evaluate("main => main.contains(document.activeElement)")


def test_a_rule_moves_with_the_keyboard(boss: Page) -> None:
    boss.goto(f"{boss.url}routing/rule/")

    boss.get_by_role("button", name="Move Mexican callers up").focus()
    boss.keyboard.press("Enter")

    expect(boss.get_by_text("“Mexican callers” is now rule 2.")).to_be_visible()
    assert Rule.objects.get(key="mexico").position == 2


@pytest.mark.parametrize(("kind", "shown"), [("publishable", True), ("secret", False)])
def test_the_pages_of_a_key_can_be_changed_later(kind: str, shown: bool, boss: Page) -> None:
    key, _ = ApiKey.objects.create_key("Shop", kind, allowed_origins=["https://shop.example.com"])

    boss.goto(f"{boss.url}routing/apikey/{key.pk}/change/")

    expect(boss.get_by_label("Allowed web addresses")).to_be_visible(visible=shown)
    expect(boss.get_by_label("When a request names its target")).to_be_visible(visible=not shown)


def test_a_new_key_asks_for_what_its_kind_needs(boss: Page) -> None:
    boss.goto(f"{boss.url}routing/apikey/add/")

    boss.get_by_label("Kind").select_option("publishable")
    expect(boss.get_by_label("Requests a minute")).to_be_visible()
    expect(boss.get_by_label("When a request names its target")).to_be_hidden()

    boss.get_by_label("Kind").select_option("secret")
    expect(boss.get_by_label("Requests a minute")).to_be_hidden()


@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desktop"])
def test_a_snippet_is_copied(width: int, boss: Page) -> None:
    boss.set_viewport_size({"width": width, "height": 844})
    boss.context.grant_permissions(["clipboard-read", "clipboard-write"])
    boss.goto(f"{boss.url}web-snippet/")

    boss.get_by_role("button", name="Copy").first.click()

    expect(boss.get_by_text("Copied.")).to_be_visible()
    assert "@vapi-ai/web" in boss.evaluate("navigator.clipboard.readText()")
    assert boss.evaluate("document.documentElement.scrollWidth") <= width
