"""What became of Vapi's server messages, from the counts that every process adds to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Sum

from routing.models import WebhookCount, WebhookOutcome

ACCEPTED = (WebhookOutcome.ANSWERED, WebhookOutcome.NOTED, WebhookOutcome.LAST_RESORT)
REFUSED = (WebhookOutcome.UNAUTHORIZED, WebhookOutcome.NOT_JSON, WebhookOutcome.TOO_LARGE)
FAILED = (*REFUSED, WebhookOutcome.LAST_RESORT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """The last message that something became of. ``detail`` is its type, or why it was refused."""

    outcome: WebhookOutcome
    at: datetime
    detail: str


def count_messages(since: datetime, until: datetime) -> Mapping[WebhookOutcome, int]:
    """Return the messages of a span of time by outcome, all outcomes named. Counts are kept by hours of UTC."""
    hour = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    rows = WebhookCount.objects.filter(hour__gte=hour, hour__lt=until).order_by()
    found = dict(rows.values_list("outcome").annotate(Sum("count")))
    return {outcome: found.get(outcome.value, 0) for outcome in WebhookOutcome}


def last_message(*outcomes: WebhookOutcome) -> Sighting | None:
    """Return the last message that one of these became of."""
    row = WebhookCount.objects.filter(outcome__in=outcomes).order_by("-hour", "-last_at").first()
    if row is None:
        return None
    return Sighting(outcome=WebhookOutcome(row.outcome), at=row.last_at, detail=row.detail)


def was_ever_accepted() -> bool:
    """Tell whether Vapi ever reached the webhook with a valid secret."""
    return WebhookCount.objects.filter(outcome__in=ACCEPTED).exists()
