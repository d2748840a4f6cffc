"""Throwing the draft away: what would be lost, and the button that does it."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from routing.admin.change_groups import group_changes
from routing.admin.publishing import BUSY, may_publish
from routing.admin.tools.publish import read_sight
from routing.engine.errors import TableErrors
from routing.services.discard_draft import NothingLive, discard_draft
from routing.services.draft import DraftChanged, Sight, read_draft

LOOK_AGAIN = "Nothing was discarded: the draft changed since you looked. Look again at what would be lost."


def discard_page(request: HttpRequest) -> HttpResponse:
    """Show what would be lost; make the draft what is live again on POST."""
    if not may_publish(request.user):
        raise PermissionDenied
    if request.method == "POST" and _discard(request):
        return redirect("admin:publish")
    seen = Sight.present()
    draft = read_draft()
    groups, more = group_changes(draft.changes)
    context = {
        **admin.site.each_context(request),
        "title": "Discard the draft",
        "draft": draft,
        "seen": str(seen),
        "change_groups": groups,
        "more_changes": more,
    }
    return TemplateResponse(request, "admin/tools/discard.html", context)


def _discard(request: HttpRequest) -> bool:
    try:
        number = discard_draft(seen=read_sight(request))
    except DraftChanged:
        messages.warning(request, LOOK_AGAIN)
    except NothingLive:
        messages.error(request, "Nothing was discarded: nothing is published yet, so there is nothing to go back to.")
    except TableErrors as errors:
        messages.error(request, f"Nothing was discarded: {'; '.join(map(str, errors.errors))}.")
    except OperationalError:
        messages.error(request, BUSY)
    else:
        messages.success(request, f"The draft equals revision {number} again, which is live.")
        return True
    return False
