"""Targets: what can take a call."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from routing.admin.base import RowAdmin, RowForm, display
from routing.engine.table import TargetKind
from routing.models import Target

AT_VAPI = {TargetKind.ASSISTANT, TargetKind.SQUAD}
# Which kinds each field belongs to; the form hides and empties it for the others.
KINDS_OF_FIELD: dict[str, set[TargetKind]] = {
    "vapi_id": AT_VAPI,
    "version": {TargetKind.ASSISTANT},
    "overrides": AT_VAPI,
    "number": {TargetKind.TRANSFER},
    "sip_uri": {TargetKind.TRANSFER},
    "extension": {TargetKind.TRANSFER},
    "caller_id": {TargetKind.TRANSFER},
    "message": {TargetKind.TRANSFER, TargetKind.REJECT},
}
EMPTY: dict[str, Any] = {"vapi_id": None, "version": None, "number": None, "sip_uri": None, "overrides": {}}


class TargetForm(RowForm[Target]):
    """Asks for what the kind needs, and drops what belongs to another kind."""

    def clean(self) -> dict[str, Any]:
        """Say at the right field what is missing."""
        super().clean()
        data = self.cleaned_data
        kind = data.get("kind")
        if kind is None:
            return data
        for field, kinds in KINDS_OF_FIELD.items():
            if kind not in kinds:
                self.errors.pop(field, None)
                data[field] = EMPTY.get(field, "")
        self._require(kind)
        return data

    def _require(self, kind: str) -> None:
        data = self.cleaned_data
        if kind in AT_VAPI and "vapi_id" in data and not data["vapi_id"]:
            self.add_error("vapi_id", "An assistant or a squad needs its Vapi id: copy it from the Vapi dashboard.")
        if kind == TargetKind.TRANSFER and "number" in data and "sip_uri" in data:
            self._require_one_destination(data["number"], data["sip_uri"])
        if kind == TargetKind.REJECT and "message" in data and not data["message"].strip():
            self.add_error("message", "Write the sentence that the caller hears before the call ends.")

    def _require_one_destination(self, number: str | None, sip_uri: str | None) -> None:
        if not number and not sip_uri:
            self.add_error("number", "A transfer needs a number or a SIP address: write one of them.")
        if number and sip_uri:
            self.add_error("sip_uri", "A transfer goes to a number or to a SIP address: empty one of them.")


@admin.register(Target)
class TargetAdmin(RowAdmin[Target]):
    """Assistants, squads, transfers and spoken sentences."""

    form = TargetForm
    list_display = ("name", "shown_kind", "destination", "availability")
    list_filter = ("kind", "enabled", ("missing_since", admin.EmptyFieldListFilter))
    search_fields = ("name", "key", "vapi_id", "number", "sip_uri")
    readonly_fields = ("key", "synced_name", "synced_updated_at", "missing_since")
    conditional_fields = {
        field: " || ".join(sorted(f"kind == '{kind.value}'" for kind in kinds))
        for field, kinds in KINDS_OF_FIELD.items()
    }
    actions = ("switch_on", "switch_off")
    fieldsets = (
        (None, {"fields": ("name", "kind", "enabled")}),
        (
            "Where the call goes",
            {"fields": ("vapi_id", "version", "number", "sip_uri", "extension", "caller_id", "message", "overrides")},
        ),
        (
            "What the system knows",
            {"classes": ("collapse",), "fields": ("key", "synced_name", "synced_updated_at", "missing_since")},
        ),
    )

    @display(
        description="Kind",
        ordering="kind",
        label={"assistant": "info", "squad": "info", "transfer": "success", "reject": "warning"},
    )
    def shown_kind(self, target: Target) -> tuple[str, str]:
        """Return the kind with its colour."""
        return target.kind, target.get_kind_display()

    @display(description="Goes to")
    def destination(self, target: Target) -> str:
        """Return the id, number, address or sentence."""
        return target.vapi_id or target.number or target.sip_uri or f"“{target.message}”"

    @display(description="State", label={"available": "success", "off": "warning", "missing": "danger"})
    def availability(self, target: Target) -> tuple[str, str]:
        """Return whether rules can use the target."""
        if target.missing_since:
            return "missing", "Missing at Vapi"
        return ("available", "Available") if target.enabled else ("off", "Switched off")

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, targets: QuerySet[Target]) -> None:
        """Let rules use the targets; takes effect when the table is published."""
        targets.update(enabled=True)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, targets: QuerySet[Target]) -> None:
        """Let rules skip the targets; takes effect when the table is published."""
        targets.update(enabled=False)
