"""Keeping the counts of calls short. Triggers of the database add a line for every value of a written call."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db import transaction

from routing.models import CallCount
from routing.models.call_counts import DIMENSIONS

SPANS = 200  # merged at a time


def merge_counts() -> int:
    """Merge the lines of the spans that got new ones, and return how many spans; no writer of calls waits for it.

    Lines that somebody else is merging are passed over: what is taken away is put back as its sum.
    """
    spans = list(CallCount.objects.filter(merged=False).order_by("at").values_list("at", flat=True).distinct()[:SPANS])
    for at in spans:
        _merge(at)
    return len(spans)


def _merge(at: datetime) -> None:
    sums: Counter[tuple[str, str]] = Counter()
    with transaction.atomic():
        lines = CallCount.objects.select_for_update(skip_locked=True).filter(at=at, dimension__in=[*DIMENSIONS])
        found = list(lines.order_by().values_list("pk", "dimension", "key", "calls"))
        for _, dimension, key, calls in found:
            sums[dimension, key] += calls
        CallCount.objects.filter(pk__in=[pk for pk, *_ in found]).delete()
        CallCount.objects.bulk_create(
            CallCount(at=at, dimension=dimension, key=key, calls=calls, merged=True)
            for (dimension, key), calls in sums.items()
            if calls
        )
