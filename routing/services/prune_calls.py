"""Remove calls from the log that are older than somebody may keep them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from routing.models import Call
from routing.recorder.call_counts import merge_counts
from routing.recorder.erasing import remove_rejected_before
from routing.services.idempotency import forget_expired

BATCH = 1000  # rows a transaction, so that nothing waits for a long one


def prune_calls(*, days: int, now: datetime, dry_run: bool = False) -> int:
    """Delete calls decided more than ``days`` days ago, and return how many; a dry run only counts them.

    Calls that are still to be started stay. Records that the database refused go when none was added since then, and
    Vapi's answers when nobody can get them again.
    """
    before = now - timedelta(days=days)
    old = Call.objects.filter(Q(scheduled_for__isnull=True) | Q(scheduled_for__lt=now), decided_at__lt=before)
    if dry_run:
        return old.count()
    removed = 0
    while batch := list(old.order_by("decided_at", "id").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            Call.objects.filter(pk__in=batch).delete()
        removed += len(batch)
    while merge_counts():
        pass  # the counts of the calls that are gone
    remove_rejected_before(before)
    forget_expired(now)
    return removed
