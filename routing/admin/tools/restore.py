"""The way back: an old revision goes live again, and the draft becomes it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from routing.admin.change_groups import group_changes
from routing.admin.publishing import BUSY, author_of, may_publish, published_words
from routing.admin.tools.compare import backtest_context
from routing.admin.tools.publish import read_sight
from routing.engine.errors import TableErrors
from routing.models import Revision
from routing.services.compare_revisions import changes_between
from routing.services.draft import DraftChanged, Sight, read_draft
from routing.services.publish import restore
from routing.services.rulesets import NoRuleset, ruleset_of

LOOK_AGAIN = "Nothing was restored: the draft or the live table changed since you looked. Look again."


def restore_page(request: HttpRequest, number: int) -> HttpResponse:
    """Show what would change for callers and for the draft; do it on POST."""
    if not may_publish(request.user):
        raise PermissionDenied
    revision = get_object_or_404(Revision.objects.defer("document"), number=number)
    if request.method == "POST" and _restore(request, revision):
        return redirect("admin:routing_revision_changelist")
    context = {
        **admin.site.each_context(request),
        "title": f"Back to revision {number}",
        "revision": revision,
        "zone": timezone.get_current_timezone_name(),
        **_consequences(request, number),
    }
    return TemplateResponse(request, "admin/routing/revision/restore.html", context)


def _consequences(request: HttpRequest, number: int) -> dict[str, Any]:
    seen = Sight.present()
    draft = read_draft()
    changes = changes_between(seen.live_revision, number)
    groups, more = group_changes(changes)
    found = {"seen": str(seen), "draft": draft, "live": seen.live_revision, "change_groups": groups}
    found |= {"more_changes": more, "differs": bool(changes)}
    try:
        before, after = ruleset_of(seen.live_revision), ruleset_of(number)
    except NoRuleset as reason:
        return {**found, "not_compared": str(reason)}
    return {**found, **backtest_context(before, after, request.user)}


def _restore(request: HttpRequest, revision: Revision) -> bool:
    try:
        made = restore(revision, author=author_of(request), now=timezone.now(), seen=read_sight(request))
    except TableErrors as errors:
        messages.error(request, f"Nothing was restored: {'; '.join(map(str, errors.errors))}.")
    except DraftChanged:
        messages.warning(request, LOOK_AGAIN)
    except OperationalError:
        messages.error(request, BUSY)
    else:
        text = f"Revision {made.number} is live: it equals revision {revision.number}, and so does the draft."
        messages.success(request, text if made.is_new else published_words(made))
        return True
    return False
