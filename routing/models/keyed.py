"""Rows that are known by a key that never changes."""

from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models

from routing.engine.reading_rules import key_from_name

KEY_LENGTH = 50  # as the table file allows


class KeyedManager(models.Manager[Any]):
    """Finds rows by their natural key."""

    def get_by_natural_key(self, key: str) -> Any:
        """Return the row with this key; raises DoesNotExist."""
        return self.get(key=key)


class Keyed(models.Model):
    """A row with a key made from its first name. Renaming keeps the key: revisions, calls and splits refer to it."""

    key = models.SlugField(
        "key",
        max_length=KEY_LENGTH,
        unique=True,
        editable=False,
        help_text="Made from the first name and never changed. Table files and the call log use it.",
    )

    objects: ClassVar[models.Manager[Any]] = KeyedManager()
    _stored_key: str | None = None

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **kwargs: Any) -> Self:
        """Remember the stored key, so that a change can be refused."""
        row = super().from_db(db, field_names, values, **kwargs)
        row._stored_key = row.__dict__.get("key")
        return row

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Make the key of a new row; raises ValidationError if the key of an old one was changed."""
        stored = self._stored_key
        if stored and self.key != stored:
            raise ValidationError({"key": f"The key {stored} cannot be changed: calls and revisions refer to it."})
        if not self.key:
            self.key = self.free_key(getattr(self, "name", ""))
        super().save(*args, **kwargs)
        self._stored_key = self.key

    def natural_key(self) -> tuple[str]:
        """Return the key."""
        return (self.key,)

    @classmethod
    def free_key(cls, name: str) -> str:
        """Return a key made from the name that no row has yet: `office`, `office-2`, `office-3` …"""
        stem = key_from_name(name)[: KEY_LENGTH - 5].strip("-") or str(cls._meta.model_name)
        taken = set(cls._default_manager.filter(key__startswith=stem).values_list("key", flat=True))
        key, count = stem, 1
        while key in taken:
            count += 1
            key = f"{stem}-{count}"
        return key
