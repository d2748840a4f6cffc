"""Move recorded calls from the local spool into the database."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from routing.recorder.drain import drain

INTERVAL_SECONDS = 0.5


class Command(BaseCommand):
    """Drain the spool once, or again and again."""

    help = "Move recorded calls from the spool (ROUTING_DATA_DIR/spool) into the database. Running servers do so too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Offer to go on."""
        parser.add_argument("--watch", action="store_true", help="go on until interrupted, looking twice a second")

    def handle(self, *args: Any, watch: bool, **options: Any) -> None:
        """Drain, and say how many records the database has taken."""
        self._drain()
        while watch:
            time.sleep(INTERVAL_SECONDS)
            self._drain()

    def _drain(self) -> None:
        try:
            count = drain()
        except (DatabaseError, OSError) as error:
            raise CommandError(f"The spool could not be drained, its records are kept: {error}") from error
        self.stdout.write(f"{count} record{'s' * (count != 1)} drained")
