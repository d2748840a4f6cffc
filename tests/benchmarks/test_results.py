"""The file of results: a part that runs again replaces its own section, and the goals are those of the sections."""

from pathlib import Path

import pytest

from benchmarks.report import figure, goal, read_goals
from benchmarks.results import read_sections, write_section

PARTS = ("one", "two")


def _printed(capsys: pytest.CaptureFixture[str], what: str, value: float, *, at_most: float) -> str:
    goal(what, value, "ms", at_most=at_most, why_not="the disk is slow")
    return capsys.readouterr().out


def test_a_part_replaces_its_own_section_only(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"

    write_section(path, "two", "second, once", PARTS)
    write_section(path, "one", "first", PARTS)
    write_section(path, "two", "second, again", PARTS)

    sections = read_sections(path)
    assert list(sections) == ["one", "two"], "in the order of the parts, each once"
    assert "first" in sections["one"]
    assert "second, again" in sections["two"]
    assert "once" not in sections["two"]
    assert "make bench PART=two" in sections["two"]


def test_the_goals_of_all_sections_stand_at_the_top(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "RESULTS.md"

    write_section(path, "one", _printed(capsys, "a page", 20, at_most=300), PARTS)
    write_section(path, "two", _printed(capsys, "a file", 512.4, at_most=300), PARTS)

    head = path.read_text(encoding="utf-8").split("\n## ")[0]
    assert "| a page | ≤ 300 ms | 20 ms | met | one |" in head
    assert "| a file | ≤ 300 ms | 512 ms | missed: the disk is slow | two |" in head


@pytest.mark.parametrize(("value", "met"), [(5_000, True), (4_999, False)], ids=["at the limit", "below"])
def test_a_goal_from_below(value: float, met: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert goal("drain", value, "rows/s", at_least=5_000) is met

    [(what, wanted, _, verdict)] = read_goals(capsys.readouterr().out)
    assert (what, wanted, verdict) == ("drain", "≥ 5,000 rows/s", "met" if met else "missed")


@pytest.mark.parametrize(
    ("value", "written"), [(0.001234, "0.00123"), (1.234, "1.23"), (99.95, "100"), (123.4, "123"), (12345.6, "12,346")]
)
def test_figures(value: float, written: str) -> None:
    assert figure(value) == written
