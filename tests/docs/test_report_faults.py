"""The table of promises in README: written between its marks, from what tests report."""

import json
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings

from docs.report_faults import BEGIN, END, UnusableReport, describe_machine, read_rows, replace_table, write_table

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
        "| Nothing is lost | `test_c` | p99 12 ms |",
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


def test_readme_has_the_marks() -> None:
    readme = (Path(settings.BASE_DIR) / "README.md").read_text(encoding="utf-8")

    assert readme.count(BEGIN) == readme.count(END) == 1
    assert describe_machine(date(2026, 1, 2)).startswith("Measured on 2026-01-02: ")
