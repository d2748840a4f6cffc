"""Schedules: opening hours drawn in a week grid, with their exceptions and what they will do."""

from dataclasses import asdict
from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from routing.admin.base import RowAdmin, RowForm, SelectWidget, TextAreaWidget, display
from routing.admin.schedule_exceptions import ExceptionInline
from routing.admin.schedule_words import preview_context, standing_words
from routing.engine import table
from routing.engine.errors import TableErrors
from routing.engine.schedule_times import holiday_countries
from routing.engine.week import NotAWeek, read_week
from routing.models import Schedule
from routing.services.preview_schedule import preview_schedule, standing_of

BY_HAND = (
    "Written by hand: a week grid cannot show it, because it has {}. Edit the text above; what it means is shown below."
)


class ScheduleForm(RowForm[Schedule]):
    """Offers the countries whose holidays are known, and takes a country in small letters too."""

    class Meta:
        help_texts = {
            "timezone": "Whose clock the hours follow.",
            "country": "Whose public holidays count. Then say below what these days are: closed, or other hours.",
            "opening_hours": "Draw the hours below, or write them: Mo-Fr 09:00-17:00; PH off. PH means public holidays "
            "and must stand last.",
        }
        widgets = {"opening_hours": TextAreaWidget(attrs={"rows": 2, "spellcheck": "false"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "country" in self.fields:
            choices = [("", "No public holidays"), *((code, code) for code in holiday_countries())]
            self.fields["country"].widget = SelectWidget(choices=choices)

    def clean_country(self) -> str:
        """Return the country in capitals."""
        return str(self.cleaned_data["country"]).strip().upper()


@admin.register(Schedule)
class ScheduleAdmin(RowAdmin[Schedule]):
    """Opening hours."""

    form = ScheduleForm
    inlines = (ExceptionInline,)
    list_display = ("name", "shown_now", "opening_hours", "shown_zone", "shown_exceptions", "shown_rules")
    list_filter = ("timezone", "country")
    search_fields = ("name", "key", "opening_hours")
    readonly_fields = ("key",)
    fieldsets = (
        (None, {"fields": ("name", "timezone", "country", "opening_hours")}),
        ("What the system knows", {"classes": ("collapse",), "fields": ("key",)}),
    )

    class Media:
        css = {"all": ("routing/schedule.css",)}
        js = ("routing/schedule.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        """Fetch the exceptions, and how many rules ask for each schedule."""
        rows: QuerySet[Schedule] = super().get_queryset(request).prefetch_related("exceptions")
        return rows.annotate(rule_count=Count("rules")).order_by("name")  # counting loses the order

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Add the preview of what is stored; the page's script brings it up to date with each edit.

        A page that comes back draws what was sent: drawing on in another week would lose the typed one.
        """
        known = extra_context or {}
        return super().changeform_view(request, object_id, form_url, {**known, **self._preview(request, object_id)})

    def _preview(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        if request.method == "POST":
            return {"drawn": described_week(request.POST.get("opening_hours", "")), "came_back": True}
        row = self.get_object(request, object_id) if object_id else None
        if row is None:
            return {"drawn": described_week("")}
        preview = preview_schedule(row.spec(row.exceptions.all()), now=timezone.now())
        today: date = preview.standings[0].now.date() if preview.standings else timezone.localdate()
        return {"drawn": described_week(row.opening_hours), **preview_context(preview, today)}

    @display(description="Now")
    def shown_now(self, schedule: Schedule) -> str:
        """Return whether it is open and until when, by its own clock."""
        if schedule.timezone == table.CUSTOMER_LOCAL_TIME:
            return "depends on the customer"
        try:
            words = standing_words(standing_of(schedule.spec(schedule.exceptions.all()), timezone.now()))
        except TableErrors:
            return "has faults: open it to see them"
        return format_html('<span class="sb-schedule-now">{}</span>', words)

    @display(description="Time zone", ordering="timezone")
    def shown_zone(self, schedule: Schedule) -> str:
        """Return the zone in words."""
        return "Customer's local time" if schedule.timezone == table.CUSTOMER_LOCAL_TIME else schedule.timezone

    @display(description="Exceptions")
    def shown_exceptions(self, schedule: Schedule) -> int:
        """Return how many dated exceptions there are."""
        return len(schedule.exceptions.all())

    @display(description="Used by", ordering="rule_count")
    def shown_rules(self, schedule: Schedule) -> str:
        """Return how many rules ask for it, as a link to them."""
        count: int = getattr(schedule, "rule_count", 0)
        if not count:
            return "no rule"
        address = f"{reverse('admin:routing_rule_changelist')}?schedule__id__exact={schedule.pk}"
        return format_html('<a class="sb-link" href="{}">{} rule{}</a>', address, count, "" if count == 1 else "s")


def described_week(hours: str) -> dict[str, Any]:
    """Return what the grid shows of these hours as `week`, or None and a `note` that says why it cannot."""
    try:
        return {"week": asdict(read_week(hours)), "note": ""}
    except NotAWeek as reason:
        return {"week": None, "note": BY_HAND.format(reason) if str(reason) else ""}
