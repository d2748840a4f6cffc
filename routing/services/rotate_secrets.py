"""Encrypt every stored secret anew with the first of ENCRYPTION_KEYS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models, transaction

from routing.models.encrypted import EncryptedTextField, LockedText


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotated:
    """How many secrets were encrypted anew, and the names of those that no key opens."""

    count: int
    locked: tuple[str, ...]


def rotate_secrets(*, dry_run: bool = False) -> Rotated:
    """Encrypt all secrets with the first key; what no key opens stays as it is. Servers notice it."""
    count = 0
    locked: list[str] = []
    with transaction.atomic():
        for row, column in _secrets():
            if isinstance(getattr(row, column), LockedText):
                locked.append(f"{row._meta.verbose_name} {row}")
                continue
            count += 1
            if not dry_run:
                row.save(update_fields=[column])
    return Rotated(count=count, locked=tuple(locked))


def _secrets() -> Iterator[tuple[models.Model, str]]:
    for model in apps.get_app_config("routing").get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedTextField):
                kept = model._default_manager.filter(**{f"{field.attname}__isnull": False})
                yield from ((row, field.attname) for row in kept.select_for_update().order_by("pk"))
