"""Replace the draft by a table file."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from routing.engine.errors import TableErrors
from routing.services.import_table import ImportReport, import_and_publish, import_table


class Command(BaseCommand):
    """Read a routing table from a YAML or JSON file into the draft, all or nothing."""

    help = "Replace the draft by a table file (YAML or JSON), all or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file and what to do with it."""
        parser.add_argument("file", metavar="FILE", help="path of the table file, or - for standard input")
        parser.add_argument("--note", default="", help="note of the revision that --publish makes")
        way = parser.add_mutually_exclusive_group()
        way.add_argument("--publish", action="store_true", help="make the table live at once")
        way.add_argument("--dry-run", action="store_true", help="only tell what would change")

    def handle(self, *args: Any, file: str, note: str, publish: bool, dry_run: bool, **options: Any) -> None:
        """Import the file, or list everything that is wrong with it."""
        text = read_file(file)
        try:
            if publish:
                report, revision = import_and_publish(text, author=None, note=note, now=timezone.now())
                lines = [*describe(report), f"{revision} is live."]
            else:
                lines = describe(import_table(text, dry_run=dry_run))
        except TableErrors as errors:
            raise CommandError(f"nothing was changed; mistakes: {len(errors.errors)}\n{errors}") from errors
        self.stdout.write("\n".join(["Dry run, nothing was changed. It would be:", *lines] if dry_run else lines))


def describe(report: ImportReport) -> list[str]:
    """Return the report as lines for people."""
    lines = [
        f"{kind}: {changes.created} created, {changes.updated} updated, {changes.deleted} deleted"
        for kind, changes in report.kinds.items()
        if changes
    ]
    lines += ["settings of the table: updated"] * report.settings_changed
    lines += ["rules: order changed"] * report.reordered
    lines += [f"list {key}: kept, because it holds entries" for key in report.kept_lists]
    return lines or ["No difference."]


def read_file(file: str) -> str:
    """Return the text of a file, or of standard input for `-`; raises CommandError where there is none to read."""
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not UTF-8 text (byte {error.start}): save it as UTF-8") from error
