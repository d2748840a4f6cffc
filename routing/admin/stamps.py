"""What a page saw of a row, as a short text: an answer to the page can then notice what a colleague changed meanwhile.

A stamp has one part for each column, each set of links and each kind of line inside the row, so that a comparison
tells not only that something changed but also what. Digests are keyed with the secret key of the installation: a
secret that stands in a column cannot be guessed from the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.db import models
from django.forms.models import _get_foreign_key
from django.utils.crypto import salted_hmac

# Columns that change without anybody editing the row: use, synchronisation, and moves in a list.
VOLATILE = {"last_login", "last_used_at", "position", "synced_name", "synced_updated_at", "missing_since"}
SALT = "routing.admin.stamps"
LENGTH = 12  # hexadecimal digits of a part


def stamp_of(row: models.Model) -> str:
    """Return the stamp of a row as the database holds it now; empty if it is gone.

    The row's place in a list and what synchronisation wrote do not count.
    """
    stored = type(row)._default_manager.filter(pk=row.pk).first()
    if stored is None:
        return ""
    parts = {**_columns(stored), **_links(stored), **_lines(stored)}
    return " ".join(f"{name}:{_digest(value)}" for name, value in sorted(parts.items()))


def changed_parts(seen: str, present: str) -> tuple[str, ...]:
    """Return the names of what differs between two stamps: columns, links and lines."""
    before, after = _read(seen), _read(present)
    return tuple(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)))


def inlines_of(model: type[models.Model]) -> Iterable[tuple[str, Any, models.ForeignKey[Any, Any]]]:
    """Yield what is edited inside a row's page: name of the part, inline class, and the link to the row."""
    try:
        page = admin.site.get_model_admin(model)
    except NotRegistered:
        return
    for inline in page.inlines:
        link = _get_foreign_key(model, inline.model, fk_name=inline.fk_name)
        yield link.remote_field.get_accessor_name() or inline.model.__name__, inline, link


def edited_columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """Return the columns that people edit."""
    columns = (field for field in model._meta.concrete_fields if field.editable and not field.primary_key)
    return [field for field in columns if field.name not in VOLATILE]


def lines_of(inline: Any, link: models.ForeignKey[Any, Any], row: models.Model) -> list[models.Model]:
    """Return the lines inside a row, in their order."""
    order = [name for name in ("position",) if name in {field.name for field in inline.model._meta.concrete_fields}]
    return list(inline.model._default_manager.filter(**{link.name: row.pk}).order_by(*order, "pk"))


def _columns(row: models.Model) -> dict[str, object]:
    return {field.name: _plain(field.value_from_object(row)) for field in edited_columns(type(row))}


def _links(row: models.Model) -> dict[str, object]:
    fields = row._meta.many_to_many
    return {field.name: sorted(far.pk for far in field.value_from_object(row)) for field in fields}


def _lines(row: models.Model) -> dict[str, object]:
    return {
        name: [
            [field.value_from_object(line) for field in edited_columns(inline.model)]
            for line in lines_of(inline, link, row)
        ]
        for name, inline, link in inlines_of(type(row))
    }


def _plain(value: Any) -> object:
    """Return a text as an ordinary one: a secret hides itself from `repr`, and would look like any other."""
    return str.__str__(value) if isinstance(value, str) else value


def _digest(value: object) -> str:
    text = repr(value).encode("utf-8", "surrogatepass")
    return salted_hmac(SALT, text, algorithm="sha256").hexdigest()[:LENGTH]


def _read(stamp: str) -> dict[str, str]:
    return {name: digest for name, _, digest in (part.partition(":") for part in stamp.split())}
