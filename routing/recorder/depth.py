"""How much waits in the spool, and since when. It only looks: no lock is taken and no file is held."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from routing.recorder.files import PATTERN, REJECTED_NAME, WAITING_PATTERN, spool_folder

MOST_READ = 8 * 1024 * 1024  # bytes of one file; the records behind them are estimated
PIECE = 1024 * 1024
LONGEST_LINE = 256 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Depth:
    """What is not in the database yet. ``rejected`` are records that the database will never take."""

    records: int
    size: int
    oldest_seconds: float
    rejected: int


def measure_spool() -> Depth:
    """Return what waits; a folder that is not there (any more) holds nothing."""
    folder = spool_folder()
    paths = [*folder.glob(PATTERN), *folder.glob(WAITING_PATTERN)]
    sizes = {path: size for path in paths if (size := _size(path))}
    return Depth(
        records=sum(_count_lines(path, size) for path, size in sizes.items()),
        size=sum(sizes.values()),
        oldest_seconds=max((_age(path) for path in sizes), default=0.0),
        rejected=_count_lines(folder / REJECTED_NAME, _size(folder / REJECTED_NAME)),
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _count_lines(path: Path, size: int) -> int:
    seen = lines = 0
    try:
        with path.open("rb") as file:
            while seen < MOST_READ and (piece := file.read(PIECE)):
                seen += len(piece)
                lines += piece.count(b"\n")
    except OSError:
        return 0
    return lines if seen >= size else round(lines * size / seen)


def _age(path: Path) -> float:
    """Return how many seconds ago the file's first record was made; the file's own times are those of the last."""
    try:
        with path.open("rb") as file:
            record = json.loads(file.readline(LONGEST_LINE))
        made_at = datetime.fromisoformat(record.get("decided_at") or record["recorded_at"]).timestamp()
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return 0.0
    return max(0.0, time.time() - made_at)
