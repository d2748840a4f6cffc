"""Find out what became of the calls to which Vapi gave no answer."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from routing.services.reconcile_calls import reconcile_calls
from routing.vapi.client import client_from_settings

NAMELESS = " ({count} of them web calls, for which Vapi keeps no name: nothing tells which of its web calls they are)"


class Command(BaseCommand):
    """Look for unknown calls at Vapi and settle them; meant to run every few minutes."""

    help = (
        "Look at Vapi for calls whose outcome is unknown. Found: placed. Not found 15 minutes after the request: "
        "failed. A web call has no name at Vapi by which it could be found: if any web call began there about then, "
        "it stays unknown, with a note that names those, and from then on it is only counted. It never places a call; "
        "run it every few minutes."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Settle what can be settled, and say how many calls became what."""
        done = reconcile_calls(client=client_from_settings(), now=timezone.now())
        nameless = NAMELESS.format(count=done.nameless) if done.nameless else ""
        self.stdout.write(f"{done.placed} placed, {done.failed} failed, {done.unknown} still unknown{nameless}")
        if done.faults:
            raise CommandError(f"Some calls could not be looked for, run this again: {'; '.join(set(done.faults))}")
