"""Campaigns."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from routing.admin.base import LINES_HELP, RowAdmin, RowForm, check_days, display
from routing.models import Campaign


class CampaignForm(RowForm[Campaign]):
    """Checks the dates."""

    class Meta:
        help_texts = {"vapi_campaign_ids": f"Ids of Vapi's own campaigns that belong to this one. {LINES_HELP}"}

    def clean(self) -> dict[str, Any]:
        """Put faults of the dates at their fields."""
        super().clean()
        check_days(self, "starts_on", "ends_on")
        return self.cleaned_data


@admin.register(Campaign)
class CampaignAdmin(RowAdmin[Campaign]):
    """Named efforts with numbers, dates and a caller id."""

    form = CampaignForm
    list_display = ("name", "slug", "shown_numbers", "caller_id", "shown_dates", "state")
    list_filter = ("numbers", "timezone")
    list_select_related = ("caller_id",)
    search_fields = ("name", "slug")
    autocomplete_fields = ("numbers", "caller_id")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("name", "slug", "numbers", "caller_id")}),
        ("When it runs", {"fields": ("starts_on", "ends_on", "timezone")}),
        ("At Vapi", {"fields": ("vapi_campaign_ids",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        """Fetch the numbers with the campaigns."""
        return super().get_queryset(request).prefetch_related("numbers")

    @display(description="Our numbers")
    def shown_numbers(self, campaign: Campaign) -> str:
        """Return the numbers."""
        return ", ".join(number.name or number.key for number in campaign.numbers.all())

    @display(description="Runs", ordering="starts_on")
    def shown_dates(self, campaign: Campaign) -> str:
        """Return the dates as a phrase."""
        parts = [
            f"from {campaign.starts_on:%d %b %Y}" if campaign.starts_on else "",
            f"until {campaign.ends_on:%d %b %Y}" if campaign.ends_on else "",
        ]
        return " ".join(filter(None, parts)).capitalize() or "Always"

    @display(description="State", label={"runs": "success", "soon": "info", "over": "warning"})
    def state(self, campaign: Campaign) -> tuple[str, str]:
        """Return whether it runs today."""
        today = timezone.now().date()
        if campaign.ends_on and campaign.ends_on < today:
            return "over", "Over"
        if campaign.starts_on and campaign.starts_on > today:
            return "soon", "Not yet"
        return "runs", "Runs"
