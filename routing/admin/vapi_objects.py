"""What the last synchronisation saw at Vapi, and how it becomes targets and numbers of ours."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from routing.admin.base import RowAdmin, display
from routing.admin.tools.sync import tell_added
from routing.models import OurNumber, Target, VapiObject
from routing.services.add_from_vapi import add_numbers, add_targets, id_tail, shown_name

TARGETS = Target.objects.filter(kind=OuterRef("kind"), vapi_id=OuterRef("vapi_id")).order_by("name")
NUMBERS = OurNumber.objects.filter(vapi_id=OuterRef("vapi_id"))


class UseFilter(admin.SimpleListFilter):
    """Things that a target or a number of ours names, or not."""

    title = "use"
    parameter_name = "use"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return [("used", "Used here"), ("free", "Not used yet")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Look for a target or a number with this id."""
        used = Exists(TARGETS) | Exists(NUMBERS)
        match self.value():
            case "used":
                return queryset.filter(used)
            case "free":
                return queryset.filter(~used, missing_since=None)
        return queryset


@admin.register(VapiObject)
class VapiObjectAdmin(RowAdmin[VapiObject]):
    """Assistants, squads and phone numbers at Vapi; they are changed there, and only read here."""

    list_display = ("shown_name", "shown_kind", "reached_by", "changed", "state", "used_as")
    list_display_links = ("shown_name",)
    list_before_template = "admin/routing/target/found_before.html"
    list_filter = ("kind", UseFilter, ("missing_since", admin.EmptyFieldListFilter))
    search_fields = ("name", "number", "sip_uri", "vapi_id")
    fields = ("name", "kind", "vapi_id", "number", "sip_uri", "created_at", "updated_at", "missing_since")
    actions = ("make_targets", "make_numbers")

    class Media:
        css = {"all": ("routing/sync.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[VapiObject]:
        """Fetch who uses each thing."""
        target = Subquery(TARGETS.values("name")[:1])
        number = Subquery(NUMBERS.values("name")[:1])
        used_by = Coalesce(target, number)
        return super().get_queryset(request).annotate(used_by=used_by, is_used=Exists(TARGETS) | Exists(NUMBERS))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Things are made at Vapi."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: VapiObject | None = None) -> bool:
        """Things are changed at Vapi."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: VapiObject | None = None) -> bool:
        """Things are deleted at Vapi."""
        return False

    def has_make_targets_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may add targets."""
        return request.user.has_perm("routing.add_target")

    def has_make_numbers_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may add numbers of ours."""
        return request.user.has_perm("routing.add_ournumber")

    @display(description="Name at Vapi", ordering="name")
    def shown_name(self, thing: VapiObject) -> str:
        """Return the name, or what stands for one."""
        return shown_name(thing)

    @display(
        description="Kind",
        ordering="kind",
        label={"assistant": "info", "squad": "info", "phone-number": "success"},
    )
    def shown_kind(self, thing: VapiObject) -> tuple[str, str]:
        """Return the kind with its colour."""
        return thing.kind, thing.get_kind_display()

    @display(description="Number or id")
    def reached_by(self, thing: VapiObject) -> str:
        """Return what tells it apart."""
        return thing.number or thing.sip_uri or id_tail(thing.vapi_id)

    @display(description="Changed at Vapi", ordering="updated_at")
    def changed(self, thing: VapiObject) -> str:
        """Return the day."""
        return f"{timezone.localtime(thing.updated_at):%d %b %Y}" if thing.updated_at else ""

    @display(description="State", label={"there": "success", "missing": "danger"})
    def state(self, thing: VapiObject) -> tuple[str, str]:
        """Return whether Vapi still has it."""
        return missing_label(thing.missing_since) or ("there", "At Vapi")

    @display(description="Used here as")
    def used_as(self, thing: VapiObject) -> str:
        """Return the target or the number of ours."""
        name: str = getattr(thing, "used_by", "")
        return name or (thing.number or thing.sip_uri if getattr(thing, "is_used", False) else "")

    @admin.action(description="Add as targets", permissions=["make_targets"])
    def make_targets(self, request: HttpRequest, things: QuerySet[VapiObject]) -> None:
        """Make targets of the chosen assistants and squads."""
        tell_added(request, add_targets(things), "targets")

    @admin.action(description="Add as our numbers", permissions=["make_numbers"])
    def make_numbers(self, request: HttpRequest, things: QuerySet[VapiObject]) -> None:
        """Make numbers of ours of the chosen phone numbers."""
        tell_added(request, add_numbers(things), "numbers")


def missing_label(since: Any) -> tuple[str, str] | None:
    """Return the label of something that Vapi has no more, or None."""
    return ("missing", f"Missing since {timezone.localtime(since):%d %b %Y}") if since else None
