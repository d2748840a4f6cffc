"""Which web pages may read our answers, and which may use a publishable key (the Fetch standard's CORS protocol)."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from routing.api.authentication import asking_key
from routing.models import ApiKey, ApiKeyKind

ANY_ORIGIN = "*"
# Nothing here depends on cookies, so credentials are never allowed.
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "authorization, content-type, x-routing-campaign",
    "Access-Control-Max-Age": "600",
}
REFUSED = "This publishable key may not be used from {origin}: add that to the key's allowed web addresses."
NO_ORIGIN = "a request without an Origin header"


def check_origin(request: Request) -> None:
    """Refuse a publishable key on a page that it is not meant for; raises PermissionDenied."""
    key, origin = asking_key(request), request.headers.get("Origin")
    if key.kind == ApiKeyKind.PUBLISHABLE and not allows(key, origin):
        raise PermissionDenied(REFUSED.format(origin=origin or NO_ORIGIN))


def allows(key: ApiKey, origin: str | None) -> bool:
    """Tell whether the key allows this origin; only a key for every page works without one."""
    return ANY_ORIGIN in key.allowed_origins or (
        origin is not None and _normal(origin) in map(_normal, key.allowed_origins)
    )


def allow_headers(request: Request) -> dict[str, str]:
    """Return the headers that let the page at the request's origin read the answer, if it may."""
    origin = request.headers.get("Origin")
    if origin is None:
        return {}
    key = request.auth if isinstance(request.auth, ApiKey) else None
    allowed = allows(key, origin) if key else _is_allowed_by_any(origin)
    if not allowed:
        return {}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "X-Switchboard-Sandbox"}


def _is_allowed_by_any(origin: str) -> bool:
    """A preflight carries no key, so it passes if any valid key allows the page; the key is judged with the call."""
    now = timezone.now()
    keys = ApiKey.objects.filter(kind=ApiKeyKind.PUBLISHABLE)
    return any(allows(key, origin) for key in keys if key.is_valid(now))


def _normal(origin: str) -> str:
    return origin.lower().rstrip("/")
