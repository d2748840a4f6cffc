"""Look for what is odd about the routing table."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from routing.engine.errors import TableErrors
from routing.engine.lint import Finding, Severity
from routing.management.commands.import_table import read_file
from routing.services.lint_table import lint_draft, lint_text

UNREADABLE = 2


class Command(BaseCommand):
    """Print one line for each finding; the exit status is for CI."""

    help = (
        "Look for rules that can never match and other oddities, in the draft or in a table file. "
        "Exit status 0: nothing as severe as --fail-on, 1: something, 2: the file is no routing table."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to look at, and what counts as a failure."""
        parser.add_argument("file", metavar="FILE", nargs="?", help="a table file, or -; without it the draft is read")
        parser.add_argument("--format", choices=["text", "json"], default="text", dest="style")
        parser.add_argument(
            "--fail-on",
            choices=[severity.value for severity in Severity],
            default=Severity.ERROR.value,
            help="the least severity that makes the exit status 1 (default: error)",
        )

    def handle(self, *args: Any, file: str | None, style: str, fail_on: str, **options: Any) -> None:
        """Print the findings, and exit with 1 where one is severe enough."""
        findings = _find(file)
        self.stdout.write(_as_json(findings) if style == "json" else _as_text(findings))
        severities = list(Severity)
        if any(severities.index(found.severity) <= severities.index(Severity(fail_on)) for found in findings):
            sys.exit(1)


def _find(file: str | None) -> tuple[Finding, ...]:
    if file is None:
        return lint_draft(timezone.now())
    try:
        return lint_text(read_file(file), timezone.now())
    except TableErrors as errors:
        raise CommandError(f"mistakes: {len(errors.errors)}\n{errors}", returncode=UNREADABLE) from errors
    except CommandError as error:
        raise CommandError(str(error), returncode=UNREADABLE) from error


def _as_text(findings: Sequence[Finding]) -> str:
    lines = (f"{found.severity.value}: {found.message} [{found.kind.value}]" for found in findings)
    return "\n".join(lines) or "No findings"


def _as_json(findings: Sequence[Finding]) -> str:
    return json.dumps([asdict(found) for found in findings], indent=2, ensure_ascii=False)
