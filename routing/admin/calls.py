"""The call log."""

import json
import logging
from contextlib import suppress
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone_name

from routing.admin.base import ChangeList, LogAdmin, display, preformatted
from routing.admin.call_answer import tell
from routing.admin.call_export import LIMIT, export_calls
from routing.admin.call_filters import SINCE, CampaignFilter, DayFilter, OurNumberFilter, RuleFilter, TargetFilter
from routing.admin.call_pages import NewestCalls, PlacePaginator, without_place
from routing.admin.masking import FULL_NUMBERS, shown_number, shown_text
from routing.engine.numbers import number_key
from routing.models import Call, CallState

logger = logging.getLogger(__name__)

KNOWN = "What was known"
EXPORT = "routing.export_call"
STATE_TONES = {"failed": "danger", "refused": "danger", "unknown": "warning", "in-progress": "success"}


@admin.register(Call)
class CallAdmin(LogAdmin[Call]):
    """Routed calls, newest first."""

    empty_hint = "A call is here seconds after it was decided. The connection page tells what to enter at Vapi."
    list_display: Any = (
        "decided_at",
        "shown_channel",
        "customer",
        "shown_our_number",
        "shown_target",
        "why",
        "shown_state",
        "shown_end",
    )
    list_filter: ClassVar[tuple[Any, ...]] = (
        DayFilter,
        "channel",
        "state",
        "reason",
        TargetFilter,
        RuleFilter,
        CampaignFilter,
        OurNumberFilter,
        "sandbox",
    )
    list_before_template = "admin/routing/call/list_before.html"
    change_form_outer_before_template = "admin/routing/call/answer.html"
    search_fields = ("customer_number", "vapi_call_id")
    search_help_text = "A whole telephone number, or the id of a call (ours or Vapi's)"
    sortable_by = ()
    paginator = PlacePaginator
    fieldsets = (
        (
            "Call",
            {
                "fields": (
                    ("decided_at", "scheduled_for"),
                    ("channel", "shown_revision"),
                    ("customer", "our_number"),
                    ("campaign", "external_id"),
                    ("state", "ended_reason"),
                    ("started_at", "ended_at"),
                    ("cost", "shown_error"),
                    ("id", "vapi_call_id"),
                    ("api_key", "shown_sandbox"),
                    ("answer_ms",),
                )
            },
        ),
        (KNOWN, {"classes": ("collapse",), "fields": ("shown_context", "shown_facts")}),
    )

    class Media:
        css = {"all": ("routing/calls.css",)}

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the file."""
        name = f"routing_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list whose rows know who looks."""
        return NewestCalls

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Call | None:
        """Return the call, which knows who looks."""
        call = super().get_object(request, object_id, from_field)
        if call is not None:
            call.viewer = request.user  # type: ignore[attr-defined]  # as in the list
        return call

    def get_fieldsets(self, request: HttpRequest, obj: Call | None = None) -> Any:
        """Leave out what was known of the customer where the number may not be seen: it holds the number too."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if request.user.has_perm(FULL_NUMBERS) else [it for it in fieldsets if it[0] != KNOWN]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Let the filters alone be asked for: by a column's beginning, masked numbers could be spelt out."""
        offered = {getattr(it, "parameter_name", f"{it}__exact") for it in self.list_filter}
        return lookup in offered or lookup == SINCE

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Offer the file to those who may have it."""
        more: dict[str, Any] = {"zone": get_current_timezone_name()}
        if request.user.has_perm(EXPORT):
            address = reverse(f"admin:routing_{self.opts.model_name}_export")
            more |= {"export_address": f"{address}?{without_place(request)}", "export_limit": f"{LIMIT:,}"}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def export_view(self, request: HttpRequest) -> Any:
        """Send the listed calls as CSV."""
        if not (self.has_view_permission(request) and request.user.has_perm(EXPORT)):
            raise PermissionDenied
        try:
            calls = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect(f"admin:routing_{self.opts.model_name}_changelist")
        self.log_export(request)
        return export_calls(calls, request.user)

    def log_export(self, request: HttpRequest) -> None:
        """Keep in the log of the site who took which calls out of it."""
        message = f"Exported calls: {request.GET.urlencode() or 'all'}"
        logger.info("%s by user %s", message, request.user.pk)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Put the decision, its reasons and what would be decided now above the columns."""
        call = self.get_object(request, unquote(object_id))
        answer = tell(call, request) if call is not None and self.has_view_permission(request, call) else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **answer})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Call], search_term: str
    ) -> tuple[QuerySet[Call], bool]:
        """Find whole numbers and ids, which have indexes; the log is too long to look for a part of one."""
        term = search_term.strip()
        if not term:
            return queryset, False
        key = number_key(term, settings.ROUTING_DEFAULT_REGION)
        found = Q(customer_number__in={term, key}) | Q(vapi_call_id=term)
        with suppress(ValueError):  # no id of ours
            found |= Q(pk=UUID(term))
        return queryset.filter(found), False

    @display(description="Channel", label={"inbound": "info", "outbound": "success", "web": "warning"})
    def shown_channel(self, call: Call) -> tuple[str, str]:
        """Return the channel with its colour."""
        return call.channel, call.get_channel_display()

    @display(description="Customer")
    def customer(self, call: Call) -> str:
        """Return the customer's number, or that there was none."""
        number = shown_number(call.customer_number, call.viewer)  # type: ignore[attr-defined]  # see CallList
        return number or ("Withheld" if call.channel == "inbound" else "No number")

    @display(description="Our number")
    def shown_our_number(self, call: Call) -> str:
        """Return the number of ours that the call used."""
        return call.our_number

    @display(description="Target")
    def shown_target(self, call: Call) -> str:
        """Return who took the call."""
        return call.target_name or call.target_key

    @display(description="Why")
    def why(self, call: Call) -> str:
        """Return the reason, and the rule that chose."""
        rule = f": {call.rule_position}. {call.rule_name}" if call.rule_key else ""
        return f"{call.get_reason_display()}{rule}"

    @display(
        description="State",
        label={state: STATE_TONES.get(state, "info") for state in CallState.values},
    )
    def shown_state(self, call: Call) -> tuple[str, str]:
        """Return what became of the call."""
        return call.state, call.get_state_display()

    @display(description="Ended because")
    def shown_end(self, call: Call) -> str:
        """Return Vapi's word for the end, and whether nobody was called."""
        return " ".join(filter(None, (call.ended_reason, "(sandbox)" if call.sandbox else "")))

    @display(description="Error")
    def shown_error(self, call: Call) -> str:
        """Return what went wrong; Vapi may repeat the number in it."""
        return shown_text(call.error, call.viewer)  # type: ignore[attr-defined]  # see get_object

    @display(description="Sandbox")
    def shown_sandbox(self, call: Call) -> str:
        """Return whether the sandbox answered in Vapi's place."""
        return "Yes: nobody was called" if call.sandbox else "No"

    @display(description="Decided by")
    def shown_revision(self, call: Call) -> str:
        """Return the revision, and whether it came from the local copy."""
        if call.revision is None:
            return "No revision"
        return f"Revision {call.revision}{', from the local copy (the database was out of reach)' * call.stale}"

    @display(description="Context")
    def shown_context(self, call: Call) -> SafeString:
        """Return what was known, as JSON."""
        return preformatted(json.dumps(call.context, indent=2, ensure_ascii=False))

    @display(description="Live data it saw")
    def shown_facts(self, call: Call) -> SafeString:
        """Return list hits, switches and missing targets, as JSON."""
        return preformatted(json.dumps(call.facts, indent=2, ensure_ascii=False))
