"""Make the draft live."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from routing.engine.errors import TableErrors
from routing.services.publish import publish


class Command(BaseCommand):
    """Compile the draft and make it live as a new revision."""

    help = "Make the draft live as a new revision."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the note."""
        parser.add_argument("--note", default="", help="what changed and why")

    def handle(self, *args: Any, note: str, **options: Any) -> None:
        """Publish, or list everything that is wrong with the draft."""
        try:
            revision = publish(author=None, note=note, now=timezone.now())
        except TableErrors as errors:
            raise CommandError(f"nothing was published; mistakes: {len(errors.errors)}\n{errors}") from errors
        self.stdout.write(f"{revision} is live." if revision.is_new else f"No difference: {revision} stays live.")
