"""The connection page: what to enter at Vapi, and whether the two sides reach each other."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from routing.admin.dashboard_figures import SEE_CONNECTION, message_lines, today
from routing.admin.masking import shown_number, shown_text
from routing.admin.tools.connection_words import refusal_words
from routing.services.connection import Connection, read_connection


def connection_page(request: HttpRequest) -> HttpResponse:
    """Show the state of the connection."""
    if not request.user.has_perm(SEE_CONNECTION):
        raise PermissionDenied
    now = timezone.now()
    since, _ = today(now).instants()
    connection = read_connection(since=since, now=now)
    context = {
        **admin.site.each_context(request),
        "title": "Connection",
        "connection": connection,
        "refused": _refused(connection),
        "is_refused_last": _is_refused_last(connection),
        "today": list(message_lines(connection.today)),
        "outbound": _outbound(connection, request.user),
        "is_live": connection.own_revision == connection.live_revision and not connection.is_stale,
        "zone": timezone.get_current_timezone_name(),
    }
    return TemplateResponse(request, "admin/tools/connection.html", context)


def _refused(connection: Connection) -> dict[str, Any] | None:
    seen = connection.refused
    if seen is None:
        return None
    what, advice = refusal_words(seen)
    return {"at": seen.at, "what": what, "advice": advice}


def _is_refused_last(connection: Connection) -> bool:
    """Tell whether the newest message of all was refused: then something is wrong now."""
    accepted, refused = connection.accepted, connection.refused
    return refused is not None and (accepted is None or accepted.at < refused.at)


def _outbound(connection: Connection, user: Any) -> dict[str, Any] | None:
    call = connection.outbound
    if call is None:
        return None
    tones = {"refused": "danger", "failed": "danger", "unknown": "warning"}
    return {
        "pk": call.pk,
        "at": call.decided_at,
        "customer": shown_number(call.customer_number, user) or "nobody",
        "target": call.target_name,
        "state": call.get_state_display(),
        "tone": tones.get(call.state, "success"),
        "error": shown_text(call.error, user),
        "sandbox": call.sandbox,
    }
