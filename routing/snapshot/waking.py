"""How the thread that looks at the database waits: PostgreSQL tells when something changed, SQLite cannot."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import psycopg
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from routing.models.triggers import CHANNEL

logger = logging.getLogger(__name__)

SLICE_SECONDS = 0.5  # between looks at whether the thread is to stop
LOST_SECONDS, REFUSED_SECONDS = 1.0, 30.0  # until it is tried again to listen


class Waker:
    """Waits for the next look at the database, on a connection of its own; for one thread.

    Hearing is never relied on: whoever waits looks again after the time of the poll. A pooler between us and the
    server may take the LISTEN and pass on nothing.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._line: BaseDatabaseWrapper | None = None
        self._retry_at = clock()

    def wait(self, seconds: float, stopped: threading.Event) -> None:
        """Return when something changed, at the latest after ``seconds``, or soon after ``stopped``."""
        if self._line is None and self._open():
            return  # what changed before we listened was not told to us
        end = self._clock() + seconds
        while not stopped.is_set() and (left := end - self._clock()) > 0:
            if self._line is None:
                stopped.wait(left)
            elif self._hears(self._line, min(left, SLICE_SECONDS)):
                return

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _open(self) -> bool:
        if connections["default"].vendor != "postgresql" or self._clock() < self._retry_at:
            return False
        line = connections.create_connection("default")
        try:
            with line.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
        except DatabaseError as error:
            line.close()
            self._retry_at = self._clock() + REFUSED_SECONDS
            logger.warning(
                "PostgreSQL does not tell of changes, they are looked for: %s", str(error).partition("\n")[0]
            )
            return False
        self._line = line
        return True

    def _hears(self, line: BaseDatabaseWrapper, seconds: float) -> bool:
        """Tell whether a change was told; a lost line ends the waiting too, since it may have been told meanwhile."""
        try:
            return bool(list(line.connection.notifies(timeout=seconds, stop_after=1)))
        except psycopg.Error:
            self.close()
            self._retry_at = self._clock() + LOST_SECONDS
            return True
