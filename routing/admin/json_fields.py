"""Form fields for columns that hold JSON: staff type lines or an object, never a list with brackets and quotes."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

EXAMPLE = '{"variableValues": {"brand": "Acme"}}'


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]  # CharField promises a text
        """Return the lines that are not empty, without outer spaces; raises ValidationError where one repeats."""
        if isinstance(value, list):
            return value
        lines = [line.strip() for line in str(value or "").splitlines() if line.strip()]
        repeated = [line for place, line in enumerate(lines) if line in lines[:place]]
        if repeated:
            raise ValidationError(f"“{repeated[0]}” stands twice: remove one.")
        return lines

    def prepare_value(self, value: Any) -> Any:
        """Return a stored list as lines; what was typed comes back as it was."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value


class ObjectField(forms.CharField):
    """A JSON object; an empty field is an empty object."""

    def to_python(self, value: Any) -> dict[str, Any]:  # type: ignore[override]  # CharField promises a text
        """Return the object; raises ValidationError with the place of the fault."""
        if isinstance(value, dict):
            return value
        text = str(value or "").strip()
        read = _read_json(text) if text else {}
        if not isinstance(read, dict):
            raise ValidationError(f"This must be one JSON object in curly brackets, for example {EXAMPLE}.")
        return read

    def prepare_value(self, value: Any) -> Any:
        """Return a stored object as indented JSON, an empty one as nothing; what was typed comes back as it was."""
        if isinstance(value, dict):
            return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
        return value


def _read_json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise ValidationError(f"This is not JSON ({place}). Write an object, for example {EXAMPLE}.") from error


def _refuse_constant(name: str) -> None:
    raise ValidationError(f"{name} is not a JSON value: write a number, or a text in quotes.")
