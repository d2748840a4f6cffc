"""Many calls into PostgreSQL with one statement."""

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


def insert_lines(lines: Iterable[bytes]) -> None:
    """Insert the calls that are not there yet, each a JSON object of ``COLUMNS``, with an id.

    Raises what PostgreSQL says of the first bad one, with none inserted.
    """
    new = Call(id=None)
    defaults = {column: getattr(new, name) for column, name in _ATTRIBUTES.items()}
    with connection.cursor() as cursor:
        objects = b",".join(lines).decode()
        cursor.execute(_INSERT, [json.dumps(defaults, cls=DjangoJSONEncoder), f"[{objects}]"])
