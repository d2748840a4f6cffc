"""Choosers of thousands of numbers or campaigns."""

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from routing.admin.base import SearchSelectWidget, SelectWidget


class _WrittenAtOnce:
    """Writes the options itself: the theme's way, a template each, takes a second for 10,000 of them."""

    choices: Any

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> list[Any]:
        """Leave the options out of the template."""
        return []

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the theme's element with the options in it."""
        element: SafeString = super().render(name, value, attrs, renderer)  # type: ignore[misc]  # a mixin
        chosen = set(self.format_value(value))  # type: ignore[attr-defined]  # a mixin
        lines = ((key, _mark(str(key) in chosen), label) for key, label in self.choices)
        options = format_html_join("\n", '<option value="{}"{}>{}</option>', lines)
        before, end, after = element.rpartition("</select>")
        return format_html("{}{}{}", SafeString(before), options, SafeString(end + after))


def _mark(is_chosen: bool) -> SafeString:
    return SafeString(" selected" if is_chosen else "")


class LongSelectWidget(_WrittenAtOnce, SelectWidget):  # type: ignore[misc]  # the theme has no types
    """A list to choose from."""


class LongSearchSelectWidget(_WrittenAtOnce, SearchSelectWidget):  # type: ignore[misc]  # the theme has no types
    """A list to choose from that can be searched."""
