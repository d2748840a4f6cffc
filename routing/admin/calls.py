"""The call log."""

import json
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from routing.admin.base import LogAdmin, display, preformatted
from routing.engine.decision import Decision, Reason, RuleRef
from routing.engine.numbers import number_key
from routing.engine.sentences import reason_phrase
from routing.engine.table import Target as TargetValue
from routing.engine.table import TargetKind
from routing.models import Call, CallState, Target

STATE_TONES = {"failed": "danger", "refused": "danger", "unknown": "warning", "in-progress": "success"}


class TargetFilter(admin.SimpleListFilter):
    """Calls by target; the choices come from the targets, because the log is too long to look through for them."""

    title = "target"
    parameter_name = "target_key"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return list(Target.objects.values_list("key", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Compare the key that was copied into the call."""
        return queryset.filter(target_key=self.value()) if self.value() else queryset


@admin.register(Call)
class CallAdmin(LogAdmin[Call]):
    """Routed calls, newest first."""

    list_display = ("decided_at", "shown_channel", "customer", "shown_target", "why", "shown_state", "shown_sandbox")
    list_filter: ClassVar[tuple[Any, ...]] = ("channel", "state", "reason", TargetFilter, "sandbox", "decided_at")
    search_fields = ("customer_number", "vapi_call_id")
    search_help_text = "A whole telephone number, or the id of a call (ours or Vapi's)"
    sortable_by = ()
    fieldsets = (
        (
            "Decision",
            {"fields": (("decided_at", "scheduled_for"), "channel", "explanation", "shown_revision", "simulation")},
        ),
        (
            "Call",
            {
                "fields": (
                    ("customer_number", "our_number"),
                    ("campaign", "external_id"),
                    ("state", "ended_reason"),
                    ("started_at", "ended_at"),
                    ("cost", "error"),
                    ("id", "vapi_call_id"),
                    ("api_key", "shown_sandbox"),
                )
            },
        ),
        ("What was known", {"classes": ("collapse",), "fields": ("shown_context", "shown_facts")}),
    )

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
        return call.customer_number or ("Withheld" if call.channel == "inbound" else "No number")

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

    @display(description="Sandbox", boolean=True)
    def shown_sandbox(self, call: Call) -> bool:
        """Return whether nobody was called."""
        return call.sandbox

    @display(description="Who took it, and why")
    def explanation(self, call: Call) -> str:
        """Return the decision as one sentence."""
        return explain_row(call)

    @display(description="Decided by")
    def shown_revision(self, call: Call) -> str:
        """Return the revision, and whether it came from the local copy."""
        if call.revision is None:
            return "No revision"
        return f"Revision {call.revision}{', from the local copy (the database was out of reach)' * call.stale}"

    @display(description="Try again")
    def simulation(self, call: Call) -> SafeString:
        """Return a link to the simulator with what was known about the call."""
        return format_html('<a class="sb-link" href="{}">Open in the simulator</a>', simulator_address(call))

    @display(description="Context")
    def shown_context(self, call: Call) -> SafeString:
        """Return what was known, as JSON."""
        return preformatted(json.dumps(call.context, indent=2, ensure_ascii=False))

    @display(description="Live data it saw")
    def shown_facts(self, call: Call) -> SafeString:
        """Return list hits, switches and missing targets, as JSON."""
        return preformatted(json.dumps(call.facts, indent=2, ensure_ascii=False))


def explain_row(call: Call) -> str:
    """Return who took the call and why, from what was copied into its row."""
    if not call.reason:
        return "Nothing was decided for this call."
    decision = Decision(
        target=TargetValue(key=call.target_key, name=call.target_name, kind=TargetKind(call.target_kind or "reject")),
        reason=Reason(call.reason),
        rule=RuleRef(position=call.rule_position or 0, key=call.rule_key, name=call.rule_name)
        if call.rule_key
        else None,
    )
    return f"{call.target_name or 'A target of the request'}, {reason_phrase(decision)}."


def simulator_address(call: Call) -> str:
    """Return the simulator's address for the same call at the same instant."""
    at: datetime = call.decided_at.astimezone(ZoneInfo("UTC"))
    attributes = [f"{key}={value[0]}" for key, value in call.context.get("attributes", {}).items()]
    query = {
        "channel": call.channel,
        "customer": call.context.get("customer") or call.customer_number,
        "number": call.our_number,
        "campaign": call.campaign,
        "attributes": "\n".join(attributes),
        "date": f"{at:%Y-%m-%d}",
        "time": f"{at:%H:%M:%S}",
        "timezone": "UTC",
        "table": "live",
    }
    return f"{reverse('admin:simulator')}?{urlencode({name: value for name, value in query.items() if value})}"
