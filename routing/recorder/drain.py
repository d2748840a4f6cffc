"""From the spool into the database: each record exactly once, whoever drains and whatever dies in between."""

import json
import logging
import os
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from routing.recorder.files import claim, free_files, put_aside, put_back, writer
from routing.recorder.outcomes import apply_outcomes
from routing.recorder.rows import Line, Refused, insert_calls

logger = logging.getLogger(__name__)

BATCH = 1000
OUTCOME_PATIENCE_SECONDS = 60  # a call's outcome may be drained before the call, by another process
WAIT_SECONDS = 2.0
KINDS = ("call", "outcome")


@dataclass(slots=True)
class Round:
    """What one round of draining did; ``later`` are the lines of one file to put back."""

    stored: int = 0
    later: list[bytes] = field(default_factory=list)


def drain(now: datetime | None = None, *, waited_seconds: float = WAIT_SECONDS) -> int:
    """Move everything that no living process is writing into the database, and return how many records are done with.

    Outcomes of calls that are not in the database yet are put back for up to a minute; they come up again after
    ``waited_seconds``. Raises DatabaseError when the database is out of reach; the files then stay.
    """
    work, at = Round(), now or timezone.now()
    for path in free_files(waited_seconds=waited_seconds):
        with claim(path) as descriptor:
            if descriptor is not None:
                _drain_file(path, descriptor, work, at)
    writer.hand_over(lambda path, descriptor: _drain_file(path, descriptor, work, at))
    return work.stored


def _drain_file(path: Path, descriptor: int, work: Round, now: datetime) -> None:
    with os.fdopen(os.dup(descriptor), "rb") as lines:
        lines.seek(0)
        while batch := list(islice(lines, BATCH)):
            _drain_batch(batch, work, now)
    if work.later:
        put_back(work.later)
        work.later.clear()
    # Only now: whoever is killed before this line leaves the file to the next one, and repeating it changes nothing.
    path.unlink(missing_ok=True)


def _drain_batch(batch: list[bytes], work: Round, now: datetime) -> None:
    records, refused = _parse(batch)
    calls = [(line, record) for line, record in records if record.get("kind") == "call"]
    outcomes = [(line, record) for line, record in records if record.get("kind") == "outcome"]
    with transaction.atomic():
        refused += insert_calls(calls)
        unknown, refused_outcomes = apply_outcomes(outcomes)
    refused += refused_outcomes
    for line, reason in refused:
        reject(line, reason)
    later = [line for line, record in unknown if _is_young(record, now)]
    work.later += later
    work.stored += len(calls) + len(outcomes) - len(unknown)
    if len(later) < len(unknown):
        logger.debug("%s outcomes dropped: their calls were not routed here", len(unknown) - len(later))


def _parse(batch: list[bytes]) -> tuple[list[Line], Refused]:
    records: list[Line] = []
    refused: Refused = []
    for line in batch:
        try:
            record = json.loads(line)
        except ValueError:
            # Without its end the line was cut short by the death of its process: such a call got no answer either.
            refused.append((line, "it is not JSON" if line.endswith(b"\n") else "it was cut short"))
            continue
        if isinstance(record, dict) and record.get("kind") in KINDS:
            records.append((line, record))
        else:
            refused.append((line, f"it is none of these kinds: {', '.join(KINDS)}"))
    return records, refused


def _is_young(record: dict[str, Any], now: datetime) -> bool:
    try:
        recorded_at = datetime.fromisoformat(record["recorded_at"])
        return (now - recorded_at).total_seconds() < OUTCOME_PATIENCE_SECONDS
    except (KeyError, TypeError, ValueError):
        return False


def reject(line: bytes, reason: str) -> None:
    """Set a record aside for good. The log does not show it: it holds telephone numbers."""
    put_aside(json.dumps({"reason": reason, "line": line.decode("utf-8", "replace")}).encode() + b"\n")
    logger.error("A call record was set aside in spool/rejected.jsonl: %s", reason)
