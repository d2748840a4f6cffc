"""Opening hours."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import F, Q

from routing.engine import table
from routing.engine.schedule import check_schedule
from routing.models.fields import check, raise_at_fields
from routing.models.keyed import Keyed


class Schedule(Keyed):
    """Named opening hours in one time zone, with holidays and dated exceptions."""

    name = models.CharField("name", max_length=200, unique=True, help_text="For example Office hours.")
    opening_hours = models.TextField(
        "weekly hours", help_text="For example Mo-Fr 09:00-17:00; PH off. PH means public holidays and must stand last."
    )
    timezone = models.CharField(
        "time zone",
        max_length=64,
        help_text="For example America/New_York; write customer for the local time of each customer's number.",
    )
    country = models.CharField(
        "holiday country",
        max_length=2,
        blank=True,
        help_text="Whose public holidays PH means: two letters, such as US. Empty where the hours have no PH.",
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            check(
                "schedule_hours",
                ~Q(opening_hours=""),
                "Write the weekly hours, for example Mo-Fr 09:00-17:00.",
                "opening_hours",
            ),
            check(
                "schedule_timezone",
                ~Q(timezone=""),
                "Choose a time zone, or customer for the customer's local time.",
                "timezone",
            ),
            check(
                "schedule_country",
                Q(country="") | Q(country__regex=r"^[A-Z]{2}\Z"),
                "Write the country as US, DE or MX.",
                "country",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse hours, zones and countries that calls could not be judged by."""
        errors = reversed(check_schedule(self.spec()))  # of several at one field the first is the cause
        raise_at_fields({error.field: error.message for error in errors})

    def spec(self, exceptions: "Iterable[ScheduleException]" = ()) -> table.ScheduleSpec:
        """Return the schedule as the engine knows it, with these exceptions."""
        return table.ScheduleSpec(
            key=self.key,
            name=self.name,
            opening_hours=self.opening_hours,
            timezone=self.timezone,
            country=self.country or None,
            exceptions=tuple(exception.spec() for exception in exceptions),
        )


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
    note = models.CharField("note", max_length=255, blank=True, help_text="Why, for example Christmas Eve.")

    objects = ScheduleExceptionManager()
    # A form that stores several at once turns this off and compares them as they will be, not as they were.
    compares_with_stored = True

    class Meta:
        verbose_name = "exception"
        ordering = ["schedule", "starts_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "starts_on"],
                name="scheduleexception_first_day",
                violation_error_message="Another exception of this schedule begins on that day: change one of them.",
            ),
            check(
                "scheduleexception_days",
                Q(ends_on__gte=F("starts_on")),
                "The last day must not be before the first day.",
                "ends_on",
            ),
            check(
                "scheduleexception_closed_or_hours",
                (Q(closed=True) & Q(hours="")) | (Q(closed=False) & ~Q(hours="")),
                "Tick closed, or write hours as 09:00-12:00, but not both.",
                "hours",
            ),
        ]

    def __str__(self) -> str:
        days = f"{self.starts_on}" if self.starts_on == self.ends_on else f"{self.starts_on} to {self.ends_on}"
        return f"{days}: {'closed' if self.closed else self.hours}"

    def clean(self) -> None:
        """Refuse hours that do not parse, and days that another stored exception of the schedule already covers."""
        if self.starts_on is None or self.ends_on is None or self.closed == bool(self.hours):
            return  # the constraints say what is missing
        mistakes = self._mistakes([self])
        if not mistakes and self.compares_with_stored and self.schedule_id is not None:
            others = ScheduleException.objects.filter(schedule=self.schedule_id).exclude(pk=self.pk)
            mistakes = self._mistakes([self, *others])
        raise_at_fields(mistakes)

    def spec(self) -> table.ScheduleException:
        """Return the exception as the engine knows it."""
        return table.ScheduleException(
            starts_on=self.starts_on, ends_on=self.ends_on, hours=None if self.closed else self.hours, note=self.note
        )

    def _mistakes(self, exceptions: "list[ScheduleException]") -> dict[str, str]:
        """Return what the engine says about the first of these exceptions and about overlaps, by column."""
        columns = {"exceptions": "starts_on", "exceptions[0].hours": "hours", "exceptions[0].to": "ends_on"}
        always_open = Schedule(key="any", opening_hours="24/7", timezone=table.CUSTOMER_LOCAL_TIME)
        errors = check_schedule(always_open.spec(exceptions))
        return {columns[error.field]: error.message for error in errors if error.field in columns}

    def natural_key(self) -> tuple[Any, ...]:
        """Return the schedule's key and the first day."""
        return (*self.schedule.natural_key(), str(self.starts_on))

    natural_key.dependencies = ["routing.schedule"]  # type: ignore[attr-defined]  # Django's own convention
