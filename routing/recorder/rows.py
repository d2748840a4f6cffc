"""What spooled records do to the table of calls. Everything here may be repeated without harm."""

import contextlib
import json
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import DataError, IntegrityError, connection, transaction

from routing.models import ApiKey, Call, CallState
from routing.recorder.bulk_insert import COLUMNS, insert_lines

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
OUTCOME_COLUMNS = ("ended_reason", "cost", "started_at", "ended_at")


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
            insert_lines(line if _is_plain(line) else json.dumps(_clean(record)).encode() for line, record in lines)
    except FAULTS:
        return False
    return True


def apply_outcomes(lines: list[Line]) -> tuple[list[Line], Refused]:
    """Write what became of calls into their rows; return the lines whose call is not known, and those refused.

    A call that ended stays ended, and a report that tells less than the one before takes nothing away.
    """
    unknown: list[Line] = []
    refused: Refused = []
    for line, record in lines:
        try:
            with transaction.atomic():
                if not _update(_clean(record)):
                    unknown.append((line, record))
        except FAULTS as error:
            refused.append((line, _reason(error)))
    return unknown, refused


def _update(record: dict[str, Any]) -> bool:
    if record.get("marker"):
        _settle_placed(record)
    told = {name: record[name] for name in OUTCOME_COLUMNS if record.get(name) is not None}
    columns = Call.fit(told | {"state": CallState(record["state"]).value})
    calls = Call.objects.filter(vapi_call_id=record["vapi_call_id"])
    if record["state"] == CallState.PLACED:
        return calls.exists()
    if record["state"] == CallState.ENDED:
        return calls.update(**columns) > 0
    return calls.exclude(state=CallState.ENDED).update(**columns) > 0 or calls.exists()


def _settle_placed(record: dict[str, Any]) -> None:
    """Give its id to the call that bears this marker and never learned it: Vapi talks of it, so it was placed."""
    call_id = record["vapi_call_id"]
    if Call.objects.filter(vapi_call_id=call_id).exists():
        return
    marked = Call.objects.filter(vapi_name=record["marker"])
    # The calls of a batch share a marker; the number tells them apart.
    same_number = marked.filter(customer_number=record.get("customer") or "", vapi_call_id=None).first()
    row = same_number or (marked.filter(vapi_call_id=None).first() if marked.count() == 1 else None)
    if row is not None:
        # Another process may drain a message about the same call.
        with contextlib.suppress(IntegrityError), transaction.atomic():
            marked.filter(pk=row.pk, vapi_call_id=None).update(vapi_call_id=call_id, state=CallState.PLACED, error="")


def _build(lines: Iterable[Line]) -> tuple[list[tuple[bytes, Call]], Refused]:
    rows: list[tuple[bytes, Call]] = []
    refused: Refused = []
    for line, record in lines:
        try:
            rows.append((line, _row(record if _is_plain(line) else _clean(record))))
        except FAULTS as error:
            refused.append((line, _reason(error)))
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


def _clean(value: Any) -> Any:
    """Take out what PostgreSQL's JSON cannot hold: NUL, and halves of surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_clean(name): _clean(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
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
        return "" if _is_stored(row) else _reason(error)
    return ""


def _is_stored(row: Call) -> bool:
    same_call = Call.objects.filter(vapi_call_id=row.vapi_call_id) if row.vapi_call_id else Call.objects.none()
    return Call.objects.filter(pk=row.pk).exists() or same_call.exists()


def _reason(error: Exception) -> str:
    """Name the fault. Only the database's first line is told: the others repeat the row, and with it the numbers."""
    if isinstance(error, IntegrityError | DataError):
        return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    return type(error).__name__
