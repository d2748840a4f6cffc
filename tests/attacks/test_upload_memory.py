"""What the real server's memory does while somebody sends it far more than it takes."""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from routing.models import NumberList
from tests.attacks.test_uploads import CLOSE, ROW, excel
from tests.faults.program import Program, run_program

pytestmark = pytest.mark.faults
TOKEN = "a" * 32
BOUNDARY = "switchboard"
GIVEN_MIB = 256  # what one upload may cost a worker, for a while: 200,000 rows are looked at


@pytest.fixture
def server(
    transactional_db: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Program]:
    settings.ROUTING_DATA_DIR = tmp_path
    monkeypatch.setenv("DEBUG", "true")  # pages without collected static files
    with run_program("http://127.0.0.1:9", tmp_path) as program:
        yield program


def peak_mib(program: Program) -> int:
    """Return the most memory that any process of the server has had so far."""
    peaks = [0]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) == program.process.pid:
                lines = (folder / "status").read_text().splitlines()
                peaks += [int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")]
        except OSError:
            continue  # it ended meanwhile
    return max(peaks)


def send(program: Program, path: str, cookies: str, piece: bytes, times: int) -> tuple[int, str]:
    """Post a file made of `piece` again and again; it is never in one place here either."""
    field = f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
    head = (
        f'{field}name="csrfmiddlewaretoken"\r\n\r\n{TOKEN}\r\n{field}name="file"; filename="many.csv"\r\n\r\n'.encode()
    )
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    line = http.client.HTTPConnection(urlsplit(program.url).netloc, timeout=300)
    headers = {
        "Cookie": cookies,
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Length": str(len(head) + len(piece) * times + len(tail)),
    }
    line.request("POST", path, (part for part in [head, *[piece] * times, tail]), headers)
    response = line.getresponse()
    return response.status, response.read().decode()


def test_far_too_much_is_refused_with_a_message_and_little_memory(
    server: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sabotage seen to fail: no `BoundedUpload`, and files of up to 2 GiB kept in memory."""
    client, vip = Client(), NumberList.objects.create(key="vip", name="VIP", purpose="segment")
    client.force_login(User.objects.create_superuser("boss"))
    path = f"/admin/routing/numberlist/{vip.pk}/import/"
    cookies = f"csrftoken={TOKEN}; sessionid={client.cookies['sessionid'].value}"
    send(server, path, cookies, b"1\n", 1)  # what every page needs is loaded now
    told = []

    for name, piece, times, message in [
        ("1 GB CSV", b"+12025550100,Ada\n" * 60_000, 1000, "The file is larger than 20 MiB"),
        ("10 M rows", b"1\n" * 1_000_000, 10, "more than 200,000 rows"),
        ("zip bomb", excel(ROW, b"<c/>", b"</row>" + CLOSE, mib=90), 1, "more rows or cells"),
    ]:
        before = peak_mib(server)
        status, page = send(server, path, cookies, piece, times)
        told.append((name, peak_mib(server) - before))
        assert (status, message in page) == (200, True), name

    with capsys.disabled():
        print("\nMiB more at the peak:", *(f"{name} {more}," for name, more in told))  # noqa: T201
    assert all(more < GIVEN_MIB for _, more in told), told
    assert vip.entries.count() == 0
