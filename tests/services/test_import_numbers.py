"""Numbers from files and pasted text: what each row becomes, what is refused, and what an import does to the list."""

import io
import time
import zipfile
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from openpyxl import Workbook

from routing.models import LiveState, NumberList, NumberListEntry
from routing.services import read_numbers as limits
from routing.services.import_numbers import PAUSE, PORTION, apply_import, plan_import
from routing.services.read_numbers import BadRow, NumberRow, UnreadableFile, read_numbers

NEW_YORK = ZoneInfo("America/New_York")


def read(content: bytes | str) -> list[NumberRow | BadRow]:
    return list(read_numbers(content, zone=NEW_YORK))


def numbers(content: bytes | str) -> list[str]:
    return [row.number if isinstance(row, NumberRow) else row.message for row in read(content)]


def sheet(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


UNDERSTOOD: dict[str, tuple[bytes | str, list[str]]] = {
    "one a line": ("+12025550100\n(202) 555-0101\n\n 202 555 0102 ", ["+12025550100", "+12025550101", "+12025550102"]),
    "side by side": ("+12025550100, +12025550101", ["+12025550100", "+12025550101"]),
    "from a spreadsheet": ("+12025550100\tAda\n+12025550101\tBo", ["+12025550100", "+12025550101"]),
    "semicolons": (b"number;label\n+12025550100;Ada\n", ["+12025550100"]),
    "byte order mark": ("\ufeffnumber\n+12025550100".encode(), ["+12025550100"]),
    "utf-16": ("number\tlabel\n+12025550100\tAda".encode("utf-16"), ["+12025550100"]),
    "no headings": (b"+12025550100,Ada", ["+12025550100"]),
    "number not first": (b"Name,Phone Number\nAda,+12025550100", ["+12025550100"]),
    "short code and SIP": ("4711\nsip:Ada@Example.COM", ["4711", "sip:Ada@example.com"]),
    "an Excel number": (sheet(["number"], [12025550100], [2025550101.0]), ["+12025550100", "+12025550101"]),
    "an Excel text": (sheet(["number", "label"], ["+12025550100", "Ada"]), ["+12025550100"]),
    "as exported": (b"number\n'+1 202 555 0100", ["+12025550100"]),
    "separator named": (b"sep=;\r\nnumber;label\r\n+12025550100;a, b, c, d\r\n", ["+12025550100"]),
    "a name in the number's column": (b"number\nalice", ["alice"]),
}  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_numbers_are_read_however_they_are_written(content: bytes | str, expected: list[str]) -> None:
    assert numbers(content) == expected


BAD: dict[str, tuple[str, str]] = {
    "too short": ("+1202555", "not a telephone number"),
    "a digit too many": ("+120255501000000000", "not a telephone number"),
    "with letters": ("+1202555010x", "not a telephone number"),
    "words": ("call me later", "This is no number"),
    "hidden": ("anonymous", "hidden number"),
    "missing": (",Ada", "The number is missing"),
    "shortened": ("1.2025550100E+10", "Excel has shortened this number"),
    "label too long": (f"+12025550100,{'x' * 201}", "longer than 200"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_bad_row_is_told_with_its_place_and_stops_nothing(text: str, message: str) -> None:
    rows = read(f"number,label\n+12025550101,Bo\n{text}\n+12025550102,Cy\n".encode())

    assert [type(row) for row in rows] == [NumberRow, BadRow, NumberRow]
    assert rows[1].place == 3
    assert message in rows[1].message  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("content", "headings"),
    [
        (b"First Name,Business Line\nAda,+12025550100\n", "First Name, Business Line"),
        (b"Who,Phone 1 - Value\nAda,+12025550100\n", "Who, Phone 1 - Value"),
        ("Rufnummer\n+12025550100", "Rufnummer"),
        (sheet(["Who", "Line"], ["Ada", 12025550100]), "Who, Line"),
    ],
    ids=["csv", "a digit in a heading", "pasted", "excel"],
)
def test_headings_of_which_none_is_known_are_told_and_not_taken_for_numbers(
    content: bytes | str, headings: str
) -> None:
    with pytest.raises(UnreadableFile, match=f"says “{headings}”"):
        read(content)


def test_without_headings_the_first_column_must_hold_numbers() -> None:
    rows = numbers("Ada,+12025550100\n4711,Desk\nanonymous,Nobody")

    assert rows[0].startswith("This is no number")
    assert rows[1] == "4711"
    assert "hidden number" in rows[2]


def test_other_columns_become_variables_and_days_end_in_the_zone() -> None:
    [row] = read(b'number,label,expires,variables,plan,\n+12025550100,Ada,2026-12-31,"{""age"": 36}",gold,x\n')

    assert isinstance(row, NumberRow)
    assert (row.label, row.variables) == ("Ada", {"age": 36, "plan": "gold"})
    assert row.expires_at == datetime(2027, 1, 1, tzinfo=NEW_YORK)


def test_cells_of_excel_keep_their_type() -> None:
    content = sheet(["number", "expires", "visits", "vip"], ["+12025550100", date(2026, 12, 31), 3, True])

    [row] = read(content)

    assert isinstance(row, NumberRow)
    assert row.variables == {"visits": 3, "vip": True}
    assert row.expires_at == datetime(2027, 1, 1, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("cell", "message"),
    [("31/12/2026", "write it as 2026-12-31"), ("2026-02-30", "no day of expiry"), ("soon", "no day of expiry")],
)
def test_a_strange_day_is_no_day(cell: str, message: str) -> None:
    [row] = read(f"number,expires\n+12025550100,{cell}".encode())

    assert message in row.message  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("cell", "message"), [("{plan", "are not JSON"), ("[1]", "curly brackets"), ('{""a"": NaN}', "are not JSON")]
)
def test_strange_variables_are_none(cell: str, message: str) -> None:
    [row] = read(f'number,variables\n+12025550100,"{cell}"'.encode())

    assert message in row.message  # type: ignore[union-attr]


def _bomb() -> bytes:
    content = io.BytesIO()
    archive = zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED)
    with archive, archive.open("xl/worksheets/sheet1.xml", "w") as part:
        for _ in range(301):
            part.write(bytes(2**20))
    return content.getvalue()


