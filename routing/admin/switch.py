"""The emergency switch."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format

from routing.admin.base import RowAdmin, RowForm, display
from routing.models import EmergencySwitch
from routing.models.switch import LONGEST

if TYPE_CHECKING:
    from django.contrib.admin.options import _FieldOpts


class SwitchForm(RowForm[EmergencySwitch]):
    """Asks for an effect, for an end and for a reason."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for the reason; those who may only look have no field for it."""
        super().__init__(*args, **kwargs)
        if reason := self.fields.get("reason"):
            reason.required = True
            reason.error_messages["required"] = "Say why: your colleagues must know what happened."

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


def end_switch(switch: EmergencySwitch, user: Any, now: datetime) -> bool:
    """End the switch and write that into its history; returns False if it had ended already."""
    on = EmergencySwitch.objects.filter(pk=switch.pk, ended_at=None, until__gt=now)
    with transaction.atomic():
        ended = on.update(ended_at=now) > 0
        if ended:
            log_switch(switch, user, CHANGE, "Ended early.")
    return ended


def log_switch(switch: EmergencySwitch, user: Any, flag: int, message: str) -> None:
    """Write into the history of the switch what somebody did to it."""
    LogEntry.objects.log_actions(user.pk, [switch], flag, change_message=message, single_object=True)


ASKED: "_FieldOpts" = {
    "description": "Asked before any rule. It takes effect at once, without publishing.",
    "fields": ("target", "our_numbers", "pauses_outbound", "until", "reason"),
}


@admin.register(EmergencySwitch)
class EmergencySwitchAdmin(RowAdmin[EmergencySwitch]):
    """A live override of every rule that ends by itself; takes effect at once, without publishing."""

    form = SwitchForm
    list_display = ("effect", "state", "reason", "author", "started_at", "shown_end")
    list_filter = ("pauses_outbound", "started_at")
    list_select_related = ("target", "author")
    search_fields = ("reason", "target__name")
    autocomplete_fields = ("target", "our_numbers")
    readonly_fields = ("shown_author", "started_at", "ended_at")
    actions = ("end_now",)
    list_before_template = "admin/routing/emergencyswitch/list_before.html"
    fieldsets = (
        (None, ASKED),
        ("What happened", {"fields": ("shown_author", "started_at", "ended_at")}),
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

    @display(description="Switched by")
    def shown_author(self, switch: EmergencySwitch) -> str:
        """Return who switched, without the link to the person's page that Django would make for everybody."""
        return str(switch.author or "")

    @display(description="Until", ordering="until")
    def shown_end(self, switch: EmergencySwitch) -> str:
        """Return when the switch ended or will end."""
        at = date_format(timezone.localtime(switch.ended_at or switch.until), "DATETIME_FORMAT")
        return f"{at} (ended early)" if switch.ended_at else at

    @admin.action(description="End now", permissions=["change"])
    def end_now(self, request: HttpRequest, switches: QuerySet[EmergencySwitch]) -> None:
        """End the switches that are on."""
        now = timezone.now()
        ended = sum(end_switch(switch, request.user, now) for switch in switches)
        self.message_user(request, f"Ended: {ended}.", messages.SUCCESS if ended else messages.WARNING)
