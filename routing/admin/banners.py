"""What every page of the admin says at its top."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from routing.admin.publishing import may_publish, may_review
from routing.models import EmergencySwitch
from routing.services.draft import read_draft
from routing.snapshot import store


@dataclass(frozen=True, kw_only=True, slots=True)
class Banner:
    """One line; `tone` is info, warning or danger."""

    tone: str
    icon: str
    text: str
    link: str = ""
    link_text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """How many entries of the draft differ from what is live, and what this user may do about it."""

    count: int
    text: str
    links: tuple[tuple[str, str], ...]  # word and address


def banner_context(request: HttpRequest) -> dict[str, Any]:
    """Return the banners for the theme's page context; nobody sees them before logging in."""
    user = request.user
    if not (user.is_active and getattr(user, "is_staff", False)):
        return {}
    told = (*_emergency_banners(request), _stale_banner(), _sandbox_banner())
    banners = [banner for banner in told if banner is not None]
    return {"banners": banners, "unpublished": _draft_bar(request)}


def _emergency_banners(request: HttpRequest) -> list[Banner]:
    may_look = request.user.has_perm("routing.view_emergencyswitch")
    may_end = request.user.has_perm("routing.change_emergencyswitch")
    link = reverse("admin:emergency") if may_look else ""
    zone = timezone.get_current_timezone_name()
    return [
        Banner(
            tone="danger",
            icon="emergency_home",
            text=f"Emergency: {switch.effect}, until {timezone.localtime(switch.until):%a %d %b %H:%M} ({zone})"
            f"{f': {switch.reason}' if switch.reason else ''}",
            link=link,
            link_text="Change or end" if may_end else "Details",
        )
        for switch in EmergencySwitch.running(timezone.now())
    ]


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


def _draft_bar(request: HttpRequest) -> Bar | None:
    draft = read_draft()
    if not draft.differs:
        return None
    first = draft.live_revision is None
    links = []
    if may_review(request.user):
        links.append(("Review", reverse("admin:publish")))
    if may_publish(request.user):
        links.append(("Publish", f"{reverse('admin:publish')}#publish"))
        links += [] if first else [("Discard", reverse("admin:discard"))]
    text = "Nothing is published yet: every call goes to the last resort." if first else ""
    return Bar(count=draft.count, text=text, links=tuple(links))
