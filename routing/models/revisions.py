"""Published routing tables, and which one is live."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from routing.engine.canonical import PieceDecoder, PieceEncoder
from routing.models.fields import check


class Revision(models.Model):
    """A published, numbered, unchangeable copy of the routing table.

    ``changes`` tell a process that holds the revision before all that it needs (see `routing.snapshot.changes`); None
    where there was none, or where much changed. ``checks`` are those that the publisher did
    (`routing.engine.checking.CHECKS`): who starts with the same need not do them again.
    """

    number = models.PositiveIntegerField("number", primary_key=True, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="published by"
    )
    note = models.TextField("note", blank=True, help_text="What changed and why.")
    published_at = models.DateTimeField("published at")
    document: "models.JSONField[Any, Any]" = models.JSONField(
        "document", editable=False, encoder=PieceEncoder, decoder=PieceDecoder
    )
    checksum = models.CharField("checksum", max_length=64, editable=False)
    changes: "models.JSONField[Any, Any]" = models.JSONField(
        "changes since the revision that was live before", null=True, editable=False
    )

    checks = models.PositiveSmallIntegerField("checks that the document passed", null=True, editable=False)

    # Told by `publish`: false when the draft equalled the live revision, which then came back unchanged.
    is_new: bool = False

    class Meta:
        ordering = ["-number"]
        constraints = [check("revision_number", Q(number__gte=1), "Revisions are counted from 1.", "number")]
        permissions = [("publish_revision", "Can publish the draft, discard it and restore a revision")]

    def __str__(self) -> str:
        return f"Revision {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new revision; raises TypeError for an old one, which decisions already refer to."""
        if not self._state.adding:
            raise TypeError(f"Revision {self.number} is published and cannot change: publish a new one.")
        super().save(*args, **kwargs)


class LiveState(models.Model):
    """The one small row that every process polls: the live revision, and a counter of changes to live data.

    Database triggers count `live_version` up (see `routing.models.triggers`), so no way of writing can forget it.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    revision = models.ForeignKey(
        Revision, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="live revision"
    )
    live_version = models.BigIntegerField("version of the live data", default=0)

    class Meta:
        verbose_name = "live state"
        verbose_name_plural = "live state"
        constraints = [check("livestate_one_row", Q(id=1), "There is one row of live state.", "id")]

    def __str__(self) -> str:
        return f"Revision {self.revision_id or 'none'}, live data {self.live_version}"

    @classmethod
    def load(cls) -> "LiveState":
        """Return the row; it is made where a restored database lacks it."""
        return cls.objects.get_or_create(pk=1)[0]

    @classmethod
    def lock(cls) -> "LiveState":
        """Return the row and make other publishers wait until this transaction ends."""
        cls.objects.get_or_create(pk=1)
        return cls.objects.select_for_update().get(pk=1)


class DraftState(models.Model):
    """One row that counts the changes of the draft, so that a page can tell cheaply whether anything changed.

    Database triggers count it up (see `routing.models.triggers`). Whoever edits the draft holds this row until the
    end of the transaction, so a publisher that locks it never reads half of a colleague's change.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    version = models.BigIntegerField("version of the draft", default=0)

    class Meta:
        verbose_name = "draft state"
        verbose_name_plural = "draft state"
        constraints = [check("draftstate_one_row", Q(id=1), "There is one row of draft state.", "id")]

    def __str__(self) -> str:
        return f"Draft {self.version}"

    @classmethod
    def read_version(cls) -> int:
        """Return the number of changes so far."""
        return cls.objects.filter(pk=1).values_list("version", flat=True).first() or 0

    @classmethod
    def lock(cls) -> "DraftState":
        """Return the row and make everybody who edits the draft wait until this transaction ends."""
        cls.objects.get_or_create(pk=1)
        return cls.objects.select_for_update().get(pk=1)
