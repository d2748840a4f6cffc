"""Campaigns."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from routing.engine.schedule import is_timezone
from routing.models.fields import ProtectingManyToManyField, check, raise_at_fields, texts_field
from routing.models.keyed import KEY_LENGTH
from routing.models.numbers import OurNumber


class CampaignManager(models.Manager["Campaign"]):
    """Finds campaigns by their slug."""

    def get_by_natural_key(self, slug: str) -> "Campaign":
        """Return the campaign with this slug; raises DoesNotExist."""
        return self.get(slug=slug)


class Campaign(models.Model):
    """A named effort with numbers, dates and a caller id. Outside its dates it matches nothing."""

    slug = models.SlugField(
        "short name",
        max_length=KEY_LENGTH,
        unique=True,
        help_text="What programs send to name this campaign, as spring. Small letters, digits and hyphens.",
    )
    name = models.CharField("name", max_length=200, help_text="For example Spring offers.")
    numbers: "ProtectingManyToManyField" = ProtectingManyToManyField(
        OurNumber,
        related_name="campaigns",
        blank=True,
        verbose_name="our numbers",
        help_text="A call on one of these numbers belongs to this campaign.",
    )
    caller_id = models.ForeignKey(
        OurNumber,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="caller id",
        help_text="Our number that outbound calls of this campaign show.",
    )
    starts_on = models.DateField("first day", null=True, blank=True)
    ends_on = models.DateField("last day", null=True, blank=True, help_text="This day is included.")
    timezone = models.CharField(
        "time zone", max_length=64, blank=True, help_text="Of the first and last day, for example America/New_York."
    )
    vapi_campaign_ids = texts_field("Vapi campaign ids", "Ids of Vapi's own campaigns that belong to this one.")

    objects = CampaignManager()

    class Meta:
        ordering = ["name", "slug"]
        constraints = [
            check("campaign_slug", ~Q(slug=""), "Write a short name, as spring.", "slug"),
            check(
                "campaign_days",
                Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                "The last day must not be before the first day.",
                "ends_on",
            ),
            check(
                "campaign_timezone",
                (Q(starts_on__isnull=True) & Q(ends_on__isnull=True)) | ~Q(timezone=""),
                "Choose the time zone of the first and last day.",
                "timezone",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a time zone that nobody knows."""
        if self.timezone and not is_timezone(self.timezone):
            raise_at_fields({"timezone": f"There is no time zone {self.timezone}: write it as America/New_York."})

    def natural_key(self) -> tuple[Any, ...]:
        """Return the slug."""
        return (self.slug,)
