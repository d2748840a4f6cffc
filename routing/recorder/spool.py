"""Where a decision is kept before the answer leaves: a line on the local disk, moved to the database later."""

import json
import logging
import os
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from routing.recorder import background
from routing.recorder.files import writer
from routing.telemetry.counting import count
from routing.telemetry.families import RECORDS_LOST

logger = logging.getLogger(__name__)

QUIET_SECONDS = 60.0


class Losses:
    """Counts the records that could not be kept, and says so at most once a minute."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a forked child does: a thread of its parent may have held the lock."""
        self.count = 0
        self._told_at = float("-inf")
        self._lock = threading.Lock()

    def add(self, error: Exception, now: float) -> None:
        """Count one lost record; ``now`` is in seconds of the monotonic clock."""
        count(RECORDS_LOST)
        with self._lock:
            self.count += 1
            if now - self._told_at < QUIET_SECONDS:
                return
            self._told_at = now
        logger.error("Call records are being lost (%s so far): the spool cannot be written: %s", self.count, error)


losses = Losses()
os.register_at_fork(after_in_child=losses.forget)


def append(record: Mapping[str, Any]) -> None:
    """Keep one record. It survives the death of this process; it never raises, because a caller is waiting.

    ``kind`` is ``call`` (the columns of a ``Call``) or ``outcome``.
    """
    try:
        writer.append(_to_line(record))
    except (OSError, TypeError, ValueError) as error:
        losses.add(error, time.monotonic())
    background.start()


def _to_line(record: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(record, default=_plain, option=orjson.OPT_APPEND_NEWLINE)
    except (
        TypeError
    ):  # half a character, or a number beyond 64 bits: JSON of the standard library escapes and writes it
        return json.dumps(record, default=_plain, separators=(",", ":")).encode() + b"\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
