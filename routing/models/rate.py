"""How often a key was used in the current minute."""

from django.db import models

from routing.models.access import ApiKey


class RequestRate(models.Model):
    """One row a key, written over from minute to minute, so that there is nothing to clean up.

    It stands in the database because every process on every machine counts together.
    """

    api_key = models.OneToOneField(
        ApiKey, models.CASCADE, primary_key=True, related_name="rate", verbose_name="API key"
    )
    minute = models.DateTimeField("minute")
    count = models.PositiveIntegerField("requests in this minute", default=0)

    class Meta:
        verbose_name = "rate of requests"
        verbose_name_plural = "rates of requests"

    def __str__(self) -> str:
        return f"{self.count} at {self.minute:%Y-%m-%d %H:%M}"
