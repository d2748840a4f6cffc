"""The draft as the engine's table, read from the database only after it changed."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from routing.engine.table import Table
from routing.models import DraftState
from routing.snapshot.load import uncollected
from routing.snapshot.rows import table_from_rows


@dataclass(frozen=True, kw_only=True, slots=True)
class _Remembered:
    database: str
    version: int
    table: Table


_remembered: _Remembered | None = None


def read_draft_table() -> Table:
    """Return the draft without the entries of its lists; read anew only when `DraftState` counted a change.

    Inside a transaction it is always read: what is seen there may be rolled back, and its version then given to
    another state of the draft.
    """
    global _remembered  # one value, replaced as a whole: threads never see half of it
    if connection.in_atomic_block:
        return table_from_rows()
    database, version = str(connection.settings_dict["NAME"]), DraftState.read_version()
    known = _remembered
    if known is None or (known.database, known.version) != (database, version):
        # The version is the older of the two: a change between them makes the next page read again.
        with uncollected():
            known = _Remembered(database=database, version=version, table=table_from_rows())
        _remembered = known
    return known.table


def forget() -> None:
    """Forget the table: an emptied test database begins again with the same versions."""
    global _remembered  # see above
    _remembered = None
