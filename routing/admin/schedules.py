"""Schedules: opening hours, with their exceptions."""

from typing import Any

from django import forms
from django.contrib import admin

from routing.admin.base import RowAdmin, RowForm, RowFormSet, RowInline, TextAreaWidget, as_sentence, display
from routing.engine import table
from routing.engine.schedule import check_schedule
from routing.models import Schedule, ScheduleException


class ScheduleForm(RowForm[Schedule]):
    """Takes the country in small letters too."""

    class Meta:
        help_texts = {"timezone": "Whose clock the hours follow."}
        widgets = {"opening_hours": TextAreaWidget(attrs={"rows": 2, "spellcheck": "false"})}

    def clean_country(self) -> str:
        """Return the country in capitals."""
        return str(self.cleaned_data["country"]).strip().upper()


class ExceptionForm(RowForm[ScheduleException]):
    """Asks for days, and for hours or closed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "ends_on" in self.fields:
            self.fields["ends_on"].required = False

    def clean(self) -> dict[str, Any]:
        """Read a missing last day as the first one; ask for closed or hours. The model checks the rest."""
        super().clean()
        data = self.cleaned_data
        if data.get("ends_on") is None and "ends_on" not in self.errors:
            data["ends_on"] = data.get("starts_on")
        closed, hours = data.get("closed"), data.get("hours")
        if closed and hours:
            self.add_error("hours", "Closed all day and hours exclude each other: empty one of them.")
        if not closed and not hours:
            self.add_error("hours", "Write hours such as 09:00-12:00, or tick closed all day.")
        return data


class ExceptionFormSet(RowFormSet[ScheduleException, Schedule]):
    """Refuses two exceptions for one day."""

    def clean(self) -> None:
        """Name the exceptions that overlap."""
        super().clean()
        if any(self.errors):
            return
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        spec = table.ScheduleSpec(
            key="",
            name="",
            opening_hours="24/7",
            timezone="UTC",
            exceptions=tuple(form.instance.spec() for form in kept),
        )
        errors = [as_sentence(error.message) for error in check_schedule(spec)]
        if errors:
            raise forms.ValidationError(errors)


class ExceptionInline(RowInline[ScheduleException, Schedule]):
    """The dated exceptions of a schedule."""

    model = ScheduleException
    form = ExceptionForm
    formset = ExceptionFormSet
    fields = ("starts_on", "ends_on", "closed", "hours", "note")


@admin.register(Schedule)
class ScheduleAdmin(RowAdmin[Schedule]):
    """Opening hours."""

    form = ScheduleForm
    inlines = (ExceptionInline,)
    list_display = ("name", "opening_hours", "shown_zone", "country", "shown_exceptions")
    list_filter = ("timezone", "country")
    search_fields = ("name", "key", "opening_hours")
    readonly_fields = ("key",)
    fieldsets = (
        (None, {"fields": ("name", "opening_hours", "timezone", "country")}),
        ("What the system knows", {"classes": ("collapse",), "fields": ("key",)}),
    )

    def get_queryset(self, request: Any) -> Any:
        """Fetch the exceptions with the schedules."""
        return super().get_queryset(request).prefetch_related("exceptions")

    @display(description="Time zone", ordering="timezone")
    def shown_zone(self, schedule: Schedule) -> str:
        """Return the zone in words."""
        return "Customer's local time" if schedule.timezone == table.CUSTOMER_LOCAL_TIME else schedule.timezone

    @display(description="Exceptions")
    def shown_exceptions(self, schedule: Schedule) -> int:
        """Return how many dated exceptions there are."""
        return len(schedule.exceptions.all())
