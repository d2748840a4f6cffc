"""Choosers and filters of thousands of numbers or campaigns."""

from collections.abc import Container, Iterable, Iterator
from functools import partial
from html import escape
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from routing.admin.base import SearchSelectWidget, SelectWidget
from routing.services.draft_table import read_once

LISTED = 200  # links of a filter: more of them take longer than the rest of the page


class LongRelatedFilter(admin.RelatedFieldListFilter):
    """A link for each of a few choices of the draft; of many, a list to choose from."""

    template = "admin/filters/chosen.html"

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices, which are read once: ten thousand of them take as long as the rest of the page."""
        choices = partial(super().field_choices, field, request, model_admin)
        return read_once(field, lambda: [(key, str(label)) for key, label in choices()])

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return the links, or the one to all and what the list needs."""
        if len(self.lookup_choices) <= LISTED:
            yield from super().choices(changelist)
            return
        ours, chosen = {self.lookup_kwarg, self.lookup_kwarg_isnull}, set(self.lookup_val or ())
        texts = [(name, text) for name, texts in changelist.filter_params.items() for text in texts]
        search = [("q", changelist.query)] if changelist.query else []
        field = {
            "name": self.lookup_kwarg,
            "kept": [*search, *((name, text) for name, text in texts if name not in ours)],
            "options": _options(self.lookup_choices, chosen),
        }
        address = changelist.get_query_string(remove=list(ours))
        yield {"selected": not chosen, "query_string": address, "display": "All", "field": field}


class _WrittenAtOnce:
    """Writes the options itself: the theme's way, a template each, takes a second for 10,000 of them."""

    choices: Any

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> list[Any]:
        """Leave the options out of the template."""
        return []

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the theme's element with the options in it."""
        element: SafeString = super().render(name, value, attrs, renderer)  # type: ignore[misc]  # a mixin
        options = _options(self.choices, set(self.format_value(value)))  # type: ignore[attr-defined]  # a mixin
        before, end, after = element.rpartition("</select>")
        return format_html("{}{}{}", SafeString(before), options, SafeString(end + after))


def _options(choices: Iterable[tuple[object, object]], chosen: Container[str]) -> SafeString:
    """Escape by hand: `format_html` takes ten times as long for each, and there may be ten thousand."""
    lines = (
        f'<option value="{escape(key)}"{" selected" * (key in chosen)}>{escape(label)}</option>'
        for key, label in ((str(key), str(label)) for key, label in choices)
    )
    return SafeString("\n".join(lines))


class LongSelectWidget(_WrittenAtOnce, SelectWidget):  # type: ignore[misc]  # the theme has no types
    """A list to choose from."""


class LongSearchSelectWidget(_WrittenAtOnce, SearchSelectWidget):  # type: ignore[misc]  # the theme has no types
    """A list to choose from that can be searched."""
