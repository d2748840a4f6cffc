"""Write the routing table as a file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from routing.services.export_table import RevisionUnknown, export_table


class Command(BaseCommand):
    """Write the draft, or a revision, as YAML or JSON."""

    help = "Write the draft, or a revision, as a table file that import_table reads."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to write and how."""
        parser.add_argument("--format", choices=["yaml", "json"], default="yaml", dest="style")
        parser.add_argument("--output", metavar="FILE", help="write to this file instead of standard output")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--with-entries", action="store_true", help="with the entries of number lists")
        what.add_argument("--revision", type=int, metavar="N", help="a published revision instead of the draft")

    def handle(
        self, *args: Any, style: str, output: str | None, with_entries: bool, revision: int | None, **options: Any
    ) -> None:
        """Write the table."""
        try:
            text = export_table(style=style, with_entries=with_entries, revision=revision)
        except RevisionUnknown as error:
            raise CommandError(str(error)) from error
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            Path(output).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}") from error
