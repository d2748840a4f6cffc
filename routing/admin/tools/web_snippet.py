"""The web snippet: what a web page needs to start calls, ready to copy."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone

from routing.models import ApiKey, ApiKeyKind

PERMISSION = "routing.view_apikey"
API_PATH = "/api/v1"  # without a slash at the end, behind which the web SDK would put a second one
FOLDER = "admin/tools/web_snippet"


@dataclass(frozen=True, kw_only=True, slots=True)
class Snippet:
    """A piece of code, with what it is for."""

    name: str
    title: str
    about: str
    template: str


PAGE_ALONE = (
    Snippet(
        name="page",
        title="In the page",
        about="The key is publishable: everybody who opens the page can read it, and it is good for nothing else. What "
        "the page says about a visitor is taken as untrusted; rules use it only where staff allow that.",
        template=f"{FOLDER}/page.js",
    ),
)
SERVER_FIRST = (
    Snippet(
        name="server",
        title="On your server",
        about="The key is secret and stays here. What your server says about the visitor is trusted by the rules.",
        template=f"{FOLDER}/server.js",
    ),
    Snippet(
        name="reconnect",
        title="In the page",
        about="The page asks your server for a call and joins it; it never sees a key.",
        template=f"{FOLDER}/reconnect.js",
    ),
)


def web_snippet_page(request: HttpRequest) -> HttpResponse:
    """Show both ways of starting a call from a page, with this server's own address in them."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    address = f"{settings.PUBLIC_URL.rstrip('/') or request.build_absolute_uri('/').rstrip('/')}{API_PATH}"
    context = {
        **admin.site.each_context(request),
        "title": "Web snippet",
        "keys": _page_keys(),
        "may_add": request.user.has_perm("routing.add_apikey"),
        "variants": [
            ("The page starts the call itself", [_fill(snippet, address) for snippet in PAGE_ALONE]),
            ("Your server creates the call, the page joins it", [_fill(snippet, address) for snippet in SERVER_FIRST]),
        ],
        "falls_back": bool(settings.VAPI_API_KEY) and not settings.VAPI_PUBLIC_KEY,
    }
    return TemplateResponse(request, "admin/tools/web_snippet.html", context)


def _page_keys() -> list[ApiKey]:
    """Return the keys that a page could use now."""
    now = timezone.now()
    keys = ApiKey.objects.filter(kind=ApiKeyKind.PUBLISHABLE, revoked_at__isnull=True)
    return [key for key in keys if key.is_valid(now)]


def _fill(snippet: Snippet, address: str) -> dict[str, Any]:
    code = render_to_string(snippet.template, {"address": address}).strip()
    return {"name": snippet.name, "title": snippet.title, "about": snippet.about, "code": code}
