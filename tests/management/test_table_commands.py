"""import_table, export_table and publish on the command line."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from routing.models import LiveState, Rule, TableSettings
from tests.services.test_import_table import SMALL, TEN_MISTAKES

pytestmark = pytest.mark.django_db


def _run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "table.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def test_import_fills_the_draft_and_says_how(file: Path) -> None:
    said = _run("import_table", str(file))

    assert said == (
        "targets: 1 created, 0 updated, 0 deleted\nrules: 2 created, 0 updated, 0 deleted\n"
        "settings of the table: updated\n"
    )
    assert LiveState.load().revision is None
    assert _run("import_table", str(file)) == "No difference.\n"


def test_import_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(SMALL))

    _run("import_table", "-")

    assert Rule.objects.count() == 2


def test_import_publishes_on_demand(file: Path) -> None:
    said = _run("import_table", str(file), "--publish", "--note", "From a file")

    revision = LiveState.load().revision
    assert said.endswith("Revision 1 is live.\n")
    assert revision is not None
    assert revision.note == "From a file"


def test_dry_run_says_what_would_be(file: Path) -> None:
    said = _run("import_table", str(file), "--dry-run")

    assert said.startswith("Dry run, nothing was changed.")
    assert "rules: 2 created" in said
    assert not Rule.objects.exists()


def test_each_mistake_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(TEN_MISTAKES, encoding="utf-8")

    with pytest.raises(CommandError) as refusal:
        _run("import_table", str(path))

    headline, *lines = str(refusal.value).splitlines()
    assert headline == "nothing was changed; mistakes: 10"
    assert len(lines) == 10
    assert refusal.value.returncode == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read: No such file"), (b"a: \xff", "is not UTF-8 text")],
    ids=["missing", "not UTF-8"],
)
def test_unreadable_file_is_refused(content: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "table.yaml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(CommandError, match=message):
        _run("import_table", str(path))


def test_export_goes_out_or_into_a_file(file: Path, tmp_path: Path) -> None:
    _run("import_table", str(file), "--publish")
    target = tmp_path / "out.yaml"

    said = _run("export_table")
    _run("export_table", "--revision", "1", "--output", str(target))

    assert said == target.read_text(encoding="utf-8")
    assert said.startswith("version: 1\ndefault: desk\n")
    assert _run("export_table", "--format", "json", "--with-entries").startswith('{\n  "version": 1')


@pytest.mark.parametrize(
    ("words", "message"),
    [(["--revision", "9"], "There is no revision 9"), (["--output", "/nowhere/at/all"], "cannot be written")],
    ids=["unknown revision", "no such folder"],
)
def test_export_says_what_is_wrong(words: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        _run("export_table", *words)


def test_publish_tells_whether_there_was_anything_new(file: Path) -> None:
    _run("import_table", str(file))

    assert _run("publish", "--note", "First") == "Revision 1 is live.\n"
    assert _run("publish") == "No difference: Revision 1 stays live.\n"


def test_publish_lists_the_mistakes(file: Path) -> None:
    _run("import_table", str(file))
    TableSettings.objects.update(default_target=None)

    with pytest.raises(CommandError, match=r"nothing was published; mistakes: 1\ntable, default: is missing"):
        _run("publish")
