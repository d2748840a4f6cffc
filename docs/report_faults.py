"""Rewrites README's table of promises: what holds, which test proves it, and what it measured last.

`make report-faults` runs the tests with FAULTS_REPORT naming a file. They append to it one JSON object a line, with
the texts `promise`, `test` and `figure`.
"""

import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- faults: written by make report-faults -->", "<!-- /faults -->"
FIELDS = ("promise", "test", "figure")

Row = Mapping[str, str]


class UnusableReport(ValueError):
    """The file holds something else than lines of the three texts, or nothing; or README has no place for them."""


def read_rows(lines: Iterable[str]) -> list[Row]:
    """Return the rows by promise, both in the order of their first appearance; the last figure of a test counts."""
    rows: dict[tuple[str, str], Row] = {}
    for number, line in enumerate(lines, start=1):
        row = _read_row(number, line)
        rows[row["promise"], row["test"]] = row
    if not rows:
        raise UnusableReport("no test has reported anything")
    promises = list(dict.fromkeys(promise for promise, _ in rows))
    return sorted(rows.values(), key=lambda row: promises.index(row["promise"]))


def write_table(rows: Iterable[Row], measured: str) -> str:
    """Return the table in Markdown, each promise once, with the machine that it was measured on under it."""
    head = ["| promise | test | last measured |", "|---|---|---|"]
    body, above = [], ""
    for row in rows:
        promise = "" if row["promise"] == above else _cell(row["promise"])
        body.append(f"| {promise} | `{_short(row['test'])}` | {_cell(row['figure'])} |")
        above = row["promise"]
    return "\n".join([*head, *body, "", measured])


def replace_table(text: str, table: str) -> str:
    """Return the page with the table between its marks; raises UnusableReport without marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise UnusableReport(f"README.md lacks the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def describe_machine(today: date) -> str:
    """Return when and on what it was measured."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"Measured on {today.isoformat()}: {os.cpu_count()} processors, {system}."


def _read_row(number: int, line: str) -> Row:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UnusableReport(f"line {number} is not JSON: {error}") from error
    if not isinstance(row, dict) or not all(isinstance(row.get(name), str) and row[name] for name in FIELDS):
        raise UnusableReport(f"line {number} lacks one of the texts {', '.join(FIELDS)}")
    return row


def _short(test: str) -> str:
    return _cell(test).removeprefix("tests/faults/")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(path: str) -> None:
    """Put what stands in the file into README."""
    try:
        table = write_table(
            read_rows(Path(path).read_text(encoding="utf-8").splitlines()), describe_machine(datetime.now(UTC).date())
        )
        README.write_text(replace_table(README.read_text(encoding="utf-8"), table), encoding="utf-8")
    except (OSError, UnusableReport) as error:
        sys.exit(f"README is left as it is: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
