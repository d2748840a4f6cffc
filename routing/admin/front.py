"""The front page: who answers now, and today's figures."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from routing.admin.checklist import checklist_context
from routing.admin.dashboard_figures import figures_context, span_words, today
from routing.admin.front_numbers import numbers_context
from routing.snapshot import store

SEE_NUMBERS = "routing.view_ournumber"
SEE_CALLS = "routing.view_call"


def front_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the context of the admin's index what this person may see."""
    now, user = timezone.now(), request.user
    context["title"] = "Switchboard"
    context |= checklist_context(request)
    if user.has_perm(SEE_NUMBERS):
        query, show_all = request.GET.get("q", "")[:100], "all" in request.GET
        context |= numbers_context(store.current(), now, query=query, show_all=show_all)
        context["sees_numbers"] = True
    if user.has_perm(SEE_CALLS):
        context |= figures_context(today(now), user)
        context |= {"sees_calls": True, "span_words": span_words(today(now), now)}
    return context
