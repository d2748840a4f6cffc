"""When the local copy is written: after every change and where it is gone, but never for much of the time."""

import logging
import os
import threading
import time

from routing.snapshot.copy import Contents, copy_path, write_copy

logger = logging.getLogger(__name__)

# Writing takes at most one part in PAUSE of the time: a million entries are not written anew at each change of one. The
# pause is never longer than so many seconds.
PAUSE, LONGEST_PAUSE = 20, 60.0
RETRY_SECONDS = 10.0


class Copier:
    """Keeps the local copy of one process up to date, in a thread of its own: a large one takes a second or more."""

    def __init__(self) -> None:
        self._copied: tuple[int | None, int] | None = None
        self._next_at = 0.0
        self._thread: threading.Thread | None = None
        self._is_failing = False

    def keep(self, contents: Contents) -> None:
        """Begin to write the copy if something changed since or somebody deleted it, and do not wait for its end."""
        if time.monotonic() < self._next_at or (self._thread and self._thread.is_alive()):
            return
        if (contents.ruleset.revision, contents.live_version) == self._copied and os.path.exists(copy_path()):
            return
        self._thread = threading.Thread(target=self._write, args=(contents,), name="copy-routing-table", daemon=True)
        self._thread.start()

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the end of what is being written."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _write(self, contents: Contents) -> None:
        """Write the copy; without one, calls go on all the same."""
        versions, began = (contents.ruleset.revision, contents.live_version), time.monotonic()
        try:
            if write_copy(contents):
                self._copied = versions
            self._is_failing = False
        except OSError as error:
            if not self._is_failing:
                logger.warning("The local copy of the routing table cannot be written: %s", error)
            self._is_failing = True
        finally:
            pause = min(PAUSE * (time.monotonic() - began), LONGEST_PAUSE)
            self._next_at = began + (max(pause, RETRY_SECONDS) if self._is_failing else pause)
