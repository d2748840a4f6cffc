"""Spooled calls into their table. Everything here may be repeated without harm."""

import json
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import DataError, IntegrityError, connection, transaction

from routing.models import ApiKey, Call
from routing.recorder.bulk import COLUMNS, insert_lines

Line = tuple[bytes, dict[str, Any]]
Refused = list[tuple[bytes, str]]

# The record's own fault. Any other error is the database's, and the record is tried again later.
FAULTS = (
    IntegrityError,
    DataError,
    ValidationError,
    FieldDoesNotExist,
    TypeError,
    ValueError,
    KeyError,
    ArithmeticError,
)
NAMES = COLUMNS | {"kind"}


def insert_calls(lines: list[Line]) -> Refused:
    """Insert the calls that are not there yet; return the records that can never be inserted, and why."""
    if connection.vendor == "postgresql" and _insert_at_once(lines):
        return []
    rows, refused = _build(lines)
    _drop_lost_keys([row for _, row in rows])
    try:
        with transaction.atomic():
            Call.objects.bulk_create([row for _, row in rows], ignore_conflicts=True)
    except FAULTS:
        missing = rows
    else:
        # SQLite ignores a row that breaks a check as silently as one that is there already.
        missing = _missing(rows)
    for line, row in missing:
        reason = _insert_alone(row)
        if reason:
            refused.append((line, reason))
    return refused


def _insert_at_once(lines: list[Line]) -> bool:
    """Tell whether all of them are in the table now; otherwise none is, and each has to be looked at."""
    try:
        if not all(record.keys() <= NAMES for _, record in lines):
            return False
        if _lost_keys(record.get("api_key_id") for _, record in lines):
            return False
        with transaction.atomic():
            insert_lines(storable(line, record) for line, record in lines)
    except FAULTS:
        return False
    return True


def _build(lines: Iterable[Line]) -> tuple[list[tuple[bytes, Call]], Refused]:
    rows: list[tuple[bytes, Call]] = []
    refused: Refused = []
    for line, record in lines:
        try:
            rows.append((line, _row(record if _is_plain(line) else clean(record))))
        except FAULTS as error:
            refused.append((line, reason_of(error)))
    return rows, refused


def _row(record: dict[str, Any]) -> Call:
    """Return the row; a value that no column of its type can hold raises ValidationError."""
    columns = {name: value for name, value in record.items() if name != "kind"}
    row = Call(**Call.fit(columns))
    for name in columns:
        column: Any = Call._meta.get_field(name)
        setattr(row, column.attname, column.to_python(getattr(row, column.attname)))
    return row


def _is_plain(line: bytes) -> bool:
    """Tell at a glance that nothing has to be cleaned, as of nearly every line."""
    # Halves of surrogate pairs begin with 0xED, as some Korean does.
    return b"\\u" not in line and b"\xed" not in line


def storable(line: bytes, record: dict[str, Any]) -> bytes:
    """Return the line, or another one where PostgreSQL could not hold what it says."""
    return line if _is_plain(line) else json.dumps(clean(record)).encode()


def clean(value: Any) -> Any:
    """Take out what PostgreSQL's JSON cannot hold: NUL, and halves of surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {clean(name): clean(item) for name, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value


def _drop_lost_keys(rows: Iterable[Call]) -> None:
    """An API key may be deleted while its calls wait; the calls are kept without it."""
    lost = _lost_keys(row.api_key_id for row in rows)
    for row in rows:
        row.api_key_id = None if row.api_key_id in lost else row.api_key_id


def _lost_keys(ids: Iterable[int | None]) -> set[int]:
    named = {key_id for key_id in ids if key_id is not None}
    return named - set(ApiKey.objects.filter(pk__in=named).values_list("pk", flat=True)) if named else named


def _missing(rows: list[tuple[bytes, Call]]) -> list[tuple[bytes, Call]]:
    stored = set(Call.objects.filter(pk__in=[row.pk for _, row in rows]).values_list("pk", flat=True))
    return [(line, row) for line, row in rows if row.pk not in stored]


def _insert_alone(row: Call) -> str:
    """Insert one row, and return why that is impossible; a row that is there already is no fault."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except FAULTS as error:
        return "" if _is_stored(row) else reason_of(error)
    return ""


def _is_stored(row: Call) -> bool:
    same_call = Call.objects.filter(vapi_call_id=row.vapi_call_id) if row.vapi_call_id else Call.objects.none()
    return Call.objects.filter(pk=row.pk).exists() or same_call.exists()


def reason_of(error: Exception) -> str:
    """Name the fault. Only the database's first line is told: the others repeat the row, and with it the numbers."""
    if isinstance(error, IntegrityError | DataError):
        return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    return type(error).__name__
