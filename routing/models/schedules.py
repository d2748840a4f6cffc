"""Opening hours."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from routing.models.fields import check
from routing.models.keyed import Keyed


class Schedule(Keyed):
    """Named opening hours in one time zone, with holidays and dated exceptions."""

    name = models.CharField("name", max_length=200, help_text="As Office hours.")
    opening_hours = models.TextField(
        "weekly hours", help_text="As Mo-Fr 09:00-17:00; PH off. PH means public holidays and must stand last."
    )
    timezone = models.CharField(
        "time zone",
        max_length=64,
        help_text="As America/New_York; write customer for the local time of each customer's number.",
    )
    country = models.CharField(
        "holiday country",
        max_length=2,
        blank=True,
        help_text="Whose public holidays PH means: two letters, as US. Empty where the hours say nothing about PH.",
    )

    class Meta:
        ordering = ["name", "key"]
        constraints = [
            check("schedule_hours", ~Q(opening_hours=""), "Write the weekly hours, as Mo-Fr 09:00-17:00."),
            check("schedule_timezone", ~Q(timezone=""), "Choose a time zone, or customer for the customer's local time."),
            check(
                "schedule_country", Q(country="") | Q(country__regex=r"^[A-Z]{2}\Z"), "Write the country as US, DE or MX."
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ScheduleExceptionManager(models.Manager["ScheduleException"]):
    """Finds an exception by its schedule and first day."""

    def get_by_natural_key(self, schedule: str, starts_on: str) -> "ScheduleException":
        """Return the exception; raises DoesNotExist."""
        return self.get(schedule__key=schedule, starts_on=starts_on)


class ScheduleException(models.Model):
    """Days on which a schedule is closed or has other hours."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="exceptions", verbose_name="schedule")
    starts_on = models.DateField("first day")
    ends_on = models.DateField("last day", help_text="This day is included.")
    closed = models.BooleanField("closed all day", default=False)
    hours = models.CharField(
        "hours", max_length=255, blank=True, help_text="Instead of the weekly hours: 09:00-12:00. Empty when closed."
    )
    note = models.CharField("note", max_length=255, blank=True, help_text="Why, as Christmas Eve.")

    objects = ScheduleExceptionManager()

    class Meta:
        verbose_name = "exception"
        ordering = ["schedule", "starts_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "starts_on"],
                name="scheduleexception_first_day",
                violation_error_message="Another exception of this schedule begins on the same day: change one of them.",
            ),
            check(
                "scheduleexception_days",
                Q(ends_on__gte=F("starts_on")),
                "The last day must not be before the first day.",
            ),
            check(
                "scheduleexception_closed_or_hours",
                (Q(closed=True) & Q(hours="")) | (Q(closed=False) & ~Q(hours="")),
                "Tick closed, or write hours as 09:00-12:00, but not both.",
            ),
        ]

    def __str__(self) -> str:
        days = f"{self.starts_on}" if self.starts_on == self.ends_on else f"{self.starts_on} to {self.ends_on}"
        return f"{days}: {'closed' if self.closed else self.hours}"

    def natural_key(self) -> tuple[Any, ...]:
        """Return the schedule's key and the first day."""
        return (*self.schedule.natural_key(), str(self.starts_on))

    natural_key.dependencies = ["routing.schedule"]  # type: ignore[attr-defined]  # Django's own convention
