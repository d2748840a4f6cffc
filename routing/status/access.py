"""Who may read the metrics: they tell how much business is done, and how it fails."""

from __future__ import annotations

import hmac
import ipaddress
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest

# Behind a proxy on the same machine everybody seems to come from it.
FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP", "HTTP_VIA")
WRONG_TOKEN = "The header must read: Authorization: Bearer, a space, and METRICS_TOKEN.\n"  # noqa: S105
NO_TOKEN = "Without METRICS_TOKEN the metrics are shown on this machine only, and to no proxy. Set METRICS_TOKEN.\n"  # noqa: S105


def refuse_reader(request: HttpRequest) -> tuple[HTTPStatus, str] | None:
    """Return status and words of a refusal, None for those who may read.

    With METRICS_TOKEN everybody needs it. Without, whoever is on this machine may read; raises DisallowedHost where a
    browser on this machine was led here under a foreign name.
    """
    if settings.METRICS_TOKEN:
        given = request.META.get("HTTP_AUTHORIZATION", "").encode("utf-8", "replace")
        wanted = f"Bearer {settings.METRICS_TOKEN}".encode()
        return None if hmac.compare_digest(given, wanted) else (HTTPStatus.UNAUTHORIZED, WRONG_TOKEN)
    if not _is_local(request):
        return HTTPStatus.FORBIDDEN, NO_TOKEN
    request.get_host()
    return None


def _is_local(request: HttpRequest) -> bool:
    if any(name in request.META for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
