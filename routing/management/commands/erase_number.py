"""Forget a customer's telephone number."""

import time
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from routing.services.erase_number import CannotErase, Erased, drop_copies, erase_number

ROUNDS = 5  # a server empties its own file of the spool within a second or two
PAUSE_SECONDS = 1.0


class Command(BaseCommand):
    """Erase one number from rows, files and the history of the pages."""

    help = (
        "Erase a customer's number from calls, requests, number lists, the history of the admin and the files of this "
        "machine. Blocked and do-not-call lists keep it, without name, unless --all-lists. Rules, revisions and "
        "whatever else names it are only listed. Run it on every machine that serves; running it again does no harm."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask for the number and for who does it."""
        parser.add_argument("number", help="for example +12025550100")
        parser.add_argument("--by", metavar="USER", help="who does it: the audit row is theirs (needed in earnest)")
        parser.add_argument("--all-lists", action="store_true", help="also from blocked and do-not-call lists")
        parser.add_argument("--dry-run", action="store_true", help="only tell what would be erased")

    def handle(self, *args: Any, number: str, **options: Any) -> None:
        """Erase, and tell what stays."""
        dry_run = options["dry_run"]
        author = None if dry_run else self._author(options["by"])
        try:
            done = erase_number(number, author=author, all_lists=options["all_lists"], dry_run=dry_run)
            self._tell(done, dry_run)
            for _ in range(0 if dry_run else ROUNDS):
                if not done.files:
                    break
                drop_copies(done.files)
                time.sleep(PAUSE_SECONDS)
                done = erase_number(number, author=author, all_lists=options["all_lists"])
        except CannotErase as error:
            raise CommandError(str(error)) from error
        except (DatabaseError, OSError) as error:
            raise CommandError(f"Not everything was erased, run this again: {error}") from error
        self._tell_rest(done, dry_run)

    def _author(self, name: str | None) -> Any:
        author = get_user_model().objects.filter(username=name or "").first()
        if author is None:
            raise CommandError("Say who erases: --by and the user name of somebody who can log in.")
        return author

    def _tell(self, done: Erased, dry_run: bool) -> None:
        self.stdout.write(
            f"{'Would erase' if dry_run else 'Erased'} from {done.calls} calls, {done.claims} requests, "
            f"{done.entries} list entries, {done.log_entries} lines of history and {done.records} records in files"
        )

    def _tell_rest(self, done: Erased, dry_run: bool) -> None:
        if done.kept:
            self.stdout.write(f"It stays in: {', '.join(done.kept)}")
        if done.files and not dry_run:
            names = ", ".join(path.name for path in done.files)
            raise CommandError(f"Still being written by a server: {names}. Run this again in a minute.")
