"""Numbers brought onto a list in a real browser: the file is chosen once and sent twice."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from routing.models import NumberList

pytestmark = [pytest.mark.browser, pytest.mark.once]


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


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "A CSV or Excel file: The submitted file is empty."),
        (b"number,label\n" + b"+12025550100,Ada Lovelace of London\n" * 700_000, "large"),
        (b"1\n" * 200_002, "more than 200,000 rows"),
    ],
    ids=["empty", "too large", "too many rows"],
)
def test_a_file_that_is_refused_says_why(boss: Page, tmp_path: Path, content: bytes, said: str) -> None:
    """Sabotage seen to fail: leave the form's errors out of what the script takes over."""
    file = tmp_path / "numbers.csv"
    file.write_bytes(content)

    boss.goto(f"{boss.url}routing/numberlist/")
    boss.get_by_role("row", name="VIP").get_by_role("link", name="Import or paste").click()
    boss.locator("#id_file").set_input_files(file)
    boss.get_by_role("button", name="Show what would happen").click()

    refused = boss.get_by_role("region", name="Nothing has been done")
    expect(refused).to_contain_text(said, timeout=30_000)
    expect(boss.get_by_role("button", name="Show what would happen")).to_be_enabled()


def test_a_log_out_meanwhile_is_told_and_the_text_stays(boss: Page) -> None:
    boss.goto(f"{boss.url}routing/numberlist/")
    boss.get_by_role("row", name="VIP").get_by_role("link", name="Import or paste").click()
    boss.get_by_label("or paste numbers here").fill("+12025550107")
    boss.context.clear_cookies(name="sessionid")
    boss.get_by_role("button", name="Show what would happen").click()

    expect(boss.get_by_role("region", name="the server did not answer with this page")).to_be_visible()
    expect(boss.get_by_label("or paste numbers here")).to_have_value("+12025550107")
