"""The dated exceptions inside a schedule's page."""

from typing import Any

from django.utils.formats import date_format

from routing.admin.base import RowForm, RowFormSet, RowInline
from routing.engine import table
from routing.engine.schedule import overlaps
from routing.models import Schedule, ScheduleException


class ExceptionForm(RowForm[ScheduleException]):
    """Asks for days, and for hours or closed; its formset compares it with the others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.compares_with_stored = False
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

    def _get_validation_exclusions(self) -> set[str]:
        """Leave out what compares first days with stored rows: the other lines may move in the same save."""
        return {*super()._get_validation_exclusions(), "schedule"}  # type: ignore[misc]  # Django's, not in its stubs


class ExceptionFormSet(RowFormSet[ScheduleException, Schedule]):
    """Refuses two exceptions for one day, and lets days be exchanged in one save."""

    def clean(self) -> None:
        """Say at the first day of each exception that overlaps which other one it meets."""
        super().clean()
        if any(self.errors):
            return
        mark_overlaps([form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")])

    def save_existing_objects(self, commit: bool = True) -> Any:
        """Take rows whose first day moves or goes away first: their old days may be another row's new ones."""
        if commit:
            leaving = [
                form.instance.pk
                for form in self.initial_forms
                if form in self.deleted_forms or "starts_on" in form.changed_data
            ]
            ScheduleException.objects.filter(pk__in=leaving).delete()
        return super().save_existing_objects(commit)


class ExceptionInline(RowInline[ScheduleException, Schedule]):
    """The dated exceptions of a schedule."""

    model = ScheduleException
    form = ExceptionForm
    formset = ExceptionFormSet
    fields = ("starts_on", "ends_on", "closed", "hours", "note")
    ordering = ("starts_on",)


def mark_overlaps(forms: list[Any]) -> None:
    """Add an error to each of these valid forms whose days another one covers."""
    specs = [form.instance.spec() for form in forms]
    for first, second in list(overlaps(specs)):
        message = f"These days overlap with {_days(specs[first])}: a day can have one exception only."
        forms[second].add_error("starts_on", message)


def _days(spec: table.ScheduleException) -> str:
    first, last = (date_format(day, "j M Y") for day in (spec.starts_on, spec.ends_on))
    return f"the exception of {first}" if first == last else f"the exception of {first} to {last}"
