"""What every page of the admin says at its top."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse

from routing.models import LiveState
from routing.services.draft import read_draft
from routing.snapshot import store

# Edits in the admin show at once (each writes a log entry); what commands change shows after this many seconds.
REMEMBERED = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Banner:
    """One line; `tone` is info, warning or danger."""

    tone: str
    icon: str
    text: str
    link: str = ""
    link_text: str = ""


def banner_context(request: HttpRequest) -> dict[str, Any]:
    """Return the banners for the theme's page context; nobody sees them before logging in."""
    user = request.user
    if not (user.is_active and getattr(user, "is_staff", False)):
        return {}
    may_publish = user.has_perm("routing.add_revision")
    banners = (_stale_banner(), _sandbox_banner(), _draft_banner(may_publish=may_publish))
    return {"banners": [banner for banner in banners if banner is not None]}


def _stale_banner() -> Banner | None:
    if not store.current().stale:
        return None
    text = "Calls are decided from the last good copy: the live routing table cannot be read from the database."
    return Banner(tone="danger", icon="sync_problem", text=text)


def _sandbox_banner() -> Banner | None:
    if settings.VAPI_API_KEY:
        return None
    text = "Sandbox: no real calls are placed, because VAPI_API_KEY is not set."
    return Banner(tone="info", icon="science", text=text)


def _draft_banner(*, may_publish: bool) -> Banner | None:
    live, differs = _draft_state()
    if not differs:
        return None
    text = "Your changes do not answer calls yet: they differ from what is live."
    if live is None:
        text = "Nothing is published yet: every call goes to the last resort."
    link = reverse("admin:publish") if may_publish else ""
    return Banner(tone="warning", icon="edit_note", text=text, link=link, link_text="Look and publish")


def _draft_state() -> tuple[int | None, bool]:
    """Return the live revision and whether the draft differs; comparing reads the whole table, so it is remembered."""
    live = LiveState.objects.filter(pk=1).values_list("revision_id", flat=True).first()
    last_edit = LogEntry.objects.order_by("-pk").values_list("pk", flat=True).first()
    key = f"draft-differs:{live}:{last_edit}"
    differs: bool | None = cache.get(key)
    if differs is None:
        differs = read_draft().differs
        cache.set(key, differs, REMEMBERED)
    return live, differs
