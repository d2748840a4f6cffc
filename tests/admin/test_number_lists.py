"""Lists of numbers in the admin: import in two steps, files, and who may do what."""

import codecs
import csv
import io
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from routing.models import NumberList, NumberListEntry
from tests.admin.conftest import allow, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(admin: User, world: dict[str, Any]) -> Client:
    return client_of(admin)


@pytest.fixture
def vip(world: dict[str, Any]) -> NumberList:
    vip: NumberList = NumberList.objects.get(key="vip")
    return vip


def page_of(number_list: NumberList, verb: str = "import") -> str:
    return f"/admin/routing/numberlist/{number_list.pk}/{verb}/"


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("numbers.csv", content)


def test_the_first_step_shows_and_the_second_does(client: Client, vip: NumberList) -> None:
    text = "(202) 555-0107, Cy\n+1202555"

    shown = client.post(page_of(vip), {"text": text})
    before = vip.entries.count()
    done = client.post(page_of(vip), {"text": text, "seen": shown.context["seen"]}, follow=True)

    assert "Nothing has been done yet" in shown.content.decode()
    assert "+12025550107" in shown.content.decode()
    assert "not a telephone number" in shown.content.decode()
    assert before == 1
    assert vip.entries.get(number="+12025550107").label == "Cy"
    assert "1 added, 0 changed, 0 removed" in done.content.decode()
    assert "1 rows were left out" in done.content.decode()
    assert LogEntry.objects.latest("pk").change_message == "Imported numbers: 1 added, 0 changed, 0 removed."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("+12025550100,Ada", "the list holds all of this already"),
        ("+1202555", "none of its rows can be read"),
        ("+12025550100,Ada\n+1202555", "the list holds the other rows already"),
        ("number,label", "there are headings but no rows"),
    ],
    ids=["known", "all wrong", "known and wrong", "headings only"],
)
def test_why_nothing_is_to_be_done(text: str, said: str, client: Client, vip: NumberList) -> None:
    page = client.post(page_of(vip), {"text": text}).content.decode()

    assert said in page
    assert 'name="seen"' not in page


@pytest.mark.parametrize(
    "other", [{"text": "+12025550108"}, {"replaces": "on"}, {"expires_on": "2026-12-31"}], ids=["text", "mode", "day"]
)
def test_what_was_not_looked_at_is_not_done(other: dict[str, str], client: Client, vip: NumberList) -> None:
    asked = {"text": "+12025550107"}
    shown = client.post(page_of(vip), asked)

    again = client.post(page_of(vip), asked | other | {"seen": shown.context["seen"]})

    assert "Nothing has been done yet" in again.content.decode()
    assert [entry.number for entry in vip.entries.all()] == ["+12025550100"]


def test_a_file_is_sent_twice_and_taken_once(client: Client, vip: NumberList) -> None:
    content = b"number,label\n+12025550100,Ada L.\n+12025550109,Di\n"
    shown = client.post(page_of(vip), {"file": upload(content), "replaces": "on"})

    client.post(page_of(vip), {"file": upload(content), "replaces": "on", "seen": shown.context["seen"]})

    assert dict(vip.entries.values_list("number", "label")) == {"+12025550100": "Ada L.", "+12025550109": "Di"}


FAULTS: dict[str, tuple[Any, str]] = {
    "nothing": (dict, "Choose a file, or paste numbers below"),
    "both": (lambda: {"text": "4711", "file": upload(b"4711")}, "not both"),
    "no file at all": (lambda: {"file": upload(b"PK\x03\x04")}, "cannot be read as an Excel file"),
    "no day": (lambda: {"text": "4711", "expires_on": "soon"}, "write it as 2026-12-31"),
    "empty paste": (lambda: {"text": "\n\n"}, "Choose a file, or paste numbers below"),
}


