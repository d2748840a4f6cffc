"""The emergency switch."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from routing.admin.base import RowAdmin, RowForm, display
from routing.models import EmergencySwitch
from routing.models.switch import LONGEST

if TYPE_CHECKING:
    from django.contrib.admin.options import _FieldOpts


class SwitchForm(RowForm[EmergencySwitch]):
    """Asks for an effect and for an end."""

    def clean(self) -> dict[str, Any]:
        """Say at the right field what is missing."""
        super().clean()
        data = self.cleaned_data
        if "target" in data and not data["target"] and not data.get("pauses_outbound"):
            self.add_error("target", "Choose who takes inbound calls, or pause outbound calls below.")
        self._check_end(data.get("until"), timezone.now())
        return data

    def _check_end(self, until: datetime | None, now: datetime) -> None:
        if until is None:
            return
        starts = now if self.instance._state.adding else self.instance.started_at
        if until <= max(starts, now) and "until" in self.changed_data:
            self.add_error("until", "This is in the past: choose when the switch ends.")
        elif until > starts + LONGEST:
            self.add_error("until", "At most 7 days: choose an earlier end, and switch again if it must last longer.")


ASKED: "_FieldOpts" = {
    "description": "Asked before any rule. It takes effect at once, without publishing.",
    "fields": ("target", "our_numbers", "pauses_outbound", "until", "reason"),
}


@admin.register(EmergencySwitch)
class EmergencySwitchAdmin(RowAdmin[EmergencySwitch]):
    """A live override of every rule that ends by itself; takes effect at once, without publishing."""

    form = SwitchForm
    list_display = ("effect", "state", "reason", "author", "started_at", "until")
    list_filter = ("pauses_outbound", "started_at")
    list_select_related = ("target", "author")
    search_fields = ("reason", "target__name")
    autocomplete_fields = ("target", "our_numbers")
    readonly_fields = ("author", "started_at", "ended_at")
    actions = ("end_now",)
    list_before_template = "admin/routing/emergencyswitch/list_before.html"
    fieldsets = (
        (None, ASKED),
        ("What happened", {"fields": ("author", "started_at", "ended_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[EmergencySwitch]:
        """Fetch the numbers with the switches."""
        return super().get_queryset(request).prefetch_related("our_numbers")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Switching has a page of its own, which also shows what is on."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: EmergencySwitch | None = None) -> bool:
        """What was switched stays known: end a switch instead."""
        return False

    @display(description="Effect")
    def effect(self, switch: EmergencySwitch) -> str:
        """Return what the switch does."""
        return switch.effect

    @display(description="State", label={"on": "danger", "ended": "info", "later": "warning"})
    def state(self, switch: EmergencySwitch) -> tuple[str, str]:
        """Return whether the switch is on."""
        now = timezone.now()
        if switch.ended_at is not None or switch.until <= now:
            return "ended", "Ended"
        return ("on", "On") if switch.started_at <= now else ("later", "Not yet")

    @admin.action(description="End now", permissions=["change"])
    def end_now(self, request: HttpRequest, switches: QuerySet[EmergencySwitch]) -> None:
        """End the switches that are on."""
        now = timezone.now()
        ended = switches.filter(ended_at__isnull=True, until__gt=now).update(ended_at=now)
        self.message_user(request, f"Ended: {ended}.", messages.SUCCESS if ended else messages.WARNING)
