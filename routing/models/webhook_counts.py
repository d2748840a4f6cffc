"""How many server messages came, hour by hour, and what became of them."""

from django.db import models

from routing.models.fields import check_choice


class WebhookOutcome(models.TextChoices):
    """What became of a server message."""

    ANSWERED = "answered", "Answered"
    LAST_RESORT = "last-resort", "Answered with the last resort"
    NOTED = "noted", "Noted"
    UNAUTHORIZED = "unauthorized", "Refused: no valid secret"
    NOT_JSON = "not-json", "Refused: not JSON"
    TOO_LARGE = "too-large", "Refused: too large"


class WebhookCount(models.Model):
    """One hour's messages of one outcome. Processes count in memory and add to it every few seconds."""

    hour = models.DateTimeField("hour")
    outcome = models.CharField("outcome", max_length=16, choices=WebhookOutcome.choices)
    count = models.PositiveBigIntegerField("messages", default=0)
    last_at = models.DateTimeField("last one at")
    detail = models.CharField(
        "about the last one", max_length=255, blank=True, help_text="For example why it was refused. Never a secret."
    )

    class Meta:
        ordering = ["-hour", "outcome"]
        verbose_name = "count of server messages"
        verbose_name_plural = "counts of server messages"
        constraints = [
            models.UniqueConstraint(fields=["hour", "outcome"], name="webhookcount_once"),
            check_choice("webhookcount_outcome", "outcome", WebhookOutcome.values),
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.outcome} at {self.hour:%Y-%m-%d %H}:00"
