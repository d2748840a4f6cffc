"""Two people edited the same row: what the second is told, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Manager, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from routing.admin.stamps import edited_columns, inlines_of, lines_of

EMPTY = "empty"
HIDDEN = "hidden"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One field: what a colleague saved, and what was typed here; `same` if both wrote the same."""

    label: str
    theirs: str
    yours: str

    @property
    def same(self) -> bool:
        """Tell whether nothing is lost either way."""
        return self.theirs == self.yours


@dataclass(frozen=True, kw_only=True, slots=True)
class Editor:
    """Who wrote, and when; the name is empty where it was no page of the admin."""

    name: str = ""
    at: datetime | None = None


NOBODY = Editor()


def last_editor(model: type[models.Model], object_id: str, *, since: str, user: Any) -> Editor:
    """Return who edited the row in the admin after `since` (ISO 8601, from the page); nobody if it was a command."""
    try:
        seen = parse_datetime(since)
    except ValueError:
        seen = None
    entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model), object_id=object_id)
    if seen is not None and timezone.is_aware(seen):
        entries = entries.filter(action_time__gte=seen)
    entry = entries.select_related("user").order_by("-action_time", "-pk").first()
    if entry is None:
        return NOBODY
    return Editor(name="you, on another page," if entry.user == user else str(entry.user), at=entry.action_time)


def stored_words(row: models.Model, names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return label and present value in words of the named parts of a stored row."""
    wanted = set(names)
    fields = [*edited_columns(type(row)), *row._meta.many_to_many]
    found = {field.name: (_label(field), _words(_value(row, field), field)) for field in fields if field.name in wanted}
    for name, inline, link in inlines_of(type(row)):
        if name in wanted:
            lines = [_line({field.name: _value(line, field) for field in _own(inline.model, link)}, inline.model)
                     for line in lines_of(inline, link, row)]  # fmt: skip
            found[name] = (_label_of_lines(inline), "; ".join(lines) or EMPTY)
    return found


def differences(stored: Mapping[str, tuple[str, str]], form: Any, formsets: Iterable[Any]) -> list[Difference]:
    """Return what a colleague's version says beside what was typed into the form."""
    lines = {formset.prefix: formset for formset in formsets}
    return [
        Difference(label=label, theirs=HIDDEN if _is_secret(form, name) else theirs, yours=_typed(name, form, lines))
        for name, (label, theirs) in stored.items()
        if name in form.fields or name in lines
    ]


def typed_words(form: Any) -> list[Difference]:
    """Return everything that was typed, for a row that is gone."""
    return [
        Difference(label=str(field.label or name), theirs="", yours=_typed(name, form, {}))
        for name, field in form.fields.items()
        if not _is_secret(form, name)
    ]


def _typed(name: str, form: Any, lines: Mapping[str, Any]) -> str:
    if name in lines:
        return _typed_lines(lines[name])
    if _is_secret(form, name):
        return HIDDEN
    field = form.instance._meta.get_field(name) if name in form.fields and hasattr(form.instance, name) else None
    if name in form.cleaned_data:
        return _words(form.cleaned_data[name], field)
    return _words(form[name].value(), None)


def _typed_lines(formset: Any) -> str:
    """Return the typed lines; those to be removed and those left empty do not count."""
    typed = (getattr(form, "cleaned_data", {}) for form in formset.forms)
    lines = (_line(data, formset.model) for data in typed if data and not data.get("DELETE"))
    return "; ".join(filter(None, lines)) or EMPTY


def _line(values: Mapping[str, Any], model: type[models.Model]) -> str:
    """Return a line inside a row; what is empty is left out, and what is ticked stands by its name."""
    columns = [field for field in edited_columns(model) if values.get(field.name) not in (None, "", [], {}, False)]
    return ", ".join(
        str(field.verbose_name) if values[field.name] is True else _words(values[field.name], field)
        for field in columns
    )


def _own(model: type[models.Model], link: models.Field[Any, Any]) -> list[models.Field[Any, Any]]:
    return [field for field in edited_columns(model) if field.name != link.name]


def _value(row: models.Model, field: Any) -> Any:
    return getattr(row, field.name)


def _words(value: Any, field: Any) -> str:
    if isinstance(value, Manager | QuerySet):
        return ", ".join(sorted(map(str, value.all()))) or EMPTY
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in (None, "", [], {}):
        return EMPTY
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime) and timezone.is_aware(value):
        return f"{timezone.localtime(value):%d %b %Y, %H:%M} {timezone.get_current_timezone_name()}"
    choices = dict(getattr(field, "flatchoices", ()) or ())
    return str(choices.get(value, value))


def _is_secret(form: Any, name: str) -> bool:
    field = form.fields.get(name)
    return getattr(getattr(field, "widget", None), "input_type", "") == "password"


def _label(field: Any) -> str:
    text = str(field.verbose_name)
    return f"{text[:1].upper()}{text[1:]}"


def _label_of_lines(inline: Any) -> str:
    text = str(inline.verbose_name_plural or inline.model._meta.verbose_name_plural)
    return f"{text[:1].upper()}{text[1:]}"
