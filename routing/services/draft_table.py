"""The draft as the engine's table, and whatever else of it is read from the database only after it changed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from django.db import connection

from routing.engine.table import Table
from routing.models import DraftState
from routing.snapshot.load import uncollected
from routing.snapshot.rows import table_from_rows

T = TypeVar("T")

_remembered: tuple[tuple[str, int], dict[Hashable, Any]] | None = None  # the database and the draft's version in it


def read_draft_table() -> Table:
    """Return the draft without the entries of its lists; read anew only when `DraftState` counted a change."""
    return read_once("table", table_from_rows)


def read_once(name: Hashable, read: Callable[[], T]) -> T:
    """Return what ``read`` makes of the draft, made anew only when `DraftState` counted a change.

    Inside a transaction it is always read: what is seen there may be rolled back, and its version then given to
    another state of the draft.
    """
    global _remembered  # one value, replaced as a whole: threads never see half of it
    if connection.in_atomic_block:
        return read()
    sight, known = (str(connection.settings_dict["NAME"]), DraftState.read_version()), _remembered
    if known is None or known[0] != sight:
        known = _remembered = sight, {}
    if name not in known[1]:
        # The version is the older of the two: a change between them makes the next page read again.
        with uncollected():
            known[1][name] = read()
    found: T = known[1][name]
    return found


def forget() -> None:
    """Forget everything: an emptied test database begins again with the same versions."""
    global _remembered  # see above
    _remembered = None
