"""The publish page: what would change, whether it can, and the button."""

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from routing.admin.base import TextAreaWidget
from routing.engine.errors import TableErrors
from routing.services.draft import read_draft
from routing.services.publish import publish

PERMISSION = "routing.add_revision"  # who may make a revision may publish


class PublishForm(forms.Form):
    """Asks for a note."""

    note = forms.CharField(
        label="What changed, and why?",
        max_length=2000,
        widget=TextAreaWidget(attrs={"rows": 3}),
        help_text="Your colleagues read this in the list of revisions.",
        error_messages={"required": "Write a note: what changed, and why?"},
    )


def may_publish(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Tell whether this user may let a draft go live."""
    return isinstance(user, PermissionsMixin | AnonymousUser) and user.has_perm(PERMISSION)


def publish_page(request: HttpRequest) -> HttpResponse:
    """Show the draft's state; publish it on POST."""
    if not may_publish(request.user):
        raise PermissionDenied
    form = PublishForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _publish(request, form.cleaned_data["note"]):
        return redirect("admin:publish")
    context = {
        **admin.site.each_context(request),
        "title": "Publish",
        "form": form,
        "draft": read_draft(),
    }
    return TemplateResponse(request, "admin/tools/publish.html", context)


def _publish(request: HttpRequest, note: str) -> bool:
    """Publish and say what came of it; a draft with faults stays a draft."""
    author = request.user if request.user.is_authenticated else None
    try:
        revision = publish(author=author, note=note, now=timezone.now())
    except TableErrors as errors:
        messages.error(request, f"Nothing was published: the draft has {len(errors.errors)} faults, listed below.")
        return False
    if revision.is_new:
        messages.success(request, f"Revision {revision.number} is live: every call is decided by it now.")
    else:
        messages.info(request, f"Nothing to publish: the draft equals revision {revision.number}, which is live.")
    return True
