"""Counts each server message twice: by the hour in the database, for staff, and in the metrics."""

from __future__ import annotations

from datetime import datetime

from routing.models import WebhookOutcome
from routing.recorder.webhook_counts import counter
from routing.telemetry.counting import count
from routing.telemetry.families import WEBHOOK_MESSAGES, WEBHOOK_REFUSALS
from routing.vapi.refusal import Refusal

OTHER_TYPE = "other"
UNREAD = "unread"  # the type of a message that was refused before anybody looked into it


def count_message(outcome: str, now: datetime, detail: str = "", known_type: str = UNREAD) -> None:
    """Count a message by the word of a ``WebhookOutcome``; as a plain one, because members are slow to look up.

    ``detail`` is for staff; ``known_type`` is one of a few words, whatever the message says.
    """
    counter.count(outcome, now, detail)
    count(WEBHOOK_MESSAGES, known_type, outcome)


def count_refusal(refusal: Refusal, now: datetime) -> None:
    """Count a message without a valid secret."""
    count_message(WebhookOutcome.UNAUTHORIZED.value, now, str(refusal))
    count(WEBHOOK_REFUSALS, refusal.kind.value)
