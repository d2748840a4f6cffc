"""The call log: one row for each routed call."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from routing.models.access import ApiKey
from routing.models.choices import CHANNELS, REASONS, TARGET_KINDS, values
from routing.models.fields import check_choice


class CallState(models.TextChoices):
    """What became of a call."""

    DECIDED = "decided", "Decided"
    SENDING = "sending", "Being placed"
    PLACED = "placed", "Placed"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown (may have been placed)"
    IN_PROGRESS = "in-progress", "In progress"
    ENDED = "ended", "Ended"


class Call(models.Model):
    """A routed call: what was known, what was decided and what became of it.

    Rule, target and revision are copied, not linked: the log outlives them, and a late insert must never fail.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    vapi_call_id = models.CharField("Vapi call id", max_length=64, null=True, blank=True, unique=True)
    channel = models.CharField("channel", max_length=16, choices=CHANNELS)
    state = models.CharField("state", max_length=16, choices=CallState.choices, default=CallState.DECIDED)
    customer_number = models.CharField("customer number", max_length=255, blank=True)
    our_number = models.CharField("our number", max_length=255, blank=True)
    campaign = models.CharField("campaign", max_length=100, blank=True)
    external_id = models.CharField("external id", max_length=255, blank=True)
    context: "models.JSONField[Any, Any]" = models.JSONField("what was known", default=dict, blank=True)
    facts: "models.JSONField[Any, Any]" = models.JSONField("live data it saw", default=dict, blank=True)
    target_key = models.CharField("target key", max_length=100, blank=True)
    target_kind = models.CharField("target kind", max_length=16, choices=TARGET_KINDS, blank=True)
    target_name = models.CharField("target", max_length=200, blank=True)
    reason = models.CharField("reason", max_length=32, choices=REASONS, blank=True)
    rule_key = models.CharField("rule key", max_length=100, blank=True)
    rule_name = models.CharField("rule", max_length=200, blank=True)
    rule_position = models.PositiveIntegerField("rule position", null=True, blank=True)
    revision = models.PositiveIntegerField("revision", null=True, blank=True)
    stale = models.BooleanField(
        "decided from the local copy", default=False, help_text="The database was out of reach at that moment."
    )
    sandbox = models.BooleanField("sandbox", default=False, help_text="Nobody was called: no Vapi key was set.")
    api_key = models.ForeignKey(
        ApiKey, models.SET_NULL, null=True, blank=True, related_name="calls", verbose_name="API key", db_index=False
    )
    vapi_name = models.CharField(
        "name at Vapi", max_length=40, blank=True, help_text="By which the call is found again there."
    )
    decided_at = models.DateTimeField("decided at")
    answer_ms = models.FloatField(
        "answered in milliseconds", null=True, blank=True, help_text="From the request's arrival to our answer."
    )
    scheduled_for = models.DateTimeField("scheduled for", null=True, blank=True)
    created_at = models.DateTimeField("recorded at", default=timezone.now, editable=False)
    ended_reason = models.CharField("ended because", max_length=255, blank=True)
    cost = models.DecimalField("cost in US dollars", max_digits=12, decimal_places=6, null=True, blank=True)
    started_at = models.DateTimeField("started at", null=True, blank=True)
    ended_at = models.DateTimeField("ended at", null=True, blank=True)
    error = models.TextField("error", blank=True)

    class Meta:
        ordering = ["-decided_at", "-id"]
        permissions = [
            ("view_full_numbers", "Can see whole telephone numbers of customers"),
            ("export_call", "Can export the call log"),
        ]
        constraints = [
            check_choice("call_channel", "channel", values(CHANNELS)),
            check_choice("call_state", "state", CallState.values),
            check_choice("call_reason", "reason", ["", *values(REASONS)]),
            check_choice("call_target_kind", "target_kind", ["", *values(TARGET_KINDS)]),
        ]
        indexes = [
            # With what the dashboard needs for the slowest answers of a week, without reading its calls.
            models.Index(fields=["-decided_at", "-id"], include=["answer_ms"], name="call_newest"),
            *(
                models.Index(fields=[column, "-decided_at", "-id"], name=f"call_{column}")
                for column in ("customer_number", "target_key", "rule_key", "state", "reason", "channel", "our_number")
            ),
            # Few calls have these, and those without cost the indexes nothing.
            models.Index(
                fields=["campaign", "-decided_at", "-id"], name="call_campaign", condition=~models.Q(campaign="")
            ),
            models.Index(fields=["-decided_at", "-id"], name="call_sandbox", condition=models.Q(sandbox=True)),
            models.Index(fields=["vapi_name"], name="call_vapi_name", condition=~models.Q(vapi_name="")),
            *(
                models.Index(fields=[column], name=f"call_{column}", condition=models.Q((f"{column}__isnull", False)))
                for column in ("scheduled_for", "api_key")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} call of {timezone.localtime(self.decided_at):%Y-%m-%d %H:%M}"

    @classmethod
    def fit(cls, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns with texts cut to what the table holds: a strange caller must not block the spool."""
        return {name: _fit_text(value, cls._meta.get_field(name)) for name, value in columns.items()}


class ScheduledCall(Call):
    """A call that Vapi is to start later, with a page and a permission of its own."""

    class Meta:
        proxy = True
        ordering = ["scheduled_for", "id"]
        verbose_name = "scheduled call"

    @classmethod
    def due_after(cls, now: datetime) -> "models.QuerySet[ScheduledCall]":
        """Return the calls that are still to be started, soonest first."""
        waiting = (CallState.SENDING, CallState.PLACED, CallState.UNKNOWN)
        return cls.objects.filter(scheduled_for__gt=now, state__in=waiting).order_by("scheduled_for", "id")


def _fit_text(value: Any, field: Any) -> Any:
    if not isinstance(value, str):
        return value
    # PostgreSQL stores neither NUL nor halves of surrogate pairs; SQLite would take the first and fail on the second.
    text = (
        value if value.isascii() and "\0" not in value else value.replace("\0", "").encode("utf-8", "replace").decode()
    )
    # Only texts: a UUID column says 32, and its value is written with 36.
    return text[: field.max_length] if isinstance(field, models.CharField) else text
