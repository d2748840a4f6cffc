"""Save and publish: one button on the forms of the draft, for those who may let it go live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from routing.engine.errors import TableErrors
from routing.models import DraftState, LiveState, Revision
from routing.models.triggers import DRAFT_TABLES
from routing.services.draft import Draft, read_draft
from routing.services.publish import publish

if TYPE_CHECKING:
    _Page = admin.ModelAdmin[Any]
else:
    _Page = object

PERMISSION = "routing.publish_revision"
BUTTON = "_publish"
BUSY = "Somebody is changing the table just now, so nothing was done: try again in a moment."


def may_publish(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Tell whether this user may let a draft go live, discard it, or restore a revision."""
    return isinstance(user, PermissionsMixin | AnonymousUser) and user.has_perm(PERMISSION)


def may_review(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Tell whether this user may see what publishing would change."""
    return may_publish(user) or (isinstance(user, PermissionsMixin) and user.has_perm("routing.view_rule"))


def author_of(request: HttpRequest) -> Any:
    """Return who publishes."""
    return request.user if request.user.is_authenticated else None


def published_words(revision: Revision) -> SafeString | str:
    """Return what became of publishing, with the way back."""
    if not revision.is_new:
        return f"Nothing to publish: the draft equals revision {revision.number}, which is live."
    text = f"Revision {revision.number} is live: every call is decided by it now."
    earlier = Revision.objects.filter(number__lt=revision.number).values_list("number", flat=True).first()
    if earlier is None:
        return text
    address = reverse("admin:routing_revision_restore", args=[earlier])
    return format_html('{} <a class="sb-link" href="{}">Undo: back to revision {}</a>', text, address, earlier)


class PublishingPage(_Page):
    """Saves a row of the draft and publishes the whole draft, unless it holds something that was not looked at."""

    @property
    def is_of_draft(self) -> bool:
        """Tell whether revisions are made of these rows."""
        return self.model._meta.db_table in DRAFT_TABLES

    def take_locks(self, request: HttpRequest) -> None:
        """Make others wait; a publisher needs both locks, and both come before any row."""
        if self.is_of_draft:
            DraftState.lock()
            if self._publishes(request):
                LiveState.lock()
                request.routing_draft = read_draft()  # type: ignore[attr-defined]  # what stood there before this form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Offer the button."""
        context["show_publish"] = self.is_of_draft and not context.get("is_popup") and may_publish(request.user)
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Publish if that was the button."""
        answer = super().response_add(request, obj, post_url_continue)
        return self._publish(request, f"{_called(obj)} added") or answer

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Publish if that was the button."""
        answer = super().response_change(request, obj)
        return self._publish(request, f"{_called(obj)} changed") or answer

    def _publishes(self, request: HttpRequest) -> bool:
        popup = IS_POPUP_VAR in request.POST
        return self.is_of_draft and BUTTON in request.POST and not popup and may_publish(request.user)

    def _publish(self, request: HttpRequest, note: str) -> HttpResponse | None:
        """Publish and say so; return where to go instead if it was not done."""
        if not self._publishes(request):
            return None
        before: Draft = request.routing_draft  # type: ignore[attr-defined]  # see take_locks
        if before.differs:
            words = f"{before.count} other unpublished change{pluralize(before.count)}"
            text = f"Saved, and not published yet: there {'is' if before.count == 1 else 'are'} {words}. Look at all."
            messages.warning(request, text)
            return redirect("admin:publish")
        try:
            revision = publish(author=author_of(request), note=note, now=timezone.now())
        except TableErrors as errors:
            count = len(errors.errors)
            messages.error(request, f"Saved, and not published: the draft has {count} fault{pluralize(count)}.")
            return redirect("admin:publish")
        messages.success(request, published_words(revision))
        return None


def _called(row: Any) -> str:
    noun = str(row._meta.verbose_name)
    name = getattr(row, "name", "")
    return f"{noun[:1].upper()}{noun[1:]}" + (f" “{name}”" if name else "")
