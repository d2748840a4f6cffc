"""Reading one object of a table file: every field typed, every mistake kept with its place.

Scalars may come as text (YAML) or typed (JSON); both read alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from routing.engine.context import attribute_text
from routing.engine.e164 import is_plain_e164
from routing.engine.errors import TableError
from routing.engine.numbers import is_sip_uri, normalise_sip_uri, to_e164
from routing.engine.table import NO_OVERRIDES

Choice = TypeVar("Choice", bound=StrEnum)
LONGEST_KEY = 50
NO_REGION = "ZZ"  # numbers of a table are international: no country to read them in
_TRUE, _FALSE = ("true", "yes"), ("false", "no")


@dataclass(slots=True)
class Mistakes:
    """The mistakes found so far; only the first one about a field is kept."""

    found: dict[tuple[str, str], TableError] = field(default_factory=dict)

    def add(self, subject: str, place: str, message: str) -> None:
        """Note one mistake."""
        self.found.setdefault((subject, place), TableError(subject, place, message))


class ObjectReader:
    """Reads the fields of one mapping; ``done`` reports the fields nobody asked for."""

    def __init__(self, raw: object, subject: str, mistakes: Mistakes, path: str = "") -> None:
        self.subject, self.mistakes, self.path = subject, mistakes, path
        self.known: set[str] = set()
        self.raw: Mapping[str, Any] = {}
        if isinstance(raw, Mapping):
            self.raw = raw
        else:
            mistakes.add(subject, path.rstrip("."), f"must be an object, not {_sort(raw)}")

    def wrong(self, name: str, message: str) -> None:
        """Note a mistake in one of this object's fields."""
        self.mistakes.add(self.subject, f"{self.path}{name}", message)

    def done(self) -> None:
        """Report every field that was not read: a misspelt one must not pass unnoticed."""
        for name in self.raw:
            if name not in self.known:
                known = ", ".join(sorted(self.known))
                self.wrong(str(name), f"is not a field here; known are {known}")

    def get(self, name: str) -> Any:
        """Return a field as it stands, None where it is absent or null."""
        self.known.add(name)
        return self.raw.get(name)

    def has(self, name: str) -> bool:
        """Tell whether the field stands and is not null."""
        return self.get(name) is not None

    def text(self, name: str, *, default: str = "", required: bool = False) -> str:
        """Read a text; numbers are taken as they are written."""
        value = self.get(name)
        if value is None:
            if required:
                self.wrong(name, "is missing")
            return default
        text = None if isinstance(value, bool) else attribute_text(value)
        if text is None:
            self.wrong(name, f"must be a text, not {_sort(value)}")
            return default
        if required and not text.strip():
            self.wrong(name, "is empty")
        return text

    def optional_text(self, name: str) -> str | None:
        """Read a text that may be absent, null or empty."""
        return self.text(name) or None

    def boolean(self, name: str, *, default: bool) -> bool:
        """Read true or false."""
        value = self.get(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        word = str(value).lower()
        if word in _TRUE + _FALSE:
            return word in _TRUE
        self.wrong(name, f"must be true or false, not {value!r}")
        return default

    def integer(self, name: str, *, default: int) -> int:
        """Read a whole number."""
        value = self.get(name)
        if value is None:
            return default
        try:
            return int(str(value)) if not isinstance(value, bool) else self._no_integer(name, value)
        except ValueError:
            return self._no_integer(name, value)

    def _no_integer(self, name: str, value: object) -> int:
        self.wrong(name, f"must be a whole number, not {value!r}")
        return 0

    def day(self, name: str) -> date | None:
        """Read a date written as 2026-12-24."""
        value = self.get(name)
        if value is None or value == "":
            return None
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.wrong(name, f"'{value}' is not a date such as 2026-12-24")
            return None

    def moment(self, name: str) -> datetime | None:
        """Read an instant written as 2026-12-24T10:00:00Z; a time zone must stand."""
        value = self.get(name)
        if value is None or value == "":
            return None
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.wrong(name, f"'{value}' is not a time with zone such as 2026-12-24T10:00:00Z")
            return None
        return moment

    def choice(self, name: str, kinds: type[Choice], default: Choice) -> Choice:
        """Read one of a fixed set of words."""
        text = self.text(name, default=default.value)
        try:
            return kinds(text)
        except ValueError:
            self.wrong(name, f"'{text}' is not known; write one of {', '.join(kinds)}")
            return default

    def json_object(self, name: str) -> Mapping[str, Any]:
        """Read a free-form JSON object."""
        value = self.get(name)
        if value is None or value == {}:
            return NO_OVERRIDES
        if not isinstance(value, Mapping):
            self.wrong(name, f"must be an object, not {_sort(value)}")
            return NO_OVERRIDES
        return MappingProxyType(dict(value))

    def items(self, name: str) -> list[Any]:
        """Read a list of anything; absent is empty."""
        value = self.get(name)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            self.wrong(name, f"must be a list, not {_sort(value)}")
            return []
        return list(value)

    def texts(self, name: str, *, may_be_empty: bool = False) -> tuple[str, ...]:
        """Read a list of texts. In a condition an empty list is a mistake, never "any"."""
        items = self.items(name)
        if self.has(name) and not items and not may_be_empty:
            self.wrong(name, "is an empty list; remove it, or name what must match")
        found = []
        for place, item in enumerate(items):
            text = attribute_text(item)
            if text is None:
                self.wrong(f"{name}[{place}]", f"must be a text, not {_sort(item)}")
            else:
                found.append(text)
        return tuple(found)

    def choices(self, name: str, kinds: type[Choice]) -> tuple[Choice, ...]:
        """Read a list of words of a fixed set."""
        found = []
        for place, text in enumerate(self.texts(name)):
            try:
                found.append(kinds(text))
            except ValueError:
                known = ", ".join(kinds)
                self.wrong(f"{name}[{place}]", f"'{text}' is not known; write one of {known}")
        return tuple(found)

    def child(self, name: str) -> ObjectReader | None:
        """Return a reader of a nested object, None where it is absent."""
        value = self.get(name)
        if value is None:
            return None
        return ObjectReader(value, self.subject, self.mistakes, f"{self.path}{name}.")

    def children(self, name: str) -> list[ObjectReader]:
        """Return readers of a list of nested objects."""
        return [
            ObjectReader(item, self.subject, self.mistakes, f"{self.path}{name}[{place}].")
            for place, item in enumerate(self.items(name))
        ]


def read_key(reader: ObjectReader, field: str = "key") -> str:
    """Read a natural key."""
    key = reader.text(field, required=True)
    if (key and not re.fullmatch(r"[A-Za-z0-9_-]+", key)) or len(key) > LONGEST_KEY:
        reader.wrong(field, f"'{key}' may hold only letters, digits, - and _ ({LONGEST_KEY} at most)")
    return key


def subject_of(raw: object, noun: str, label: str, place: int) -> str:
    """Name the thing a mistake belongs to: by its key, its name, or its place in the file."""
    named = raw.get(label) or raw.get("name") if isinstance(raw, Mapping) else None
    return f"{noun} '{named}'" if isinstance(named, str) else f"{noun} {place + 1}"


def number_references(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Normalise several numbers or SIP URIs."""
    return tuple(number_reference(text) or text for text in texts)


def number_reference(text: str | None) -> str | None:
    """Normalise a number or SIP URI; what is neither stays as it is and is refused later."""
    if text is None:
        return None
    if is_plain_e164(text):
        return text
    return normalise_sip_uri(text) if is_sip_uri(text) else to_e164(text, NO_REGION) or text


def _sort(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return f"the text {value!r}"
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
        case _:
            return f"{value!r}"
