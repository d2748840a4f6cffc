"""Many calls into the table with one statement."""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.timezone import is_naive, make_aware

from routing.models import Call

_ATTRIBUTES = {str(field.column): field.attname for field in Call._meta.concrete_fields}
_COLUMNS = ", ".join(_ATTRIBUTES)
_TABLE = Call._meta.db_table
# One parameter of JSON: psycopg takes longer to write an array for each column.
_INSERT = (
    f"INSERT INTO {_TABLE} ({_COLUMNS}) SELECT {_COLUMNS} FROM jsonb_populate_recordset(NULL::{_TABLE}, %s)"  # noqa: S608 - our own names
    " ON CONFLICT DO NOTHING"
)


def insert_new(calls: Sequence[Call]) -> None:
    """Insert the calls that are not there yet; raises what the database says of the first bad one, with none inserted.

    On SQLite a call that breaks a check is passed over silently, as one that is there already.
    """
    if connection.vendor != "postgresql":
        Call.objects.bulk_create(calls, ignore_conflicts=True)
    elif calls:
        rows = [{column: getattr(call, name) for column, name in _ATTRIBUTES.items()} for call in calls]
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [json.dumps(rows, default=_plain, separators=(",", ":"))])


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return (make_aware(value) if is_naive(value) else value).isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