@pytest.mark.parametrize(("asked", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_at_its_field(asked: Any, message: str, client: Client, vip: NumberList) -> None:
    response = client.post(page_of(vip), asked())

    assert message in response.content.decode()
    assert "plan" not in response.context


def test_the_files_can_be_imported_again(client: Client, vip: NumberList) -> None:
    vip.entries.create(number="4711", label="=cmd()", variables={"plan": "gold"})

    text = b"".join(client.get(page_of(vip, "export")).streaming_content)  # type: ignore[attr-defined]
    excel = client.get(page_of(vip, "export") + "?format=xlsx").content
    again = [client.post(page_of(vip), {"file": upload(content)}) for content in (text, excel)]

    assert text.startswith(codecs.BOM_UTF8)
    assert [row["label"] for row in csv.DictReader(io.StringIO(text.decode("utf-8-sig")))] == ["Ada", "'=cmd()"]
    assert load_workbook(io.BytesIO(excel)).active["B3"].value == "'=cmd()"  # type: ignore[index]
    assert [(page.context["plan"].changes, page.context["plan"].unchanged) for page in again] == [(0, 2), (0, 2)]
    assert "holds all of this already" in again[0].content.decode()


@pytest.mark.parametrize(
    ("permissions", "bring", "take", "replace"),
    [
        (("view_numberlist",), 403, 403, False),
        (("view_numberlistentry",), 403, 200, False),
        (("add_numberlistentry", "change_numberlistentry"), 200, 403, False),
        (("add_numberlistentry", "change_numberlistentry", "delete_numberlistentry"), 200, 403, True),
    ],
    ids=["sees lists", "sees entries", "may add", "may remove"],
)
def test_permissions(
    permissions: tuple[str, ...], bring: int, take: int, replace: bool, staff: User, vip: NumberList
) -> None:
    client = client_of(allow(staff, *permissions))

    response = client.post(page_of(vip), {"text": "+12025550107", "replaces": "on"})

    assert client.get(page_of(vip)).status_code == bring
    assert client.get(page_of(vip, "export")).status_code == take
    assert (response.context is not None and "plan" in response.context) is replace
    if bring == 200 and not replace:
        assert "may add numbers but not remove them" in response.content.decode()


def test_a_list_that_is_not_there(client: Client) -> None:
    assert client.get("/admin/routing/numberlist/999/import/").status_code == 404


def test_expired_numbers_are_removed_at_once(client: Client, vip: NumberList) -> None:
    old = vip.entries.create(number="4712", expires_at="2020-01-01T00:00:00Z")
    chosen = {"action": "remove_expired", "_selected_action": [entry.pk for entry in vip.entries.all()]}

    response = client.post("/admin/routing/numberlistentry/", chosen, follow=True)

    assert "Expired numbers removed: 1." in response.content.decode()
    assert not vip.entries.filter(pk=old.pk).exists()
    assert vip.entries.count() == 1


@pytest.mark.parametrize(
    "typed",
    ["+12025550100", "(202) 555-0100", "+1202", "+1 (202) 55", "+1-202-555", "ad"],
    ids=["whole", "national", "beginning", "beginning with spaces", "beginning with dashes", "label"],
)
def test_an_entry_is_found_however_its_number_is_typed(typed: str, client: Client, vip: NumberList) -> None:
    vip.entries.create(number="+4930123456", label="Bo")

    found = client.get("/admin/routing/numberlistentry/", {"q": typed, "number_list__id__exact": str(vip.pk)})

    assert [entry.number for entry in found.context["cl"].result_list] == ["+12025550100"]


def test_a_long_list_is_removed_without_a_look_at_every_number(
    client: Client, vip: NumberList, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    long = NumberList.objects.create(name="Newsletter")
    entries = [NumberListEntry(number_list=long, number=f"+1202555{place:04}") for place in range(2000)]
    NumberListEntry.objects.bulk_create(entries)
    page = f"/admin/routing/numberlist/{long.pk}/delete/"

    with django_assert_max_num_queries(40):
        asked = client.get(page).content.decode()
    client.post(page, {"post": "yes"})

    assert "Newsletter, with 2,000 numbers" in asked
    assert "+12025550001" not in asked
    assert not NumberList.objects.filter(pk=long.pk).exists()
    assert NumberListEntry.objects.count() == 2


def test_a_list_that_a_rule_names_is_not_removed_and_the_rule_is_told(client: Client, vip: NumberList) -> None:
    page = f"/admin/routing/numberlist/{vip.pk}/delete/"

    asked = client.get(page).content.decode()
    client.post(page, {"post": "yes"})

    assert "Rule: VIP callers" in asked
    assert NumberList.objects.filter(pk=vip.pk).exists()


def test_who_may_not_remove_numbers_removes_no_list_of_them(staff: User, vip: NumberList) -> None:
    user = client_of(allow(staff, "view_numberlist", "delete_numberlist"))

    asked = user.get(f"/admin/routing/numberlist/{NumberList.objects.get(key='nuisance').pk}/delete/")

    assert "list entry" in asked.content.decode()
    assert 'name="post"' not in asked.content.decode()
