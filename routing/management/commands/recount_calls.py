"""Count the calls of the log anew."""

from typing import Any

from django.core.management.base import BaseCommand

from routing.services.call_counts import recount


class Command(BaseCommand):
    """Make the counts by hour anew, from which dashboard and rules list read."""

    help = "Count all calls anew, a day at a time; for after calls were restored past the triggers of the database."

    def handle(self, *args: Any, **options: Any) -> None:
        """Count, and say how many days."""
        days = recount()
        self.stdout.write(f"counted the calls of {days} day{'s' * (days != 1)} anew")
