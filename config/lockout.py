"""The page that somebody sees who tried too many passwords."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

TOO_MANY_REQUESTS = 429


def client_address(request: HttpRequest) -> str:
    """Return the address by which attempts are counted; `TrustProxies` has put the client's there."""
    return str(request.META.get("REMOTE_ADDR", ""))


def answer_lockout(
    request: HttpRequest, original_response: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """Say for how long, and who can help sooner. The page is the same whether or not there is such a user."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    context = {**admin.site.each_context(request), "title": "Too many attempts", "minutes": minutes}
    return render(request, "admin/locked_out.html", context, status=TOO_MANY_REQUESTS)
