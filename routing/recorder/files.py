"""The spool's files: each process appends to one of its own, and holds a lock on it for as long as it lives.

A file whose lock is free belongs to nobody any more, so whoever gets the lock may empty it into the database. Locks
are those of flock(2): the kernel frees them when a process ends, however it ends.
"""

import fcntl
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

LOOK_SECONDS = 0.1  # between two looks whether our file is still there: each is a way to the kernel and back
PATTERN = "*-*.jsonl"
WAITING_PATTERN = "*.waiting"
REJECTED_NAME = "rejected.jsonl"
PRIVATE = 0o600


def spool_folder() -> Path:
    """Return where the files lie."""
    return Path(settings.ROUTING_DATA_DIR) / "spool"


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenFile:
    """A file that this process made, and holds the lock of; ``data_dir`` is the setting that it was made by."""

    data_dir: object
    path: Path
    descriptor: int

    def is_usable(self) -> bool:
        """Tell whether the file still lies where it should: somebody may have deleted it underneath us."""
        return self.data_dir is settings.ROUTING_DATA_DIR and os.fstat(self.descriptor).st_nlink > 0

    def deleted_lines(self) -> bytes:
        """Return what a file holds that somebody deleted: it can be read for as long as we keep it open."""
        status = os.fstat(self.descriptor)
        return b"" if status.st_nlink else os.pread(self.descriptor, status.st_size, 0)


class Writer:
    """Appends lines to the file of this process; every thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._file: OpenFile | None = None
        self._full: OpenFile | None = None
        self._look_at = 0.0

    def append(self, line: bytes) -> None:
        """Append one line with a single write, so that it is there as a whole or not at all; raises OSError."""
        with self._lock:
            descriptor = self._writable().descriptor
            written = os.write(descriptor, line)
            if written != len(line):
                # The disk filled up in the middle: without the torn piece the next line starts on its own.
                os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
                raise OSError(f"only {written} of {len(line)} bytes could be written")

    def hand_over(self, drain: Callable[[Path, int], object]) -> None:
        """Let what was written so far be drained, by path and descriptor; the next line goes to a new file.

        If that fails it comes up again next time. The file stays ours until then: given up, it could be deleted while
        the database is down, and nobody would know what lay in it.
        """
        with self._turn:
            for _ in range(1 if self._full is None else 2):
                with self._lock:
                    self._fill()
                if self._full is not None:
                    drain(self._full.path, self._full.descriptor)
                with self._lock:
                    _close(self._full)
                    self._full = None

    def forget(self) -> None:
        """Leave the parent's files alone in a forked child, which must not keep the parent's locks alive either."""
        self._lock = threading.Lock()  # another thread of the parent may have held the old ones
        self._turn = threading.Lock()
        _close(self._file)
        _close(self._full)
        self._file = self._full = None

    def _writable(self) -> OpenFile:
        """Return our file. Deleted since the last look, it still keeps what is written, for the next look to save."""
        file, now = self._file, time.monotonic()
        if file is None or now >= self._look_at or file.data_dir is not settings.ROUTING_DATA_DIR:
            file = self._file = _still_there(file)
            self._look_at = now + LOOK_SECONDS
        return file

    def _fill(self) -> None:
        if self._full is None and self._file is not None and os.fstat(self._file.descriptor).st_size:
            self._full, self._file = self._file, None
        if self._full is not None:
            with suppress(OSError):  # it can be drained all the same
                self._full = _still_there(self._full)


def _still_there(file: OpenFile | None) -> OpenFile:
    """Return the file, or a new one with its lines where somebody has deleted it; raises OSError."""
    if file is not None and file.is_usable():
        return file
    renewed = _create(spool_folder(), file.deleted_lines() if file else b"")
    _close(file)  # only now: as long as there is no other, the lines of a deleted file stay in it
    return renewed


def _close(file: OpenFile | None) -> None:
    if file is not None:
        os.close(file.descriptor)


def _create(folder: Path, lines: bytes) -> OpenFile:
    """Open a new file that begins with these lines. It gets the name that others look for only when it is locked."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{os.getpid()}-{secrets.token_hex(8)}.jsonl"
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.write(descriptor, lines) != len(lines):
            raise OSError(f"only a part of {len(lines)} bytes could be written")
        draft.rename(path)
    except OSError:
        os.close(descriptor)
        draft.unlink(missing_ok=True)
        raise
    return OpenFile(data_dir=settings.ROUTING_DATA_DIR, path=path, descriptor=descriptor)


writer = Writer()
os.register_at_fork(after_in_child=writer.forget)


def free_files(*, waited_seconds: float) -> list[Path]:
    """Return the files to look into, oldest first. Those put back for later come up after ``waited_seconds``.

    A file put back in the future was so before the clock was set back, and has waited long enough.
    """
    folder = spool_folder()
    now = time.time()
    waiting = [path for path in folder.glob(WAITING_PATTERN) if not 0 <= now - _modified_at(path) < waited_seconds]
    return sorted([*folder.glob(PATTERN), *waiting], key=_modified_at)


@contextmanager
def claim(path: Path) -> Iterator[int | None]:
    """Lend a descriptor of the file while nobody else can have it; None where somebody else does or it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield None
        return
    try:
        yield descriptor if _lock(descriptor) and os.fstat(descriptor).st_nlink else None
    finally:
        os.close(descriptor)


def put_back(lines: list[bytes]) -> None:
    """Keep lines for a later round; raises OSError."""
    path = spool_folder() / f"{secrets.token_hex(8)}.waiting"
    draft = path.with_suffix(".new")
    _append_to(draft, b"".join(lines))
    draft.rename(path)


def put_aside(line: bytes) -> None:
    """Keep a line that the database will never take, for somebody to look at; raises OSError."""
    _append_to(spool_folder() / REJECTED_NAME, line)


def _append_to(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE)
    with os.fdopen(descriptor, "ab") as file:
        file.write(data)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _modified_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
