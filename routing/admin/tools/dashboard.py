"""The dashboard: the figures of a day, or of seven days."""

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from routing.admin.dashboard_figures import Span, figures_context, span_words

PERMISSION = "routing.view_call"
WEEK = "week"


def dashboard_page(request: HttpRequest) -> HttpResponse:
    """Show the figures of the day that is asked for."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    now = timezone.now()
    span, asked = read_span(request.GET.get("day", ""), now)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Dashboard",
        "span": span,
        "span_words": span_words(span, now),
        "days": _offered_days(asked, now),
        "day": span.last.isoformat(),
        "last_day": timezone.localdate(now).isoformat(),
        **figures_context(span, request.user),
    }
    return TemplateResponse(request, "admin/tools/dashboard.html", context)


def read_span(asked: str, now: datetime) -> tuple[Span, str]:
    """Return the days asked for, and how they were asked for; what is no day of the past means today."""
    day = timezone.localdate(now)
    if asked == WEEK:
        return Span(first=day - timedelta(days=6), last=day), WEEK
    try:
        wanted = date.fromisoformat(asked)
    except ValueError:
        wanted = day
    if not day - timedelta(days=36525) < wanted <= day:
        wanted = day
    return Span(first=wanted, last=wanted), wanted.isoformat()


def _offered_days(asked: str, now: datetime) -> list[dict[str, Any]]:
    day = timezone.localdate(now)
    offered = [
        (day.isoformat(), "Today"),
        ((day - timedelta(days=1)).isoformat(), "Yesterday"),
        (WEEK, "Last 7 days"),
    ]
    return [{"value": value, "label": label, "chosen": value == asked} for value, label in offered]
