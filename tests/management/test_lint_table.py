"""lint_table on the command line: what it prints, and its exit status."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from routing.services.import_table import import_table
from tests.engine.lint_tables import BASE

pytestmark = pytest.mark.django_db

CLEAN = "rules: [{key: r1, name: One, when: {customer: [US]}, then: [{target: robot}]}]"
REMARK = "rules: [{key: r1, name: One, when: {campaigns: [winter, spring]}, then: [{target: robot}]}]"
DOUBT = "rules: [{key: r1, name: One, when: {customer: [US]}, then: [{target: off}]}]"
MISTAKE = "rules: [{key: r1, name: One, when: {campaigns: [spring]}, then: [{target: robot}]}]"


def _run(*words: str) -> tuple[str, int]:
    """Return what was printed, and the exit status."""
    out = io.StringIO()
    try:
        call_command("lint_table", *words, stdout=out)
    except SystemExit as ending:
        return out.getvalue(), int(ending.code or 0)
    return out.getvalue(), 0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "table.yaml"


@pytest.mark.parametrize(
    ("rules", "fail_on", "status"),
    [
        (CLEAN, "note", 0),
        (REMARK, "note", 1),
        (REMARK, "warning", 0),
        (DOUBT, "warning", 1),
        (DOUBT, "error", 0),
        (MISTAKE, "error", 1),
        (MISTAKE, "note", 1),
    ],
)
def test_the_exit_status_says_whether_something_is_as_severe(file: Path, rules: str, fail_on: str, status: int) -> None:
    file.write_text(BASE + rules, encoding="utf-8")

    assert _run(str(file), "--fail-on", fail_on)[1] == status


def test_errors_alone_fail_unless_asked(file: Path) -> None:
    file.write_text(BASE + DOUBT, encoding="utf-8")

    assert _run(str(file))[1] == 0


def test_each_finding_has_its_line(file: Path) -> None:
    file.write_text(BASE + MISTAKE, encoding="utf-8")

    said, _ = _run(str(file))

    assert said == (
        "error: Rule 1 “One” can never take a call: campaign “Spring” ended on 30 Jun 2026."
        " Change the campaign, or delete the rule. [campaign_over]\n"
    )


def test_findings_as_json(file: Path) -> None:
    file.write_text(BASE + MISTAKE, encoding="utf-8")

    (finding,) = json.loads(_run(str(file), "--format", "json")[0])

    assert finding.pop("message").startswith("Rule 1 “One”")
    assert finding == {"kind": "campaign_over", "severity": "error", "subject": "rules", "key": "r1", "other": ""}


def test_the_draft_is_looked_at_without_a_file() -> None:
    import_table(BASE + CLEAN)
    assert _run("--fail-on", "warning") == ("No findings\n", 0)

    import_table(BASE + MISTAKE)

    assert _run()[1] == 1


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(BASE + CLEAN))

    assert _run("-") == ("No findings\n", 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        (b"a: \xff", "is not UTF-8 text"),
        (b"colour: blue", "colour: is not a field here"),
        (b"default: [", "this is not YAML"),
    ],
)
def test_what_is_no_table_ends_with_two(file: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(CommandError) as refusal:
        _run(str(file))

    assert refusal.value.returncode == 2
    assert message in str(refusal.value)
