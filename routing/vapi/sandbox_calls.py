"""The calls that the sandbox made up, in one local file: every worker and every command sees the same ones."""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILE_NAME = "sandbox-calls.jsonl"
REMEMBERED_CALLS = 1000

logger = logging.getLogger(__name__)


class SandboxCalls:
    """Keeps the latest calls, a line of JSON each. What cannot be kept is forgotten: nobody's call depends on it."""

    def __init__(self, path: Path) -> None:
        """Use the file at ``path``; it is made at need."""
        self._path = path

    def add(self, calls: list[dict[str, Any]]) -> None:
        """Keep calls; when there are twice too many, the oldest go."""
        lines = [json.dumps(call) + "\n" for call in calls]
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                kept = file.readlines()
                if len(kept) + len(lines) > 2 * REMEMBERED_CALLS:
                    file.truncate(0)
                    lines = [*kept, *lines][-REMEMBERED_CALLS:]
                file.writelines(lines)
        except OSError as error:
            logger.warning("The sandbox cannot keep its calls: %s", error)

    def latest(self) -> list[dict[str, Any]]:
        """Return the calls, the oldest first."""
        try:
            with self._path.open() as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                return [json.loads(line) for line in deque(file, maxlen=REMEMBERED_CALLS)]
        except FileNotFoundError:
            return []
        except OSError as error:
            logger.warning("The sandbox cannot read its calls: %s", error)
            return []

    def erase(self, belongs: Callable[[str], bool]) -> int:
        """Forget the calls whose line belongs to somebody, and return how many; raises OSError."""
        try:
            file = self._path.open("r+")
        except FileNotFoundError:
            return 0
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            lines = file.readlines()
            kept = [line for line in lines if not belongs(line)]
            if len(kept) < len(lines):
                file.seek(0)
                file.truncate()
                file.writelines(kept)
        return len(lines) - len(kept)
