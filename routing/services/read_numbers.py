"""Rows of customers' numbers from a CSV file, an Excel file or pasted text. Nothing is written here."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import chain
from typing import Any

from django.conf import settings
from django.utils.text import Truncator
from openpyxl import load_workbook

from routing.engine.numbers import NumberKind, is_withheld, read_number
from routing.services.check_archive import MOST_LINES, Bursts, check_archive

LARGEST_FILE = 20 * 1024 * 1024
MOST_ROWS = 200_000
MOST_COLUMNS = 50
LONGEST_NUMBER, LONGEST_LABEL = 255, 200
DIGITS = 7  # what has as many is meant as a telephone number
# A heading, in lower case without spaces -> what the column holds. Any other heading names a variable.
HEADINGS = {
    **dict.fromkeys(("number", "phone", "phonenumber", "telephone", "telephonenumber", "mobile", "tel"), "number"),
    **dict.fromkeys(("mobilephone", "mobilenumber", "cell", "cellphone", "customernumber", "callernumber"), "number"),
    **dict.fromkeys(("label", "name", "who"), "label"),
    **dict.fromkeys(("expires", "expiresat", "expireson", "until", "validuntil"), "expires_at"),
    "variables": "variables",
}
_SEPARATOR = re.compile(r"sep=(?P<sign>.)\r?\n")  # a first line that Excel understands, and some programs write
_SHORTENED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)


class UnreadableFile(ValueError):
    """A file that cannot be taken at all; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberRow:
    """One row, understood: ``number`` is the form that calls are compared by, ``written`` what stood there."""

    place: int
    written: str
    number: str
    label: str = ""
    variables: dict[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BadRow:
    """One row that cannot be taken, counted from 1 as a spreadsheet counts, and why."""

    place: int
    written: str
    message: str


def read_numbers(content: bytes | str, *, zone: tzinfo) -> Iterator[NumberRow | BadRow]:
    """Yield every row of a file or of pasted text; raises UnreadableFile.

    The first row is taken as headings if one of its cells is known as the number's column; without headings the first
    column holds the number and the second the label, and a word there is no number. A day of expiry counts to its end
    in ``zone``.
    """
    if not _is_sheet(content):  # too many are refused at once: to understand the rows takes far longer
        deque(_cells(content), maxlen=0)
    lines = _cells(content)
    first = next(lines, None)
    if first is None:
        raise UnreadableFile("There is nothing in it.")
    columns = _columns(first[1])
    guessed = columns is None
    if columns is None:
        _refuse_unknown_headings(first[1])
        columns = ["number", "label"]
        lines = chain([first], lines)
    for line in lines:
        yield _read(line, columns, zone, guessed=guessed)


def _cells(content: bytes | str) -> Iterator[tuple[int, list[Any]]]:
    """Yield the rows that hold anything, each with its place."""
    rows = _one_each(_text_rows(content)) if isinstance(content, str) else _file_rows(content)
    found = 0
    for place, cells in enumerate(rows, start=1):
        if len(cells) > MOST_COLUMNS:
            raise UnreadableFile(f"Row {place} has {len(cells)} columns: at most {MOST_COLUMNS} are read.")
        if any(cell not in (None, "") for cell in cells):
            found += 1
            if found > MOST_ROWS + 1:
                raise UnreadableFile(f"It has more than {MOST_ROWS:,} rows: import it in parts.")
            yield place, list(cells)
        elif place > MOST_LINES:  # a sheet may claim that its next row is number 10^18
            raise UnreadableFile(f"It has more than {MOST_LINES:,} rows: remove the empty ones.")


def _is_sheet(content: bytes | str) -> bool:
    return isinstance(content, bytes) and content.startswith(b"PK\x03\x04")


def _file_rows(content: bytes) -> Iterable[list[Any]]:
    if len(content) > LARGEST_FILE:
        raise UnreadableFile(f"It is larger than {LARGEST_FILE // 2**20} MiB: import it in parts.")
    if _is_sheet(content):
        return _sheet_rows(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile("This is an old Excel file (.xls): save it as .xlsx or as CSV.")
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")  # what Excel on Windows writes as plain CSV
    return _text_rows(text)


def _text_rows(text: str) -> Iterator[list[Any]]:
    if "\0" in text:
        raise UnreadableFile("This is neither CSV nor Excel: save the sheet as .xlsx or as CSV.")
    named = _SEPARATOR.match(text)
    separator = named["sign"] if named else max(",;\t", key=text[:10_000].count)
    text = text[named.end() :] if named else text
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    except csv.Error as error:
        raise UnreadableFile(f"It cannot be read as CSV: {error}.") from error


def _one_each(rows: Iterable[list[Any]]) -> Iterator[list[Any]]:
    """Pasted numbers may stand side by side: a row of nothing but telephone numbers is as many rows."""
    for row in rows:
        filled = [cell for cell in row if cell.strip()]
        if len(filled) > 1 and all(sum(sign.isdigit() for sign in cell) >= DIGITS for cell in filled):
            yield from ([cell] for cell in filled)
        else:
            yield row


def _sheet_rows(content: bytes) -> Iterator[list[Any]]:
    try:
        check_archive(content)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except Bursts as error:
        raise UnreadableFile(str(error)) from error
    except Exception as error:  # the library raises whatever it stumbles over
        raise UnreadableFile("It cannot be read as an Excel file: open it, and save it as CSV.") from error
    try:
        yield from ([*row] for row in book.worksheets[0].iter_rows(values_only=True))
    except UnreadableFile:
        raise
    except Exception as error:
        raise UnreadableFile("The first sheet is damaged: open it, and save it as CSV.") from error
    finally:
        book.close()


def _columns(cells: list[Any]) -> list[str] | None:
    """Return what each column holds, or None where the row is no row of headings."""
    headings = [str(cell or "").strip() for cell in cells]
    kinds = [HEADINGS.get(heading.lower().replace(" ", "").replace("_", ""), "") for heading in headings]
    if "number" not in kinds:
        return None
    repeated = next((kind for kind in kinds if kind and kinds.count(kind) > 1), None)
    if repeated:
        raise UnreadableFile(f"Two columns hold the {repeated.replace('_', ' ')}: remove or rename one of them.")
    return [kind or f"variable:{heading}" for kind, heading in zip(kinds, headings, strict=True)]


def _refuse_unknown_headings(cells: list[Any]) -> None:
    """Raise UnreadableFile where the first row can only be headings: names would be taken for numbers otherwise."""
    texts = [text for text in map(_text, (cell for cell in cells if cell is not None)) if text]
    if texts and not any(_may_be_number(text) or is_withheld(text) for text in texts):
        headings = Truncator(", ".join(texts)).chars(100)
        raise UnreadableFile(
            f"No column is called “number”. The first row says “{headings}”: call the column of the numbers “number”."
        )


def _may_be_number(text: str) -> bool:
    return text[:1] in "+(0123456789" or "@" in text or text.lower().startswith(("tel:", "sip:", "sips:"))


def _read(line: tuple[int, list[Any]], columns: list[str], zone: tzinfo, *, guessed: bool) -> NumberRow | BadRow:
    place, cells = line
    found = {name: cell for name, cell in zip(columns, cells, strict=False) if cell not in (None, "")}
    written = _text(found.pop("number", ""))
    try:
        return NumberRow(
            place=place,
            written=written,
            number=_number(written, guessed=guessed),
            label=_label(_text(found.pop("label", ""))),
            expires_at=_expiry(found.pop("expires_at", None), zone),
            variables=_variables(found),
        )
    except ValueError as error:
        return BadRow(place=place, written=written[:LONGEST_LABEL], message=str(error))


def _number(written: str, *, guessed: bool) -> str:
    if not written:
        raise ValueError("The number is missing.")
    if is_withheld(written):
        raise ValueError("This stands for a hidden number: nobody can be known by it.")
    if _SHORTENED.fullmatch(written):
        raise ValueError("Excel has shortened this number: format its column there as text, and save again.")
    number = read_number(written, settings.ROUTING_DEFAULT_REGION)
    looks_dialled = written[0] in "+(0123456789" and sum(sign.isdigit() for sign in written) >= DIGITS
    if number.kind is NumberKind.OTHER and (looks_dialled or written.startswith("+")):
        raise ValueError("This is not a telephone number: write it as +12025550100.")
    if number.kind is NumberKind.OTHER and (" " in written or (guessed and not _may_be_number(written))):
        raise ValueError("This is no number: expected one like +12025550100, an extension or a SIP address.")
    if len(number.identity) > LONGEST_NUMBER:
        raise ValueError(f"This is longer than {LONGEST_NUMBER} characters.")
    return number.identity


def _label(text: str) -> str:
    if len(text) > LONGEST_LABEL:
        raise ValueError(f"The label is longer than {LONGEST_LABEL} characters.")
    return text


def _expiry(cell: Any, zone: tzinfo) -> datetime | None:
    if cell is None:
        return None
    if isinstance(cell, str):
        try:
            cell = date.fromisoformat(cell.strip()) if len(cell.strip()) == 10 else datetime.fromisoformat(cell.strip())
        except ValueError as error:
            raise ValueError(f"“{cell}” is no day of expiry: write it as 2026-12-31.") from error
    if isinstance(cell, datetime) and (cell.time() != time() or cell.tzinfo):
        return cell if cell.tzinfo else cell.replace(tzinfo=zone)
    if isinstance(cell, date):  # a whole day: Excel writes it as its midnight
        day = cell.date() if isinstance(cell, datetime) else cell
        return datetime.combine(day + timedelta(days=1), time(), zone)
    raise ValueError(f"“{cell}” is no day of expiry: write it as 2026-12-31.")


def _variables(found: dict[str, Any]) -> dict[str, Any]:
    variables: dict[str, Any] = {}
    if "variables" in found:
        try:
            variables = json.loads(_text(found.pop("variables")), parse_constant=_refuse)
        except ValueError as error:
            raise ValueError('The variables are not JSON: write them as {"plan": "gold"}.') from error
        if not isinstance(variables, dict):
            raise ValueError('The variables must stand in curly brackets: {"plan": "gold"}.')
    for name, cell in found.items():
        if heading := name.removeprefix("variable:"):
            variables[heading] = cell if isinstance(cell, bool | int | float) else _text(cell)
    return variables


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _text(cell: Any) -> str:
    """Return a cell as text: a number that Excel took for one has no decimals, and a guard against formulas goes."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).strip().replace("\0", "")
    return text[1:] if text[:1] == "'" and text[1:2] in "=+-@\t\r" else text
