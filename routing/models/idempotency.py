"""Which requests for calls were taken, so that none is carried out twice."""

import uuid

from django.db import models

from routing.models.access import ApiKey
from routing.models.encrypted import EncryptedTextField
from routing.models.fields import check_choice


class ClaimKind(models.TextChoices):
    """By what a request is recognised when it comes again."""

    KEY = "key", "Idempotency-Key"
    CONTENT = "content", "Same body"


class ClaimState(models.TextChoices):
    """How far a request came."""

    RUNNING = "running", "Running"
    ANSWERED = "answered", "Answered"
    UNKNOWN = "unknown", "Unknown (may have been placed)"


class RequestClaim(models.Model):
    """A request for a call that was taken. It is committed together with the calls' rows, before anything is sent.

    The constraint is what keeps two processes from taking the same request. A refused request leaves no claim.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    api_key = models.ForeignKey(ApiKey, models.CASCADE, related_name="claims", verbose_name="API key")
    kind = models.CharField("recognised by", max_length=8, choices=ClaimKind.choices)
    digest = models.CharField("SHA-256 of the key or the body", max_length=64)
    fingerprint = models.CharField("SHA-256 of the body", max_length=64)
    state = models.CharField("state", max_length=8, choices=ClaimState.choices, default=ClaimState.RUNNING)
    call_id = models.UUIDField("row of the call, of a batch the first", null=True, blank=True)
    # Vapi's answer as it came holds the customer's number and whatever the call was given to know.
    answer = EncryptedTextField("answer, as JSON", null=True, blank=True)
    started_at = models.DateTimeField("taken at")
    expires_at = models.DateTimeField("forgotten at", db_index=True)

    class Meta:
        verbose_name = "request for a call"
        verbose_name_plural = "requests for calls"
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["api_key", "kind", "digest"], name="requestclaim_once"),
            check_choice("requestclaim_kind", "kind", ClaimKind.values),
            check_choice("requestclaim_state", "state", ClaimState.values),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.started_at:%Y-%m-%d %H:%M}: {self.get_state_display()}"
