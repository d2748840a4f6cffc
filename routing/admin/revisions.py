"""Revisions: what was published, by whom and why; what differs between two of them, and the way back."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.defaultfilters import pluralize
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from routing.admin.base import LogAdmin, display, preformatted
from routing.admin.change_groups import group_changes
from routing.admin.publishing import may_publish
from routing.admin.tools.restore import restore_page
from routing.models import LiveState, Revision
from routing.services.compare_revisions import DRAFT, RevisionGone, compare_revisions, previous_to
from routing.services.export_table import RevisionUnknown, export_table

OFFERED = 100  # revisions to compare with
STYLES = {"yaml": "application/yaml", "json": "application/json"}
COLUMNS = ("number", "is_live", "shown_at", "shown_author", "shown_note", "size", "shown_checksum")


@admin.register(Revision)
class RevisionAdmin(LogAdmin[Revision]):
    """Published routing tables, newest first; nothing here can be changed."""

    list_display = ("number", "state", "shown_at", "shown_author", "note", "what_changed")
    list_filter = ("published_at", "author")
    list_select_related = ("author",)
    search_fields = ("=number", "note", "author__username")
    fields = COLUMNS
    readonly_fields = COLUMNS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Revision]:
        """Tell which revision is live; the tables themselves are long, and no list shows them."""
        live = LiveState.objects.filter(pk=1).values("revision_id")[:1]
        return super().get_queryset(request).defer("document", "changes").annotate(live_number=live)

    def get_urls(self) -> list[URLPattern]:
        """Add the way back, and the files."""
        views = {"restore": restore_page, "download": self.download_view}
        return [
            path(f"<int:number>/{word}/", self.admin_site.admin_view(view), name=f"routing_revision_{word}")
            for word, view in views.items()
        ] + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what differs from the revision before, or from the one that the address names."""
        context = {**(extra_context or {}), **self._comparison(request, unquote(object_id))}
        return super().change_view(request, object_id, form_url, context)

    def _comparison(self, request: HttpRequest, text: str) -> dict[str, Any]:
        if not text.isdecimal() or not self.has_view_permission(request):
            return {}
        number = int(text)
        wanted = request.GET.get("with", "")
        other = DRAFT if wanted == DRAFT else int(wanted) if wanted.isdecimal() else previous_to(number)
        try:
            compared = compare_revisions(number, other)
        except RevisionGone:
            return {}
        groups, more = group_changes(compared.changes)
        offered = Revision.objects.exclude(number=number).values_list("number", "note")[:OFFERED]
        return {
            "title": f"Revision {number}",
            "compared": compared,
            "other": other,
            "offered": offered,
            "change_groups": groups,
            "more_changes": more,
            "may_restore": may_publish(request.user),
        }

    def download_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """Send the table as the file that `import_table` reads."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        style = request.GET.get("format", "yaml")
        if style not in STYLES:
            raise Http404
        try:
            text = export_table(style=style, revision=number)
        except RevisionUnknown as error:
            raise Http404(str(error)) from error
        name = f"routing-table-revision-{number}.{style}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(text, content_type=f"{STYLES[style]}; charset=utf-8", headers=headers)

    @display(description="State", label={"live": "success", "old": "info"})
    def state(self, revision: Revision) -> tuple[str, str]:
        """Return whether this revision decides calls."""
        return ("live", "Live") if self.is_live(revision) else ("old", "Earlier")

    @display(description="Live", boolean=True)
    def is_live(self, revision: Revision) -> bool:
        """Return whether this revision decides calls."""
        return bool(revision.number == getattr(revision, "live_number", None))

    @display(description="Published at", ordering="published_at")
    def shown_at(self, revision: Revision) -> str:
        """Return the instant with its time zone."""
        at = timezone.localtime(revision.published_at)
        return f"{date_format(at, 'DATETIME_FORMAT')} {timezone.get_current_timezone_name()}"

    @display(description="Note")
    def shown_note(self, revision: Revision) -> str:
        """Return why it was published."""
        return revision.note or "none"

    @display(description="Published by", ordering="author")
    def shown_author(self, revision: Revision) -> str:
        """Return who published; commands have no name."""
        return str(revision.author) if revision.author else "a command"

    @display(description="What changed")
    def what_changed(self, revision: Revision) -> SafeString:
        """Return the way to the comparison with the revision before."""
        address = reverse("admin:routing_revision_change", args=[revision.pk])
        label = f"See what changed in revision {revision.number}"
        return format_html('<a class="sb-link" href="{}#changes" aria-label="{}">See what changed</a>', address, label)

    @display(description="Holds")
    def size(self, revision: Revision) -> str:
        """Return how much the table holds."""
        counts = {noun: len(revision.document[f"{noun}s"]) for noun in ("rule", "target", "schedule", "campaign")}
        return ", ".join(f"{count} {noun}{pluralize(count)}" for noun, count in counts.items())

    @display(description="Checksum")
    def shown_checksum(self, revision: Revision) -> SafeString:
        """Return the checksum of the document."""
        return preformatted(revision.checksum)
