"""When the local copy is written: after every change, but never for more than a small part of the time."""

import logging
import time

from routing.snapshot.copy import Contents, write_copy

logger = logging.getLogger(__name__)

# Writing takes at most one part in PAUSE of the time: a million entries are not written anew at each change of one. The
# pause is never longer than so many seconds.
PAUSE, LONGEST_PAUSE = 20, 60.0


class Copier:
    """Keeps the local copy of one process up to date; for one thread."""

    def __init__(self) -> None:
        self._copied: tuple[int | None, int] | None = None
        self._next_at = 0.0

    def keep(self, contents: Contents) -> None:
        """Write the copy if something changed since; without one, calls go on all the same."""
        versions, began = (contents.ruleset.revision, contents.live_version), time.monotonic()
        if versions == self._copied or began < self._next_at:
            return
        try:
            if write_copy(contents):
                self._copied = versions
        except OSError as error:
            self._copied = versions
            logger.warning("The local copy of the routing table cannot be written: %s", error)
        self._next_at = began + min(PAUSE * (time.monotonic() - began), LONGEST_PAUSE)
