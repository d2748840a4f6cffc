"""Numbers brought onto a list in a real browser: the file is chosen once and sent twice."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from routing.models import NumberList

pytestmark = pytest.mark.browser


def test_a_supervisor_imports_a_file(boss: Page, tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"
    file.write_text("Phone;Name;Plan\n(202) 555-0107;عمر;gold\n+1202555;Bo;\n", encoding="utf-8")
    vip = NumberList.objects.get(key="vip")

    boss.goto(f"{boss.url}routing/numberlist/")
    boss.get_by_role("row", name="VIP").get_by_role("link", name="Import or paste").click()
    boss.locator("#id_file").set_input_files(file)
    boss.get_by_role("button", name="Show what would happen").click()
    expect(boss.get_by_text("Nothing has been done yet")).to_be_visible()
    expect(boss.get_by_role("row", name="This is not a telephone number")).to_be_visible()
    boss.get_by_role("button", name="Import the others").click()

    expect(boss.get_by_text("1 added, 0 changed, 0 removed")).to_be_visible()
    entry = vip.entries.get(number="+12025550107")
    assert (entry.label, entry.variables) == ("عمر", {"Plan": "gold"})


def test_changing_the_text_takes_the_button_away(boss: Page) -> None:
    boss.goto(f"{boss.url}routing/numberlist/")
    boss.get_by_role("row", name="VIP").get_by_role("link", name="Import or paste").click()
    boss.get_by_label("or paste numbers here").fill("+12025550107")
    boss.get_by_role("button", name="Show what would happen").click()
    expect(boss.get_by_role("button", name="Import (1 change)")).to_be_visible()

    boss.get_by_label("or paste numbers here").fill("+12025550108")

    expect(boss.get_by_role("button", name="Import (1 change)")).to_have_count(0)
