"""Ends a request that waits for a PostgreSQL which hangs.

``statement_timeout`` is the server's to keep, and the kernel keeps the connections of a frozen server alive, so that
neither it nor keepalives end such a wait. Only whoever waits can. Commands wait for as long as it takes, and a publish
for a minute (`routing.models.patience`).
"""

from __future__ import annotations

from functools import partial
from time import monotonic
from typing import Any

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

SECONDS = 5.0  # a statement of the server's ends after two


def bound_waiting() -> None:
    """Bound every wait for PostgreSQL in this process, from its next connection on."""
    connection_created.connect(_bound, dispatch_uid="bound-waiting")


def _bound(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if connection.vendor == "postgresql":
        connection.connection.wait = partial(_wait, connection.connection)


def _wait(raw: psycopg.Connection[Any], work: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
    """Wait as psycopg does, but give the connection up in the end: whatever comes over it later is of no use."""
    most: float = getattr(raw, "most_seconds", None) or SECONDS
    end = monotonic() + most
    try:
        return type(raw).wait(raw, work, interval, most if timeout is None else timeout)
    except psycopg.OperationalError as error:
        if monotonic() < end:
            raise
        raw.close()
        raise psycopg.OperationalError(f"PostgreSQL has not answered for {most:g} s") from error
