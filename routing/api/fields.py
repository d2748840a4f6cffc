"""Parts of serializers that read strictly: what is not understood is refused, never ignored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_framework import serializers

from routing.engine.context import attribute_text

NOT_SCALAR = "must be a text, a number, true or false."
LONGEST_ATTRIBUTE = 1000
MOST_ATTRIBUTES = 100


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know: a mistyped one would change who takes the call without a word."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the values, or name every unknown field."""
        unknown = [name for name in data if name not in self.fields] if isinstance(data, Mapping) else []
        if unknown:
            known = ", ".join(self.fields)
            raise serializers.ValidationError(dict.fromkeys(unknown, f"is not known here; known are: {known}."))
        values: dict[str, Any] = super().to_internal_value(data)
        return values


class InstantField(serializers.Field[datetime, str, str, Any]):
    """An instant in ISO 8601 with its offset from UTC."""

    def to_internal_value(self, data: str) -> datetime:
        """Return an aware datetime."""
        instant = read_instant(data)
        if instant is None:
            raise serializers.ValidationError("must be an instant with offset, as 2026-03-01T09:00:00-05:00.")
        return instant

    def to_representation(self, value: datetime) -> str:
        """Return ISO 8601."""
        return value.isoformat()


class AttributesField(serializers.Field[dict[str, str], Any, dict[str, str], Any]):
    """Facts about a call by name, each a scalar; null means that there is none."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """Return the texts that conditions compare."""
        if not isinstance(data, Mapping):
            raise serializers.ValidationError("must be an object of names and values.")
        if len(data) > MOST_ATTRIBUTES:
            raise serializers.ValidationError(f"must not hold more than {MOST_ATTRIBUTES} entries.")
        texts = {name: attribute_text(value) for name, value in data.items() if value is not None}
        wrong = {name: _complaint(text) for name, text in texts.items() if _complaint(text)}
        if wrong:
            raise serializers.ValidationError(wrong)
        return {name: text for name, text in texts.items() if text is not None}

    def to_representation(self, value: dict[str, str]) -> dict[str, str]:
        """Return the texts."""
        return value


def read_instant(text: object) -> datetime | None:
    """Return the aware datetime that an ISO 8601 text means; None if it is none or lacks its offset."""
    if not isinstance(text, str):
        return None
    try:
        instant = datetime.fromisoformat(text)
        # An instant at the very edge of the calendar cannot be moved into another time zone.
        return instant if instant.tzinfo is not None and 1900 <= instant.year <= 2200 else None
    except ValueError:
        return None


def _complaint(text: str | None) -> str:
    if text is None:
        return NOT_SCALAR
    return "" if len(text) <= LONGEST_ATTRIBUTE else f"must not be longer than {LONGEST_ATTRIBUTE} characters."
