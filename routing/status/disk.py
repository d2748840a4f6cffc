"""What stands on the local disk: what waits in the spool, and whether anything more can be written."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from routing.recorder.depth import Depth, measure_spool

LASTS_SECONDS = 2.0  # whoever asks more often gets the same answer
PROBE = b"\0" * 4096  # a file of no bytes can be made on a full disk


@dataclass(frozen=True, kw_only=True, slots=True)
class Disk:
    """The spool, and why nothing can be written; empty where it can."""

    spool: Depth
    fault: str


class DiskWatch:
    """Looks at the disk at most every two seconds. Threads may share it."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._lock = threading.Lock()
        self._seen: Disk | None = None
        self._seen_at = float("-inf")

    def look(self) -> Disk:
        """Return what was seen lately; one thread at a time looks."""
        with self._lock:
            if self._seen is None or time.monotonic() - self._seen_at > LASTS_SECONDS:
                self._seen = Disk(spool=measure_spool(), fault=find_fault(Path(settings.ROUTING_DATA_DIR)))
                self._seen_at = time.monotonic()
            return self._seen


def find_fault(folder: Path) -> str:
    """Return why nothing can be written into the folder, in the system's words; empty where it can."""
    probe = folder / f".probe-{os.getpid()}-{threading.get_ident()}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            probe.write_bytes(PROBE)
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


_watch = DiskWatch()
os.register_at_fork(after_in_child=_watch.forget)
look_at_disk = _watch.look
forget_disk = _watch.forget
