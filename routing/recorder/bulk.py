"""Many calls, or what became of them, into PostgreSQL with one statement."""

import json
from collections.abc import Iterable

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from routing.models import Call

_ATTRIBUTES = {str(field.column): field.attname for field in Call._meta.concrete_fields}
COLUMNS = frozenset(_ATTRIBUTES)
_NAMES = ", ".join(_ATTRIBUTES)
_TABLE = Call._meta.db_table
# The lines of the spool as one parameter, as they are: taken apart into rows by Python they would cost three times as
# much. What a line does not name has the value of a new call, which is the first parameter.
_INSERT = (
    f"INSERT INTO {_TABLE} ({_NAMES}) SELECT {_NAMES} FROM json_populate_recordset("  # noqa: S608 - our own names
    f"jsonb_populate_record(NULL::{_TABLE}, %s), %s) ON CONFLICT DO NOTHING"
)

# What an outcome tells beside the state; null takes nothing away.
OUTCOME_COLUMNS = ("ended_reason", "cost", "started_at", "ended_at")
_TOLD = ", ".join(f"{name} = coalesce(told.{name}, known.{name})" for name in OUTCOME_COLUMNS)
_UPDATE = (
    f"UPDATE {_TABLE} AS known SET state = told.state, {_TOLD}"  # noqa: S608 - our own names
    f" FROM json_populate_recordset(NULL::{_TABLE}, %s) AS told WHERE known.vapi_call_id = told.vapi_call_id"
    " AND told.state <> 'placed' AND (told.state = 'ended' OR known.state <> 'ended')"
)


def insert_lines(lines: Iterable[bytes]) -> None:
    """Insert the calls that are not there yet, each a JSON object of ``COLUMNS``, with an id.

    Raises what PostgreSQL says of the first bad one, with none inserted.
    """
    new = Call(id=None)
    defaults = {column: getattr(new, name) for column, name in _ATTRIBUTES.items()}
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [json.dumps(defaults, cls=DjangoJSONEncoder), _array(lines)])


def update_by_lines(lines: Iterable[bytes]) -> None:
    """Write outcomes into the rows of their calls, at most one for each call; those of other calls change nothing.

    A call that ended stays ended. Raises what PostgreSQL says of the first bad one, with none written.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [_array(lines)])


def _array(lines: Iterable[bytes]) -> str:
    return f"[{b','.join(lines).decode()}]"
