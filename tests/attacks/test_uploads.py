"""Files that are made to fill the memory, the disk or the hour of whoever opens them."""

from __future__ import annotations

import io
import os
import zipfile
from datetime import UTC
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client
from openpyxl import Workbook

from config import uploads
from routing.models import NumberList
from routing.services.read_numbers import UnreadableFile, read_numbers

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
SPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OPEN, CLOSE = b"<worksheet " + SPACE + b"><sheetData>", b"</sheetData></worksheet>"
MIB = 2**20
CELL = b"<c><v>1</v></c>"


def excel(head: bytes, piece: bytes, tail: bytes, *, part: str = SHEET, mib: int = 16) -> bytes:
    """Return an Excel file one part of which is `piece` again and again."""
    plain, forged = io.BytesIO(), io.BytesIO()
    book = Workbook()
    book.active.append(["number"])  # type: ignore[union-attr]
    book.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(forged, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name != part:
                target.writestr(name, source.read(name))
        with target.open(part, "w") as stream:
            stream.write(head)
            for _ in range(mib):
                stream.write(piece * (MIB // len(piece)))
            stream.write(tail)
    return forged.getvalue()


def renamed(content: bytes, old: str, new: str) -> bytes:
    """Return the archive with a part under another name, wherever it is mentioned."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name.replace(old, new), source.read(name).replace(old.encode(), new.encode()))
    return changed.getvalue()


LAUGHS = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
ROW = OPEN + b"<row>"
TOO_MANY = "more rows or cells"
BOMBS: dict[str, tuple[Any, str]] = {
    "one endless row": (lambda: excel(ROW, b"<c/>", b"</row>" + CLOSE), TOO_MANY),
    "one endless row, prefixed": (lambda: excel(ROW, b'<x:c xmlns:x="y"/>', b"</row>" + CLOSE), TOO_MANY),
    "one endless row elsewhere": (
        lambda: renamed(excel(ROW, b"<c/>", b"</row>" + CLOSE, mib=2), "sheet1.xml", "sheet1.dat"), TOO_MANY
    ),
    "endless rows": (lambda: excel(OPEN, b"<row/>", CLOSE), TOO_MANY),
    "endless texts": (lambda: excel(b"<sst " + SPACE + b">", b"<si/>", b"</sst>", part=STRINGS), TOO_MANY),
    "a row far below": (lambda: excel(OPEN + b'<row r="1000000000">' + CELL + b"</row>", b" ", CLOSE), "empty ones"),
    "a column far away": (lambda: excel(ROW + b'<c r="ZZZ1"/></row>', b" ", CLOSE), "18278 columns"),
    "101 MiB of nothing": (lambda: excel(OPEN, bytes(MIB), CLOSE, mib=101), "unpacks to more"),
    "entities": (lambda: excel(LAUGHS + OPEN, b" ", CLOSE, mib=1), "XML entities"),
    "10 million rows": (lambda: b"1\n" * 10_000_000, "more than 200,000 rows"),
    "10 million empty rows": (lambda: b"1\n" + b"\n" * 10_000_000 + b"2", "remove the empty ones"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_bursts(name: str) -> None:
    """Some of these few kilobytes took minutes, or a hundred times what they unpack to.

    Sabotage seen to fail: `check_archive` that does nothing; no last row in `_cells`.
    """
    make, message = BOMBS[name]

    with pytest.raises(UnreadableFile, match=message):
        list(read_numbers(make(), zone=UTC))


def test_an_ordinary_large_sheet_is_read() -> None:
    """Sabotage seen to fail: cells that are counted over the whole sheet."""
    row = b"<row>" + CELL * 20 + b"</row>"

    rows = list(read_numbers(excel(OPEN, row, CLOSE, mib=1), zone=UTC))

    assert len(rows) == MIB // len(row)


@pytest.mark.django_db
def test_the_form_says_what_is_wrong_and_the_disk_takes_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sabotage seen to fail: Django's own handler of large files, which keeps them whole."""
    kept: list[int] = []
    finish = uploads.BoundedUpload.file_complete

    def measure(self: uploads.BoundedUpload, size: int) -> Any:
        kept.append(os.fstat(self.file.fileno()).st_size)
        return finish(self, size)

    monkeypatch.setattr(uploads, "LARGEST_KEPT", 3 * MIB)
    monkeypatch.setattr(uploads.BoundedUpload, "file_complete", measure)
    client, vip = Client(), NumberList.objects.create(key="vip", name="VIP", purpose="segment")
    client.force_login(User.objects.create_superuser("boss"))

    response = client.post(
        f"/admin/routing/numberlist/{vip.pk}/import/", {"file": SimpleUploadedFile("many.csv", b"1\n" * 11 * MIB)}
    )

    assert "The file is larger than 20 MiB: import it in parts." in response.content.decode()
    assert len(kept) == 1
    assert kept[0] <= 3 * MIB + 64 * 1024
    assert vip.entries.count() == 0


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes of files were written to the disk, piece by piece."""
    pieces: list[int] = []
    write = TemporaryFileUploadHandler.receive_data_chunk

    def measure(self: TemporaryFileUploadHandler, raw_data: bytes, start: int) -> Any:
        pieces.append(len(raw_data))
        return write(self, raw_data, start)

    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", measure)
    return pieces


def large(name: str = "many.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"1\n" * 2 * MIB)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/admin/routing/numberlist/1/import/"])
def test_files_of_strangers_never_reach_the_disk(path: str, kept: list[int]) -> None:
    """Every page with a form reads what comes before it asks who sent it: the token may stand behind a file.

    Sabotage seen to fail: no `new_file` in `BoundedUpload`.
    """
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32

    assert client.post(path, {"file": large(), "username": "boss"}).status_code == 403
    client.force_login(User.objects.create_user("customer"))
    assert client.post(path, {"file": large()}).status_code == 403
    assert kept == []


@pytest.mark.django_db
def test_no_form_takes_two_files(kept: list[int]) -> None:
    """A hundred of them, as Django allows, would fill 3 GB. Sabotage seen to fail: leave Django's limit."""
    client, vip = Client(), NumberList.objects.create(key="vip", name="VIP", purpose="segment")
    client.force_login(User.objects.create_superuser("boss"))

    response = client.post(
        f"/admin/routing/numberlist/{vip.pk}/import/", {f"f{number}": large() for number in range(3)}
    )

    assert response.status_code == 400
    assert sum(kept) <= 4 * MIB
