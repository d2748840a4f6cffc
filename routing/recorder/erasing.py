"""Taking what belongs to one person out of the spool's files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from routing.recorder.files import PATTERN, REJECTED_NAME, WAITING_PATTERN, put_aside, spool_folder

MOVED_NAME = "rejected.erasing"


def erase_rejected(belongs: Callable[[str], bool]) -> int:
    """Remove the records set aside that belong to somebody, and return how many; raises OSError.

    The file is moved first: what is set aside meanwhile goes to a new one, and what a killed run left is found again.
    """
    moved = spool_folder() / MOVED_NAME
    rejected = spool_folder() / REJECTED_NAME
    if not moved.exists() and rejected.exists():
        rejected.rename(moved)
    if not moved.exists():
        return 0
    lines = moved.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if not belongs(line.decode("utf-8", "replace"))]
    for line in kept:
        put_aside(line)
    moved.unlink()
    return len(lines) - len(kept)


def count_rejected(belongs: Callable[[str], bool]) -> int:
    """Return how many records set aside belong to somebody."""
    files = [spool_folder() / name for name in (REJECTED_NAME, MOVED_NAME)]
    return sum(belongs(line) for path in files for line in _read(path).splitlines())


def spool_files_of(belongs: Callable[[str], bool]) -> list[Path]:
    """Return the files that hold something of somebody and are not in the database yet."""
    files = [path for pattern in (PATTERN, WAITING_PATTERN) for path in spool_folder().glob(pattern)]
    return [path for path in files if belongs(_read(path))]


def remove_rejected_before(instant: datetime) -> None:
    """Remove the records set aside if the last one came before an instant."""
    path = spool_folder() / REJECTED_NAME
    try:
        if path.stat().st_mtime < instant.timestamp():
            path.unlink()
    except FileNotFoundError:
        return


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
