"""Revisions: what was published, by whom and why."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.utils.safestring import SafeString

from routing.admin.base import LogAdmin, display, preformatted
from routing.models import LiveState, Revision
from routing.snapshot.tablefile import write_text


@admin.register(Revision)
class RevisionAdmin(LogAdmin[Revision]):
    """Published routing tables, newest first; nothing here can be changed."""

    list_display = ("number", "state", "note", "author", "published_at", "size")
    list_filter = ("published_at", "author")
    list_select_related = ("author",)
    search_fields = ("=number", "note", "author__username")
    fields = ("number", "is_live", "published_at", "author", "note", "size", "shown_checksum", "table_file")
    readonly_fields = ("number", "is_live", "published_at", "author", "note", "size", "shown_checksum", "table_file")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Revision]:
        """Tell which revision is live."""
        live = LiveState.objects.filter(pk=1).values("revision_id")[:1]
        return super().get_queryset(request).annotate(live_number=live)

    @display(description="State", label={"live": "success", "old": "info"})
    def state(self, revision: Revision) -> tuple[str, str]:
        """Return whether this revision decides calls."""
        return ("live", "Live") if self.is_live(revision) else ("old", "Earlier")

    @display(description="Live", boolean=True)
    def is_live(self, revision: Revision) -> bool:
        """Return whether this revision decides calls."""
        return bool(revision.number == getattr(revision, "live_number", None))

    @display(description="Holds")
    def size(self, revision: Revision) -> str:
        """Return how much the table holds."""
        counts = {noun: len(revision.document[f"{noun}s"]) for noun in ("rule", "target", "schedule", "campaign")}
        return ", ".join(f"{count} {noun}{pluralize(count)}" for noun, count in counts.items())

    @display(description="Checksum")
    def shown_checksum(self, revision: Revision) -> SafeString:
        """Return the checksum of the document."""
        return preformatted(revision.checksum)

    @display(description="Table file")
    def table_file(self, revision: Revision) -> SafeString:
        """Return the table as the file that `import_table` reads."""
        return preformatted(write_text(revision.document, "yaml"))
