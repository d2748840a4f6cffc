"""Overrides on a form: variables as rows of name and value, everything else as JSON.

Without JavaScript the rows are there too, with one empty row to spare; the script adds more and tells faults at once.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string

from routing.admin.json_fields import ObjectField
from routing.engine.overrides import merge

VARIABLES = "variableValues"
TYPES = (("text", "text"), ("number", "number"), ("boolean", "true / false"), ("json", "JSON"))
BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class VariableRow:
    """One variable as it stands on the page."""

    key: str = ""
    type: str = "text"
    value: str = ""

    @property
    def is_empty(self) -> bool:
        """Tell whether nobody wrote anything here."""
        return not self.key.strip() and not self.value.strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class TypedOverrides:
    """What came from the page: rows, and the text of the JSON field."""

    rows: tuple[VariableRow, ...] = ()
    rest: str = ""

    def __bool__(self) -> bool:
        return bool(self.rows or self.rest.strip())

    def __str__(self) -> str:
        return "; ".join(filter(None, (*(f"{row.key} = {row.value}" for row in self.rows), self.rest)))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shown:
    """What the widget draws."""

    rows: list[VariableRow] = field(default_factory=list)
    rest: str = ""


class OverridesWidget(forms.Widget):
    """Rows and a text field; sends the rows as lists beside the field's own name."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> TypedOverrides:
        """Collect the rows and the text that came for this field."""
        columns = [_texts(data, f"{name}_{column}") for column in ("key", "type", "value")]
        rows = (VariableRow(key=key, type=type_, value=value) for key, type_, value in zip(*columns, strict=False))
        return TypedOverrides(rows=tuple(row for row in rows if not row.is_empty), rest=data.get(name) or "")

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Tell whether nothing of the field was sent."""
        return name not in data and f"{name}_key" not in data

    def id_for_label(self, id_: str) -> str:
        """Return the text field: the rows have labels of their own."""
        return id_

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> Any:
        """Draw the rows of a stored object, or what was typed."""
        shown = _shown(value)
        context = {
            "name": name,
            "id": (attrs or {}).get("id", f"id_{name}"),
            "rows": [*shown.rows, VariableRow()],
            "rest": shown.rest,
            "lines": max(4, shown.rest.count("\n") + 2),
            "types": TYPES,
            "was_sent": isinstance(value, TypedOverrides),
            "described_by": (attrs or {}).get("aria-describedby", ""),
        }
        return render_to_string("admin/widgets/overrides.html", context)

    class Media:
        css = {"all": ("routing/overrides.css",)}
        js = ("routing/overrides.js",)


class OverridesField(ObjectField):
    """A JSON object of which the variables are typed as rows."""

    widget = OverridesWidget

    def to_python(self, value: Any) -> dict[str, Any]:  # type: ignore[override]  # CharField promises a text
        """Return the object; raises ValidationError with every fault, that of the JSON with its line and column."""
        if not isinstance(value, TypedOverrides):
            return super().to_python(value)
        rest = super().to_python(value.rest)
        stated = rest.get(VARIABLES, {})
        if value.rows and not isinstance(stated, dict):
            raise ValidationError(f"{VARIABLES} in the JSON must be an object: write its variables as rows above.")
        variables = _read_rows(value.rows, stated)
        return merge(rest, {VARIABLES: variables}) if variables else rest

    def prepare_value(self, value: Any) -> Any:
        """Leave the value to the widget."""
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare objects, not the way they are typed."""
        try:
            return bool((initial or {}) != self.to_python(data))
        except ValidationError:
            return True


def _texts(data: Any, name: str) -> list[str]:
    """Return all values of a name, from a request as from a plain mapping."""
    if hasattr(data, "getlist"):
        return list(data.getlist(name))
    found = data.get(name, [])
    return list(found) if isinstance(found, list | tuple) else [found]


def _read_rows(rows: tuple[VariableRow, ...], stated: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    faults = []
    for row in rows:
        key = row.key.strip()
        if not key:
            faults.append(f"The value “{row.value}” has no name: write the name that the assistant's prompt uses.")
        elif key in found or key in stated:
            faults.append(f"The variable {key} stands twice: remove one.")
        else:
            try:
                found[key] = read_value(row.type, row.value)
            except ValueError as error:
                faults.append(f"The variable {key}: {error}")
    if faults:
        raise ValidationError(faults)
    return found


def read_value(kind: str, text: str) -> Any:
    """Return what a row's text means; raises ValueError saying what to write."""
    match kind:
        case "number":
            return _read_number(text.strip())
        case "boolean":
            if text.strip().lower() not in BOOLEANS:
                raise ValueError("write true or false.")
            return BOOLEANS[text.strip().lower()]
        case "json":
            return _read_json(text)
        case _:
            return text


def _read_number(text: str) -> int | float:
    try:
        number = json.loads(text, parse_constant=float)
    except ValueError:
        number = None
    if (
        isinstance(number, bool)
        or not isinstance(number, int | float)
        or number != number
        or abs(number) == float("inf")
    ):
        raise ValueError(f"“{text}” is not a number: write it as 12 or 12.5, or choose text.")
    return number


def _read_json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise ValueError(f"this is not JSON (line {error.lineno}, column {error.colno}: {error.msg}).") from error


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not a JSON value.")


def _shown(value: Any) -> _Shown:
    if isinstance(value, TypedOverrides):
        return _Shown(rows=list(value.rows), rest=value.rest)
    if not isinstance(value, dict):
        return _Shown(rest=str(value or ""))
    rest = dict(value)
    variables = rest.pop(VARIABLES, {})
    if not isinstance(variables, dict):
        return _Shown(rest=_pretty(value))
    return _Shown(rows=[_row(key, it) for key, it in variables.items()], rest=_pretty(rest) if rest else "")


def _row(key: str, value: Any) -> VariableRow:
    if isinstance(value, bool):
        return VariableRow(key=key, type="boolean", value="true" if value else "false")
    if isinstance(value, str):
        return VariableRow(key=key, value=value)
    is_number = isinstance(value, int | float)
    return VariableRow(key=key, type="number" if is_number else "json", value=json.dumps(value, ensure_ascii=False))


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
