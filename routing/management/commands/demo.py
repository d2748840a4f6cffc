"""Load the demo world."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from routing.services.demo_data import NotADemoDatabase, load_demo


class Command(BaseCommand):
    """Load and publish the demo's table; make its password and API keys anew and print them."""

    help = "Load the demo into an empty database, or renew the demo's password and API keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Offer the output for programs."""
        parser.add_argument("--json", action="store_true", help="print one line of JSON instead of text")

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        """Load the demo, or say what of the database is not the demo's."""
        try:
            credentials = load_demo(now=timezone.now()).as_dict()
        except NotADemoDatabase as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_as_json(credentials) if json else _as_text(credentials))


def _as_json(credentials: dict[str, str]) -> str:
    return json.dumps(credentials)


def _as_text(credentials: dict[str, str]) -> str:
    return "\n".join(f"{name.replace('_', ' '):16} {value}" for name, value in credentials.items())
