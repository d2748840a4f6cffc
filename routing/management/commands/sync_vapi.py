"""Synchronise with Vapi: assistants, squads, phone numbers."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from routing.models import SyncRun, SyncState
from routing.services.sync_run import SyncBusy
from routing.services.sync_vapi import sync_vapi
from routing.vapi.client import client_from_settings


class Command(BaseCommand):
    """Read what there is at Vapi, and mark what is gone."""

    help = (
        "Read the names of assistants, squads and phone numbers at Vapi, for staff to choose from, and mark what is "
        "gone there: rules skip a target that is missing. Let cron or a systemd timer run it with --incremental every "
        "15 minutes and without it every night: only a full run notices deletions. Exit status 1 if it fails."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Offer a quick run, and a confirmation."""
        parser.add_argument("--incremental", action="store_true", help="only what changed since the last time")
        parser.add_argument(
            "--confirm-empty", action="store_true", help="mark things missing even if nothing that is known is left"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Synchronise; a line for each page, then what there is."""
        if options["incremental"] and options["confirm_empty"]:
            raise CommandError("--confirm-empty needs a full run: leave --incremental out.")
        try:
            run = sync_vapi(
                lister=client_from_settings(),
                author=None,
                full=not options["incremental"],
                clock=timezone.now,
                progress=self._print,
                confirm_empty=options["confirm_empty"],
            )
        except SyncBusy as busy:
            raise CommandError(str(busy)) from busy
        if run.state != SyncState.DONE:
            raise CommandError(run.message)
        self._print(run)

    def _print(self, run: SyncRun) -> None:
        self.stdout.write(run.message)
        self.stdout.flush()
