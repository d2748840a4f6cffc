"""Lists of customers' numbers with their entries."""

import re
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import NestedObjects
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import router
from django.db.models import Count, Model, Q, QuerySet, Value
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst

from routing.admin.base import InfinitePaginator, RowAdmin, RowForm, display
from routing.admin.list_export import export_list
from routing.admin.list_import import entries_address, import_page, may_import
from routing.admin.simulator_address import simulator_link
from routing.engine.numbers import NumberKind, number_key, read_number
from routing.models import NumberList, NumberListEntry

TOOLS = ("import", "export")
PUNCTUATION = re.compile(r"[\s().\-/]")


class _WithoutEntries(NestedObjects):
    """Finds what hangs on a list, but for its entries."""

    def related_objects(self, related_model: type[Model], related_fields: Any, objs: Any) -> Any:
        """Return the rows of another table that hang on the lists."""
        found = super().related_objects(related_model, related_fields, objs)
        return found.none() if related_model is NumberListEntry else found


def _count(entries: int) -> str:
    return "1 number" if entries == 1 else f"{entries:,} numbers"


@admin.register(NumberList)
class NumberListAdmin(RowAdmin[NumberList]):
    """Lists of customers' numbers; entries have pages of their own, because a list can be very long."""

    list_display = ("name", "shown_purpose", "shown_entries", "tools")
    list_filter = ("purpose",)
    search_fields = ("name", "key")
    readonly_fields = ("key", "shown_entries", "tools")
    fields = ("name", "purpose", "shown_entries", "tools", "key")

    def get_queryset(self, request: HttpRequest) -> QuerySet[NumberList]:
        """Count the entries of each list, and tell it whether who looks may import."""
        importable = Value(may_import(request.user))
        return super().get_queryset(request).annotate(entry_count=Count("entries"), is_importable=importable)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return what would go and what is in the way, the entries as a count.

        There may be 100,000 of them, and on SQLite everybody who writes waits for this page, the emergency switch too.
        """
        lists = list(objs)
        found = _WithoutEntries(using=router.db_for_write(NumberList), origin=lists)
        found.collect(lists)
        to_delete = [f"Number list: {it}, with {_count(it.entry_count)}" for it in lists]
        entries = sum(it.entry_count for it in lists)
        models = {"number lists": len(lists), "list entries": entries}
        may_remove = request.user.has_perm("routing.delete_numberlistentry")
        needed = set() if may_remove or not entries else {"list entry"}
        return to_delete, models, needed, [f"{capfirst(it._meta.verbose_name)}: {it}" for it in found.protected]

    @display(
        description="Purpose",
        ordering="purpose",
        label={"segment": "info", "blocked": "danger", "do_not_call": "warning"},
    )
    def shown_purpose(self, number_list: NumberList) -> tuple[str, str]:
        """Return the purpose with its colour."""
        return number_list.purpose, number_list.get_purpose_display()

    @display(description="Entries")
    def shown_entries(self, number_list: NumberList) -> str:
        """Return a link to the entries."""
        if number_list._state.adding:
            return "Save the list first, then add numbers to it."
        words = _count(getattr(number_list, "entry_count", 0))
        return format_html('<a class="sb-link" href="{}">{}</a>', entries_address(number_list), words)

    @display(description="Many at once")
    def tools(self, number_list: NumberList) -> str:
        """Return links to the import and to the files."""
        if number_list._state.adding:
            return ""
        bring, take = (reverse(f"admin:routing_numberlist_{verb}", args=[number_list.pk]) for verb in TOOLS)
        links = [(bring, "Import or paste")] if getattr(number_list, "is_importable", False) else []
        links += [(take, "CSV"), (f"{take}?format=xlsx", "Excel")]
        return format_html(
            '<span class="sb-pager">{}</span>', format_html_join("", '<a class="sb-link" href="{}">{}</a>', links)
        )

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses of the import and of the files."""
        views = (self.import_view, self.export_view)
        return [
            path(f"<int:pk>/{verb}/", self.admin_site.admin_view(view), name=f"routing_numberlist_{verb}")
            for verb, view in zip(TOOLS, views, strict=True)
        ] + super().get_urls()

    def import_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Bring many numbers onto the list."""
        return import_page(request, get_object_or_404(NumberList, pk=pk))

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Send the list as a file."""
        if not request.user.has_perm("routing.view_numberlistentry"):
            raise PermissionDenied
        return export_list(get_object_or_404(NumberList, pk=pk), as_excel=request.GET.get("format") == "xlsx")


class EntryForm(RowForm[NumberListEntry]):
    """Refuses a mistyped number; the model brings a good one into the form that calls are compared with."""

    def clean_number(self) -> str:
        """Return the number; raises ValidationError where a number was meant and none was written."""
        text: str = self.cleaned_data["number"]
        number = read_number(text, settings.ROUTING_DEFAULT_REGION)
        if number.kind is NumberKind.OTHER and number.identity.startswith("+"):
            raise ValidationError(f"{text} is not a telephone number: write it as +12025550100.")
        return text


class ValidityFilter(admin.SimpleListFilter):
    """Entries that still count, or not."""

    title = "validity"
    parameter_name = "valid"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return [("yes", "Counts now"), ("no", "Expired")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Compare with the present instant."""
        counts = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
        match self.value():
            case "yes":
                return queryset.filter(counts)
            case "no":
                return queryset.exclude(counts)
        return queryset


@admin.register(NumberListEntry)
class NumberListEntryAdmin(RowAdmin[NumberListEntry]):
    """The numbers on all lists; a change takes effect at once, without publishing."""

    form = EntryForm
    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_display = ("number", "label", "number_list", "expires_at", "state", "simulation")
    list_display_links = ("number",)
    list_filter = ("number_list", ValidityFilter)
    list_select_related = ("number_list",)
    search_fields = ("number", "label")
    search_help_text = "A number (whole, or its beginning) or a part of the label"
    autocomplete_fields = ("number_list",)
    fields = ("number_list", "number", "label", "variables", "expires_at")
    actions = ("remove_expired",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[NumberListEntry], search_term: str
    ) -> tuple[QuerySet[NumberListEntry], bool]:
        """Find a number however it is written: 100,000 entries cannot be searched for any part of it."""
        term = search_term.strip()
        if not term:
            return queryset, False
        key = number_key(term, settings.ROUTING_DEFAULT_REGION)
        start = PUNCTUATION.sub("", term) if term.startswith("+") else term
        return queryset.filter(Q(number=key) | Q(number__startswith=start) | Q(label__icontains=term)), False

    @display(description="State", label={"counts": "success", "expired": "warning"})
    def state(self, entry: NumberListEntry) -> tuple[str, str]:
        """Return whether the entry still counts."""
        expired = entry.expires_at is not None and entry.expires_at <= timezone.now()
        return ("expired", "Expired") if expired else ("counts", "Counts now")

    @display(description="Who answers")
    def simulation(self, entry: NumberListEntry) -> str:
        """Return a link to the simulator with a call from this number."""
        return simulator_link(channel="inbound", customer=entry.number)

    @admin.action(description="Remove those that have expired", permissions=["delete"])
    def remove_expired(self, request: HttpRequest, entries: QuerySet[NumberListEntry]) -> None:
        """Remove the chosen entries that count no more."""
        removed, _ = entries.filter(expires_at__lte=timezone.now()).delete()
        self.message_user(request, f"Expired numbers removed: {removed}.", messages.SUCCESS)
