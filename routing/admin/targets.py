"""Targets: what can take a call."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest

from routing.admin.base import RowAdmin, RowForm, display
from routing.admin.overrides_field import OverridesField
from routing.admin.vapi_objects import missing_label
from routing.admin.vapi_picker import VapiPicker
from routing.engine.table import TargetKind
from routing.models import TableSettings, Target, VapiObject
from routing.services.add_from_vapi import id_tail
from routing.services.sync_objects import recall_target

AT_VAPI = {TargetKind.ASSISTANT, TargetKind.SQUAD}
TRANSFER_FIELDS = ("number", "sip_uri", "extension", "caller_id")
# Which kinds each field belongs to; the form hides and empties it for the others.
KINDS_OF_FIELD: dict[str, set[TargetKind]] = {
    "vapi_id": AT_VAPI,
    "version": {TargetKind.ASSISTANT},
    "overrides": AT_VAPI,
    **{field: {TargetKind.TRANSFER} for field in TRANSFER_FIELDS},
    "message": {TargetKind.TRANSFER, TargetKind.REJECT},
}
NEEDS_ID = "An assistant or a squad needs its Vapi id: choose it by its name, or copy it from the Vapi dashboard."
UNSEEN = "The last synchronisation did not see {} at Vapi: check the id, or synchronise again."
EMPTY: dict[str, Any] = {"vapi_id": None, "version": None, "number": None, "sip_uri": None, "overrides": {}}


class TargetForm(RowForm[Target]):
    """Asks for what the kind needs, and drops what belongs to another kind."""

    overrides = OverridesField(
        required=False, help_text="What changes of the assistant or squad when a call comes through this target."
    )

    class Meta:
        labels = {"vapi_id": "Assistant or squad"}
        help_texts = {"vapi_id": ""}
        widgets = {"vapi_id": VapiPicker(kind_field="id_kind", fills={"name": "id_name"})}

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
            self.add_error("vapi_id", NEEDS_ID)
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
    list_display = ("name", "shown_kind", "destination", "availability", "shown_rules")
    list_filter = ("kind", "enabled", ("missing_since", admin.EmptyFieldListFilter))
    search_fields = ("name", "key", "vapi_id", "number", "sip_uri")
    readonly_fields = ("key", "synced_name", "synced_updated_at", "missing_since")
    conditional_fields = {
        field: " || ".join(sorted(f"kind == '{kind.value}'" for kind in kinds))
        for field, kinds in KINDS_OF_FIELD.items()
    }
    actions = ("switch_on", "switch_off")
    fieldsets = (
        # A choice at Vapi suggests a name, so the name comes after it.
        (None, {"fields": ("kind", "vapi_id", *TRANSFER_FIELDS, "message", "name", "enabled", "version", "overrides")}),
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Target]:
        """Count what uses each target."""
        of_table = TableSettings.objects.filter(pk=1)
        return (
            super()
            .get_queryset(request)
            .annotate(
                rule_count=Count("arms__rule", distinct=True),
                is_default=Exists(of_table.filter(default_target=OuterRef("pk"))),
                is_for_blocked=Exists(of_table.filter(blocked_target=OuterRef("pk"))),
            )
            .order_by("name")  # counting loses the order
        )

    @display(description="Goes to")
    def destination(self, target: Target) -> str:
        """Return the name at Vapi with the end of the id, the number, the address or the sentence."""
        if target.vapi_id:
            return f"{target.synced_name} · {id_tail(target.vapi_id)}" if target.synced_name else target.vapi_id
        return target.number or target.sip_uri or f"“{target.message}”"

    @display(description="State", label={"available": "success", "off": "warning", "missing": "danger"})
    def availability(self, target: Target) -> tuple[str, str]:
        """Return whether rules can use the target."""
        there = ("available", "Available") if target.enabled else ("off", "Switched off")
        return missing_label(target.missing_since) or there

    @display(description="Used by", ordering="rule_count")
    def shown_rules(self, target: Target) -> str:
        """Return how many rules name the target, and what else it is for."""
        count: int = getattr(target, "rule_count", 0)
        uses = ["1 rule" if count == 1 else f"{count} rules"] if count else []
        uses += ["default"] if getattr(target, "is_default", False) else []
        uses += ["blocked callers"] if getattr(target, "is_for_blocked", False) else []
        return ", ".join(uses) or "not used"

    def save_model(self, request: HttpRequest, obj: Target, form: Any, change: bool) -> None:
        """Let a target with another id know what is known of that id, and say so if nothing is."""
        if not change or {"kind", "vapi_id"} & set(form.changed_data):
            known = recall_target(obj)
            if not known and VapiObject.objects.filter(kind=obj.kind).exists():
                self.message_user(request, UNSEEN.format(obj.vapi_id), messages.WARNING)
        super().save_model(request, obj, form, change)

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, targets: QuerySet[Target]) -> None:
        """Let rules use the targets; takes effect when the table is published."""
        targets.update(enabled=True)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, targets: QuerySet[Target]) -> None:
        """Let rules skip the targets; takes effect when the table is published."""
        targets.update(enabled=False)
