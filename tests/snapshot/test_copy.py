"""The last-known-good copy on the local disk."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connections

from routing.models import WebhookSecret
from routing.snapshot import copy, store
from routing.snapshot.copy import copy_path, read_copy, write_copy
from tests.snapshot.live_rows import ADA, add_entry, document, go_live

pytestmark = pytest.mark.django_db


def live_contents(number: int, default: str = "reception") -> copy.Contents:
    """Make a revision live and return what a copy of it holds."""
    go_live(number, document(default))
    store.refresh()
    held = store._store._held
    assert held is not None
    assert held.live_version is not None
    return copy.Contents(
        ruleset=held.snapshot.ruleset,
        live=held.snapshot.live,
        live_version=held.live_version,
        secrets=held.secrets,
    )


def revision_in_copy() -> int | None:
    contents = read_copy()
    return contents.ruleset.revision if contents else None


def test_copy_holds_all_that_decides() -> None:
    for number in range(2_500):  # more than one piece of entries
        add_entry("vip", f"+1202{number:07}", variables={"n": number} if number % 2 else {})
    add_entry("blocked", ADA)
    WebhookSecret.objects.create(name="Production", secret="open sesame")
    contents = live_contents(1)

    write_copy(contents)
    read = read_copy()

    assert read is not None
    assert read.ruleset.table == contents.ruleset.table
    assert (read.live, read.secrets, read.live_version) == (contents.live, contents.secrets, contents.live_version)


def test_copy_of_nothing_published_is_read_again() -> None:
    store.refresh()
    held = store._store._held
    assert held is not None
    write_copy(copy.Contents(ruleset=held.snapshot.ruleset, live=held.snapshot.live, live_version=0, secrets=()))

    contents = read_copy()

    assert contents is not None
    assert contents.ruleset.revision is None


def test_copy_is_private_and_gives_no_secret_away() -> None:
    """Sabotage seen to fail: make the file with mode 0644."""
    WebhookSecret.objects.create(name="Production", secret="open sesame")

    write_copy(live_contents(1))

    assert stat.S_IMODE(copy_path().stat().st_mode) == 0o600
    assert "open sesame" not in copy_path().read_text()


def test_copy_before_is_kept_and_the_same_is_not_written_twice() -> None:
    write_copy(live_contents(1))
    contents = live_contents(2)

    write_copy(contents)
    write_copy(contents)

    assert revision_in_copy() == 2
    copy_path().unlink()
    assert revision_in_copy() == 1


def tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def flip_a_letter(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"reception", b"deception", 1))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def seal(path: Path, change: Callable[[list[str]], None]) -> None:
    """Change the lines, and write a checksum that fits."""
    lines = path.read_text().splitlines()[:-1]
    change(lines)
    path.unlink()
    copy._write(path, map(json.loads, lines))


def make_newer_format(path: Path) -> None:
    def change(lines: list[str]) -> None:
        lines[0] = json.dumps(json.loads(lines[0]) | {"format": 2})

    seal(path, change)


def spoil_the_table(path: Path) -> None:
    def change(lines: list[str]) -> None:
        lines[1] = json.dumps(json.loads(lines[1]) | {"default": "nobody"})

    seal(path, change)


def lose_the_live_data(path: Path) -> None:
    def change(lines: list[str]) -> None:
        lines[2] = "[]"

    seal(path, change)


DAMAGES = {
    function.__name__: function
    for function in (tear, flip_a_letter, empty, make_newer_format, spoil_the_table, lose_the_live_data)
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_unusable_copy_is_told_and_the_one_before_is_read(
    damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    """Sabotage seen to fail: let `_checked_lines` believe any last line."""
    write_copy(live_contents(1))
    write_copy(live_contents(2))

    damage(copy_path())

    assert revision_in_copy() == 1
    assert "is ignored" in caplog.text


def test_damaged_copy_does_not_push_out_the_good_one_before() -> None:
    write_copy(live_contents(1))
    write_copy(live_contents(2))
    tear(copy_path())

    write_copy(live_contents(3))
    tear(copy_path())

    assert revision_in_copy() == 1


def test_copy_of_another_database_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    write_copy(live_contents(1))

    monkeypatch.setitem(connections["default"].settings_dict, "HOST", "elsewhere.example.com")

    assert read_copy() is None


def test_no_copy_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    assert read_copy() is None
    assert not caplog.records