UNREADABLE: dict[str, tuple[Any, str]] = {
    "empty": (b"", "nothing in it"),
    "only empty rows": (b"\n,,\n\n", "nothing in it"),
    "old Excel": (b"\xd0\xcf\x11\xe0" + bytes(100), "old Excel file"),
    "a damaged archive": (b"PK\x03\x04" + bytes(100), "cannot be read as an Excel file"),
    "another archive": (lambda: _archive("readme.txt"), "cannot be read as an Excel file"),
    "an archive that bursts": (_bomb, "unpacks to more"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0", "neither CSV nor Excel"),
    "two numbers a row": (b"phone,number\n1,2", "Two columns hold the number"),
    "too wide": ((",".join("x" * 60) + "\n").encode(), "has 60 columns"),
    "endless field": (b'number\n"' + b"x" * 200_000, "cannot be read as CSV"),
}


def _archive(name: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, "hello")
    return content.getvalue()


@pytest.mark.parametrize(("content", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_is_none_says_so(content: Any, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read(content() if callable(content) else content)


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_ROWS", 2)

    with pytest.raises(UnreadableFile, match="more than 2 rows"):
        read("4711\n4712\n4713\n4714")


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LARGEST_FILE", 10)

    with pytest.raises(UnreadableFile, match="larger than"):
        read(b"+12025550100")


@pytest.fixture
def vip(db: None) -> NumberList:
    vip: NumberList = NumberList.objects.create(name="VIP")
    vip.entries.create(number="+12025550100", label="Ada", variables={"plan": "gold"})
    vip.entries.create(number="+12025550101", label="Bo")
    vip.entries.create(number="+12025550102")
    return vip


FILE = "number,label\n+12025550101,Bob\n+12025550102,\n+12025550103,Cy\n+1202555,\n(202) 555-0103,Cyd\n"


def test_the_plan_tells_what_would_happen_and_does_nothing(vip: NumberList) -> None:
    plan = plan_import(read(FILE.encode()), vip, replaces=True)

    assert [row.number for row in plan.added] == ["+12025550103"]
    assert plan.added[0].label == "Cyd", "the last of two rows counts"
    assert [row.number for row in plan.changed] == ["+12025550101"]
    assert (plan.unchanged, plan.gone) == (1, ["+12025550100"])
    assert [row.place for row in plan.repeated] == [6]
    assert [row.place for row in plan.faults] == [5]
    assert plan.changes == 3
    assert vip.entries.count() == 3


@pytest.mark.parametrize(
    ("replaces", "left"), [(False, {"0100", "0101", "0102", "0103"}), (True, {"0101", "0102", "0103"})]
)
def test_applying_does_what_was_told(vip: NumberList, replaces: bool, left: set[str]) -> None:
    other = NumberList.objects.create(name="Other")
    other.entries.create(number="+12025550101", label="Not this one")

    plan = plan_import(read(FILE.encode()), vip, replaces=replaces)
    apply_import(plan, vip)

    assert {number[-4:] for number in vip.entries.values_list("number", flat=True)} == left
    assert vip.entries.get(number="+12025550101").label == "Bob"
    assert other.entries.get().label == "Not this one"
    assert plan_import(read(FILE.encode()), vip, replaces=replaces).changes == 0


def test_an_expiry_for_all_gives_way_to_the_rows_own(vip: NumberList) -> None:
    end = datetime(2026, 12, 1, tzinfo=UTC)

    plan = plan_import(read(b"number,expires\n+12025550103,2026-06-30\n+12025550104,"), vip, expires_at=end)

    assert [row.expires_at for row in plan.added] == [datetime(2026, 7, 1, tzinfo=NEW_YORK), end]


def test_many_numbers_are_written_in_portions_and_count_at_once(vip: NumberList) -> None:
    """One transaction for all would make the emergency switch wait: both count the same row up."""
    before = LiveState.load().live_version
    text = "\n".join(f"+1202556{place:04}" for place in range(2 * PORTION + 1))

    apply_import(plan_import(read(text), vip), vip)

    assert NumberListEntry.objects.count() == 3 + 2 * PORTION + 1
    assert LiveState.load().live_version >= before + 3


@pytest.mark.django_db
def test_others_can_write_between_two_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    long = NumberList.objects.create(name="Newsletter")
    rows = [NumberRow(place=place, written="", number=str(place)) for place in range(2 * PORTION + 1)]

    apply_import(plan_import(rows, long), long)
    apply_import(plan_import([], long, replaces=True), long)

    assert pauses == ([PAUSE] * 4 if connection.vendor == "sqlite" else [])
    assert PAUSE > 0.1  # what SQLite's waiting writers sleep between two looks
