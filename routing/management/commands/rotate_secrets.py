"""Encrypt the stored secrets with a new key."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from routing.services.rotate_secrets import rotate_secrets


class Command(BaseCommand):
    """Encrypt every stored secret with the first of ENCRYPTION_KEYS."""

    help = (
        "Encrypt every stored secret anew with the first of ENCRYPTION_KEYS. To change the key: put the new one first, "
        "restart all servers, run this, then remove the old one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Offer to count only."""
        parser.add_argument("--dry-run", action="store_true", help="only tell which secrets can be decrypted")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        """Encrypt, and fail if a secret cannot be decrypted."""
        done = rotate_secrets(dry_run=dry_run)
        self.stdout.write(f"{done.count} secret{'s' * (done.count != 1)} {'would be ' * dry_run}encrypted anew")
        if done.locked:
            raise CommandError(
                f"No key of ENCRYPTION_KEYS opens: {', '.join(done.locked)}. They are unchanged: add the key that they "
                "were stored with, or enter them again."
            )
