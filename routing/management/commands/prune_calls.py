"""Delete old calls from the log."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from routing.services.prune_calls import prune_calls

MOST_DAYS = 36_500


def read_days(text: str) -> int:
    """Return a number of days; raises ArgumentTypeError."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DAYS:
        raise ArgumentTypeError(f"{text!r}: write a number of days from 1 to {MOST_DAYS}")
    return int(text)


class Command(BaseCommand):
    """Delete what is older than it may be kept; meant to run every night."""

    help = "Delete calls that were decided more than so many days ago, a thousand at a time. Run it every night."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask how old, and offer to count only."""
        parser.add_argument("--days", type=read_days, required=True, help="how many days a call is kept")
        parser.add_argument("--dry-run", action="store_true", help="only count them")

    def handle(self, *args: Any, days: int, dry_run: bool, **options: Any) -> None:
        """Delete, and say how many."""
        count = prune_calls(days=days, now=timezone.now(), dry_run=dry_run)
        self.stdout.write(f"{count} call{'s' * (count != 1)} {'would be ' * dry_run}deleted")
