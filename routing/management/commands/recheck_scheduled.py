"""Show which scheduled calls would be decided differently today."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from routing.engine.decision import Decision
from routing.engine.explain import decision_sentence
from routing.services.recheck_scheduled import Rechecked, recheck_scheduled


class Command(BaseCommand):
    """Compare scheduled calls with the live revision; nothing is changed."""

    help = (
        "Show the scheduled calls, not yet due, that the live revision would decide differently. It changes nothing: "
        "deleting and creating them again could call somebody twice. Exit status 1 if there are any."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Offer JSON."""
        parser.add_argument("--json", action="store_true", help="print a list of all scheduled calls, also equal ones")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, and fail if anything differs."""
        checked = list(recheck_scheduled(now=timezone.now()))
        differing = [one for one in checked if one.differences]
        if options["json"]:
            self.stdout.write(json.dumps([_describe(one) for one in checked], indent=2))
        else:
            for one in differing:
                self.stdout.write(_line(one))
        counted = f"{len(differing)} of {len(checked)} scheduled calls would be decided differently"
        if differing:
            raise CommandError(f"{counted}. Nothing was changed: cancel a call at Vapi before you place it again.")
        if not options["json"]:
            self.stdout.write(counted)


def _line(one: Rechecked) -> str:
    call, today = one.call, one.today
    now = decision_sentence(today) if today else "cannot be decided"
    return (
        f"{call.scheduled_for:%Y-%m-%d %H:%M %Z}  {call.pk}  {', '.join(one.differences)}: "
        f"was {call.target_name or call.target_key}, now {now}"
    )


def _describe(one: Rechecked) -> dict[str, Any]:
    call, today = one.call, one.today
    return {
        "id": str(call.pk),
        "vapiCallId": call.vapi_call_id,
        "scheduledFor": call.scheduled_for.isoformat() if call.scheduled_for else None,
        "decidedAt": call.decided_at.isoformat(),
        "revision": call.revision,
        "target": {"key": call.target_key, "kind": call.target_kind, "name": call.target_name},
        "today": _describe_today(today) if today else None,
        "differences": list(one.differences),
    }


def _describe_today(today: Decision) -> dict[str, Any]:
    target, rule = today.target, today.rule
    return {
        "target": {"key": target.key, "kind": target.kind.value, "name": target.name},
        "reason": today.reason.value,
        "rule": {"position": rule.position, "name": rule.name} if rule else None,
        "revision": today.revision,
    }
