"""What the processes of this machine have counted, as files: one a process, and the sums of those that are dead.

Each process replaces its own file every second. It holds the lock of a second file for as long as it lives: where that
lock is free, the process is dead, and its counts go into the sums. So counts outlive their process, and whoever is
asked answers for all. The files are replaced as a whole, never mapped into memory: a mapped file on a full disk would
kill the process that writes to it (SIGBUS).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from routing.telemetry.report import Report, parse, read_report, write_report

TOTALS_NAME = "totals.json"
TURN_NAME = "turn"
LOCKS = "*.lock"
PATIENCE_SECONDS = 2.0
PAUSE_SECONDS = 0.01
PRIVATE = 0o600


def metrics_folder() -> Path:
    """Return where the files lie. They may be deleted at any time: the counts of dead processes are then forgotten."""
    return Path(settings.ROUTING_DATA_DIR) / "metrics"


@dataclass(slots=True)
class Collected:
    """What the dead processes counted, added up, and the reports of the living ones by process id."""

    dead: Report = field(default_factory=Report)
    living: dict[str, Report] = field(default_factory=dict)

    def sums(self) -> Report:
        """Return the counts of all."""
        report = Report()
        for part in (self.dead, *self.living.values()):
            report.add(part)
        return report


class ProcessFile:
    """The file of this process. It is made at the first writing."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._path = Path()
        self._written = b""

    def write(self, report: Report) -> None:
        """Replace what this process has said before; raises OSError."""
        if not self._is_usable():
            self.forget()
            self._open(metrics_folder())
        content = json.dumps(write_report(report), separators=(",", ":")).encode()
        if content != self._written or not self._path.exists():
            _replace(self._path, content)
            self._written = content

    def forget(self) -> None:
        """Let go of the file, as a forked child must: its parent goes on with it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor, self._written = None, b""

    def _is_usable(self) -> bool:
        if self._descriptor is None or self._path.parent != metrics_folder():
            return False
        return os.fstat(self._descriptor).st_nlink > 0  # somebody may have deleted it underneath us

    def _open(self, folder: Path) -> None:
        """Make the lock's file. It gets the name that others look for only when it is locked."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = folder / f"{os.getpid()}-{secrets.token_hex(4)}.lock"
        draft = lock.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.rename(lock)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor, self._path = descriptor, lock.with_suffix(".json")


def collect() -> Collected:
    """Return what all processes of this machine have counted; raises OSError, TimeoutError among them."""
    folder = metrics_folder()
    with _turn(folder):
        totals = parse(_read(folder / TOTALS_NAME))
        collected = Collected(dead=_report_in(totals))
        dead = []
        for lock in sorted(folder.glob(LOCKS)):
            if _is_free(lock):
                dead.append(lock)
            else:
                report = _report_in(parse(_read(lock.with_suffix(".json"))))
                collected.living[lock.name.partition("-")[0]] = report
        if dead:
            _bury(folder, collected.dead, dead, frozenset(map(str, totals.get("buried", ()))))
    return collected


def _bury(folder: Path, sums: Report, dead: list[Path], buried: frozenset[str]) -> None:
    """Add the counts of dead processes to the sums, each once even if we die in the middle, and remove their files."""
    for lock in dead:
        if lock.name not in buried:
            sums.add(_report_in(parse(_read(lock.with_suffix(".json")))))
    kept = {"buried": [lock.name for lock in dead], **write_report(sums)}
    # On a full disk the files stay, and the next one asked tries again.
    with contextlib.suppress(OSError):
        _replace(folder / TOTALS_NAME, json.dumps(kept, separators=(",", ":")).encode())
        for lock in dead:
            lock.with_suffix(".json").unlink(missing_ok=True)
            lock.unlink(missing_ok=True)


def _report_in(raw: Mapping[str, object]) -> Report:
    try:
        return read_report(raw)
    except (LookupError, TypeError, ValueError):
        return Report()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)


def _is_free(lock: Path) -> bool:
    """Tell whether the process that made this file is dead."""
    descriptor = os.open(lock, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Let one at a time look: sums and files are changed together. Raises TimeoutError after two seconds."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / TURN_NAME, os.O_RDONLY | os.O_CREAT, PRIVATE)
    end = time.monotonic() + PATIENCE_SECONDS
    try:
        while not _lock(descriptor):
            if time.monotonic() > end:
                raise TimeoutError("another process is adding up the counts, and does not come to an end")
            time.sleep(PAUSE_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
