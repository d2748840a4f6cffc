"""Content Security Policy, by path: strict everywhere, wider only under /admin/ and on the API's page.

Also what the browser may not do for any page of ours, which Django has no setting for.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

STRICT = "default-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
# The admin theme evaluates Alpine expressions in the page and sets styles on elements.
ADMIN = "; ".join(
    [
        STRICT,
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
    ]
)
# Swagger UI sets styles in the page and has its icons in its style sheet.
DOCS = "; ".join([STRICT, "style-src 'self' 'unsafe-inline'", "img-src 'self' data:"])

PERMISSIONS = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"


class ContentSecurityPolicy:
    """Add the policy of the request's path to each answer that has none of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", _policy(request.path))
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response


def _policy(path: str) -> str:
    if path.startswith("/admin/"):
        return ADMIN
    return DOCS if path == "/api/docs" else STRICT
