"""Keeping the counts of calls short. Triggers of the database add a line for every value of a written call."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db import transaction

from routing.models import CallCount
from routing.models.call_counts import DIMENSIONS

SPANS = 200  # merged at a time


def merge_counts() -> int:
    """Merge the lines of the spans that got new ones, and return of how many spans; no writer of calls waits for it.

    Lines that somebody else is merging are passed over, as are dimensions that only another version knows.
    """
    spans = list(CallCount.objects.filter(merged=False).order_by("at").values_list("at", flat=True).distinct()[:SPANS])
    return sum(_merge(at) for at in spans)


def _merge(at: datetime) -> bool:
    """Put the sums of a span's lines in their place, and tell whether a new one was among them."""
    sums: Counter[tuple[str, str]] = Counter()
    with transaction.atomic():
        lines = CallCount.objects.select_for_update(skip_locked=True).filter(at=at, dimension__in=[*DIMENSIONS])
        found = list(lines.order_by().values_list("pk", "dimension", "key", "calls", "merged"))
        for _, dimension, key, calls, _ in found:
            sums[dimension, key] += calls
        CallCount.objects.filter(pk__in=[pk for pk, *_ in found]).delete()
        CallCount.objects.bulk_create(
            CallCount(at=at, dimension=dimension, key=key, calls=calls, merged=True)
            for (dimension, key), calls in sums.items()
            if calls
        )
    return not all(merged for *_, merged in found)
