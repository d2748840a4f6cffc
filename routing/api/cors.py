"""Which web pages may read our answers, and which may use a publishable key (the Fetch standard's CORS protocol)."""

from __future__ import annotations

from django.db import DatabaseError
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from routing.api.authentication import asking_key
from routing.models import ApiKey, ApiKeyKind
from routing.models.origins import origin_allowed

# Nothing here depends on cookies, so credentials are never allowed.
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "authorization, content-type, x-routing-campaign",
    "Access-Control-Max-Age": "600",
}
READABLE = "Retry-After, X-Switchboard-Sandbox"
REFUSED = "This publishable key may not be used from {origin}: add that to the key's allowed web addresses."
NO_ORIGIN = "a request without an Origin header"


def check_origin(request: Request) -> None:
    """Refuse a publishable key on a page that it is not meant for; raises PermissionDenied."""
    key, origin = asking_key(request), request.headers.get("Origin")
    if key.kind == ApiKeyKind.PUBLISHABLE and not origin_allowed(key.allowed_origins, origin):
        raise PermissionDenied(REFUSED.format(origin=origin or NO_ORIGIN))


def allow_headers(request: Request) -> dict[str, str]:
    """Return the headers that let the page at the request's origin read the answer, if it may."""
    origin = request.headers.get("Origin")
    if origin is None or not _may_read(request, origin):
        return {}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": READABLE}


def _may_read(request: Request, origin: str) -> bool:
    try:
        if isinstance(request.auth, ApiKey):
            return origin_allowed(request.auth.allowed_origins, origin)
        return _is_allowed_by_any(origin)
    except DatabaseError:
        return True  # all there is to read then is that the database is gone, and the page should be able to say so


def _is_allowed_by_any(origin: str) -> bool:
    """A preflight carries no key, so it passes if any valid key allows the page; the key is judged with the call."""
    now = timezone.now()
    keys = ApiKey.objects.filter(kind=ApiKeyKind.PUBLISHABLE, revoked_at__isnull=True)
    return any(origin_allowed(key.allowed_origins, origin) for key in keys if key.is_valid(now))
