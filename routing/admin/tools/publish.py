"""The review page: what would change, in words and for the latest calls; and the button that makes it live."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from routing.admin.base import TextAreaWidget
from routing.admin.change_groups import addresses_of, group_changes, linked_errors
from routing.admin.publishing import BUSY, author_of, may_publish, may_review, published_words
from routing.admin.tools.compare import backtest_context
from routing.engine.errors import TableErrors
from routing.engine.lint import Finding
from routing.services.draft import Draft, DraftChanged, Sight, read_draft
from routing.services.new_findings import split_findings
from routing.services.publish import publish
from routing.services.rulesets import NoRuleset, draft_ruleset, ruleset_of

LOOK_AGAIN = (
    "Nothing was published: the draft changed since you looked, or a colleague published it. "
    "Look again at what goes live."
)
SHOWN_FINDINGS = 50


class PublishForm(forms.Form):
    """Asks for a note, and carries what was looked at."""

    note = forms.CharField(
        label="What changed, and why?",
        max_length=2000,
        widget=TextAreaWidget(attrs={"rows": 3}),
        help_text="Your colleagues read this in the list of revisions.",
        error_messages={"required": "Write a note: what changed, and why?"},
    )


def publish_page(request: HttpRequest) -> HttpResponse:
    """Show what would change; publish it on POST."""
    if not may_review(request.user):
        raise PermissionDenied
    form = PublishForm(request.POST or None)
    if request.method == "POST":
        if not may_publish(request.user):
            raise PermissionDenied
        if form.is_valid() and _publish(request, form.cleaned_data["note"]):
            return redirect("admin:publish")
    context = {**admin.site.each_context(request), "title": "Review and publish", "form": form, **_review(request)}
    return TemplateResponse(request, "admin/tools/publish.html", context)


def read_sight(request: HttpRequest) -> Sight | None:
    """Return what the page showed; raises DraftChanged where that cannot be read."""
    text = request.POST.get("seen")
    if text is None:
        return None
    try:
        return Sight.parse(text)
    except ValueError as error:
        raise DraftChanged from error


def _publish(request: HttpRequest, note: str) -> bool:
    """Publish and say what came of it; a draft with faults, or another one than was seen, stays a draft."""
    try:
        revision = publish(author=author_of(request), note=note, now=timezone.now(), seen=read_sight(request))
    except TableErrors as errors:
        messages.error(request, f"Nothing was published: the draft has {len(errors.errors)} faults, listed below.")
    except DraftChanged:
        messages.warning(request, LOOK_AGAIN)
    except OperationalError:
        messages.error(request, BUSY)
    else:
        tell = messages.success if revision.is_new else messages.info
        tell(request, published_words(revision))
        return True
    return False


def _review(request: HttpRequest) -> dict[str, Any]:
    seen = Sight.present()  # before anything is read: what changes meanwhile is noticed when the form comes back
    draft = read_draft()
    groups, more = group_changes(draft.changes)
    return {
        "draft": draft,
        "seen": str(seen),
        "change_groups": groups,
        "more_changes": more,
        "may_publish": may_publish(request.user),
        "zone": timezone.get_current_timezone_name(),
        **(_consequences(request, draft) if draft.differs else {}),
    }


def _consequences(request: HttpRequest, draft: Draft) -> dict[str, Any]:
    """Return the faults that keep the draft from going live; without any, lint and the latest calls."""
    try:
        after = draft_ruleset()
    except TableErrors as errors:
        return {"errors": linked_errors(errors.errors)}
    try:
        before = ruleset_of(draft.live_revision)
    except NoRuleset as reason:
        return {"not_compared": str(reason)}
    new, known = split_findings(before.table, timezone.now())
    return {
        "new_findings": _linked_findings(new[:SHOWN_FINDINGS]),
        "new_count": len(new),
        "known_count": len(known),
        **backtest_context(before, after, request.user),
    }


def _linked_findings(found: tuple[Finding, ...]) -> list[tuple[Finding, str]]:
    addresses = addresses_of((finding.subject, finding.key) for finding in found)
    return [(finding, addresses.get((finding.subject, finding.key), "")) for finding in found]
