"""The emergency switch."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from routing.models.fields import ProtectingManyToManyField, check
from routing.models.numbers import OurNumber
from routing.models.targets import Target

LONGEST = timedelta(days=7)


class EmergencySwitch(models.Model):
    """A live override that is asked before any rule and ends by itself."""

    target = models.ForeignKey(
        Target,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="switches",
        verbose_name="send inbound calls to",
        help_text="Empty: inbound calls are left alone.",
    )
    our_numbers: "ProtectingManyToManyField" = ProtectingManyToManyField(
        OurNumber,
        related_name="switches",
        blank=True,
        verbose_name="only on these numbers",
        help_text="Empty: on all our numbers.",
    )
    pauses_outbound = models.BooleanField("pause outbound calls", default=False)
    reason = models.CharField("reason", max_length=255, blank=True, help_text="What happened, for your colleagues.")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="switched by"
    )
    started_at = models.DateTimeField("since", default=timezone.now)
    until = models.DateTimeField("until", help_text="The switch ends by itself then. At most 7 days.")
    ended_at = models.DateTimeField("ended early at", null=True, blank=True)

    class Meta:
        verbose_name = "emergency switch"
        verbose_name_plural = "emergency switches"
        ordering = ["-started_at", "-pk"]
        constraints = [
            check(
                "emergencyswitch_until",
                Q(until__gt=F("started_at")) & Q(until__lte=F("started_at") + LONGEST),
                "The end must be after the start, and at most 7 days later.",
                "until",
            ),
            check(
                "emergencyswitch_effect",
                Q(target__isnull=False) | Q(pauses_outbound=True),
                "Choose a target for inbound calls, or pause outbound calls.",
                "target",
            ),
        ]

    @classmethod
    def running(cls, now: datetime) -> "models.QuerySet[EmergencySwitch]":
        """Return the switches that are on, the newest, which counts, first."""
        on = cls.objects.filter(started_at__lte=now, until__gt=now, ended_at=None)
        return on.select_related("target", "author").prefetch_related("our_numbers")

    @property
    def effect(self) -> str:
        """Return what the switch does, in words for everybody."""
        numbers = ", ".join(number.name or number.key for number in self.our_numbers.all())
        inbound = f"inbound calls {f'to {numbers} ' if numbers else ''}go to {self.target}" if self.target else ""
        words = " and ".join(filter(None, [inbound, "no outbound calls are placed" if self.pauses_outbound else ""]))
        return words[:1].upper() + words[1:]

    def __str__(self) -> str:
        effects: list[Any] = [self.target] if self.target else []
        effects += ["outbound paused"] if self.pauses_outbound else []
        return f"{', '.join(map(str, effects))} until {timezone.localtime(self.until):%Y-%m-%d %H:%M}"
