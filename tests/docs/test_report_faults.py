"""The table of promises in README: written between its marks, from what tests report."""

import json
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings

from docs.report_faults import BEGIN, END, UnusableReport, describe_machine, read_rows, replace_table, write_table
from tests.faults.report import Promise, report

FIRST = {"promise": "Nothing is lost", "test": "test_a", "figure": "p99 12 ms"}
OTHER = {"promise": "Nobody gets in", "test": "test_b", "figure": "401"}


def lines(*rows: object) -> list[str]:
    return [json.dumps(row) for row in rows]


def test_rows_stand_by_promise_with_the_last_figure() -> None:
    again = FIRST | {"figure": "p99 9 | ms"}
    second = FIRST | {"test": "test_c"}

    table = write_table(read_rows(lines(FIRST, OTHER, second, again)), "Measured today.")

    assert table.splitlines() == [
        "| promise | test | last measured |",
        "|---|---|---|",
        "| Nothing is lost | `test_a` | p99 9 \\| ms |",
        "|  | `test_c` | p99 12 ms |",
        "| Nobody gets in | `test_b` | 401 |",
        "",
        "Measured today.",
    ]


@pytest.mark.parametrize(
    "bad", [[], ["{"], ["3"], lines({"promise": "a"}), lines(FIRST | {"figure": ""}), lines(FIRST | {"figure": 3})]
)
def test_a_report_that_is_none_is_refused(bad: list[str]) -> None:
    with pytest.raises(UnusableReport):
        read_rows(bad)


def test_only_the_table_is_replaced() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"

    assert replace_table(page, "new") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(UnusableReport):
        replace_table(f"before\n{BEGIN}\nold", "new")


@pytest.mark.parametrize("name", ["with spaces"])
def test_what_a_test_reports_becomes_a_row(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sabotage seen to fail: cut the test's name at its first space."""
    monkeypatch.setenv("FAULTS_REPORT", str(tmp_path / "rows"))

    report(Promise.KILLED, "server killed", "2 answered")

    (row,) = read_rows((tmp_path / "rows").read_text().splitlines())
    assert row["test"].endswith("::test_what_a_test_reports_becomes_a_row[with spaces]")
    assert (row["promise"], row["figure"]) == (Promise.KILLED, "server killed: 2 answered")


@pytest.mark.parametrize("promise", Promise)
def test_each_promise_is_measured_by_a_test(promise: Promise) -> None:
    tests = (Path(settings.BASE_DIR) / "tests" / "faults").glob("test_*.py")

    assert any(f"Promise.{promise.name}" in path.read_text(encoding="utf-8") for path in tests)


def test_readme_has_the_marks() -> None:
    readme = (Path(settings.BASE_DIR) / "README.md").read_text(encoding="utf-8")

    assert readme.count(BEGIN) == readme.count(END) == 1
    assert describe_machine(date(2026, 1, 2)).startswith("Measured on 2026-01-02: ")
