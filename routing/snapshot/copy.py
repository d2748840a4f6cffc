"""The last-known-good copy: what a process decides with when it starts while the database is down.

One JSON value a line: a header, the published table, the small live data, the list entries in pieces (they may be many,
and one value of them all would hold up every thread while it is encoded), and last a checksum of the lines before it.
"""

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections

from routing.engine.canonical import breathing_pieces
from routing.engine.checking import CHECKS
from routing.engine.document import write_document
from routing.engine.errors import TableErrors
from routing.engine.live import LiveData
from routing.engine.reading_rules import write_rule
from routing.engine.ruleset import RuleSet
from routing.snapshot.live import list_purposes
from routing.snapshot.livefile import build_entries, list_entries, read_entry, read_live, write_small
from routing.snapshot.load import load_nothing, load_text, uncollected
from routing.snapshot.secrets import Secret

logger = logging.getLogger(__name__)

FORMAT = 1
NOTHING = b"null\n"
NAME = "last-known-good.jsonl"
PIECE = 1_000
READ_AT_ONCE = 1 << 18  # bytes


class UnusableCopy(ValueError):
    """A copy that is damaged, or that belongs to another database."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What a process needs to decide calls, with the secrets still encrypted."""

    ruleset: RuleSet
    live: LiveData
    live_version: int
    secrets: tuple[Secret, ...]


def copy_path() -> Path:
    """Return where the copy lies; the one before it has ``.1`` behind its name."""
    return Path(settings.ROUTING_DATA_DIR) / NAME


def write_copy(contents: Contents) -> bool:
    """Write the copy unless it says the same already; return False while another process writes one.

    Raises OSError. The file is complete or not there: it is written aside, flushed to the disk and renamed.
    """
    path = copy_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _turn(path) as is_ours:
        if is_ours and _header_of(path) != _header(contents):
            draft = path.with_suffix(".draft")
            with uncollected():
                _write(draft, _lines(contents))
            if _header_of(path) is not None:
                path.replace(_previous(path))
            draft.replace(path)
            _flush_folder(path.parent)
    return is_ours


def read_copy() -> Contents | None:
    """Return the newest usable copy of this database, or None."""
    path = copy_path()
    for candidate in (path, _previous(path)):
        try:
            return _read(candidate)
        except FileNotFoundError:
            continue
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            logger.error("%s is ignored: %s", candidate, _told(error))
    return None


def database_fingerprint() -> str:
    """Name the configured database without asking it: a copy of another one must not answer calls."""
    configured = connections["default"].settings_dict
    place = [str(configured.get(name) or "") for name in ("ENGINE", "HOST", "PORT", "NAME")]
    return hashlib.sha256(json.dumps(place).encode()).hexdigest()


def _header(contents: Contents) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "checks": CHECKS,
        "database": database_fingerprint(),
        "revision": contents.ruleset.revision,
        "live_version": contents.live_version,
    }


def _lines(contents: Contents) -> Iterator[Any]:
    yield _header(contents)
    table = contents.ruleset.table
    rules = map(write_rule, table.rules)  # one by one: all at once would take 100 MB
    yield None if contents.ruleset.revision is None else write_document(replace(table, rules=())) | {"rules": rules}
    yield write_small(contents.live) | {"secrets": [dict(secret) for secret in contents.secrets]}
    entries = list_entries(contents.live.entries)
    while piece := list(islice(entries, PIECE)):
        yield piece


def _write(draft: Path, values: Iterable[Any]) -> None:
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    digest = hashlib.sha256()
    with os.fdopen(descriptor, "wb") as file:
        for value in values:
            for piece in chain(breathing_pieces(value), (b"\n",)):
                digest.update(piece)
                file.write(piece)
        file.write(_last_line(digest.hexdigest()))
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> Contents:
    first, document, *others = _checked_lines(path.read_bytes())
    header, small, *pieces = map(json.loads, (first, *others))
    if header["format"] != FORMAT:
        raise UnusableCopy(f"its format is {header['format']}, not {FORMAT}")
    if header["database"] != database_fingerprint():
        raise UnusableCopy("it belongs to another database")
    is_checked = header.get("checks") == CHECKS
    ruleset = load_nothing() if document == NOTHING else load_text(document, header["revision"], is_checked=is_checked)
    rows = (read_entry(raw) for piece in pieces for raw in piece)
    return Contents(
        ruleset=ruleset,
        live=read_live(small, build_entries(rows, list_purposes(ruleset))),
        live_version=header["live_version"],
        secrets=tuple(small["secrets"]),
    )


def _checked_lines(content: bytes) -> list[bytes]:
    """Return the lines without the checksum; raises UnusableCopy where it is missing or wrong."""
    *lines, last = content.splitlines(keepends=True) or [b""]
    if last != _last_line(hashlib.sha256(b"".join(lines)).hexdigest()):
        raise UnusableCopy("it is damaged or incomplete")
    return lines


def _last_line(checksum: str) -> bytes:
    return json.dumps({"sha256": checksum}).encode() + b"\n"


def _header_of(path: Path) -> Mapping[str, Any] | None:
    """Return what an intact copy says of itself, None for a damaged one.

    Read in pieces: a whole copy at once would hold up every call, and it is asked at each change.
    """
    digest, length = hashlib.sha256(), len(_last_line("0" * 64))
    try:
        with path.open("rb") as file:
            header = file.readline()
            left = path.stat().st_size - length
            file.seek(0)
            while left > 0 and (piece := file.read(min(left, READ_AT_ONCE))):
                digest.update(piece)
                left -= len(piece)
            is_intact = file.read() == _last_line(digest.hexdigest())
        found: Mapping[str, Any] | None = json.loads(header) if is_intact else None
    except (OSError, ValueError):
        return None
    return found


def _previous(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")


@contextmanager
def _turn(path: Path) -> Iterator[bool]:
    """Let one process at a time write; every process sees the same change, and one copy of it is enough."""
    descriptor = os.open(path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _told(error: Exception) -> str:
    """Say what is wrong with a copy, without repeating what stands in it."""
    if isinstance(error, UnusableCopy | TableErrors | OSError):
        return str(error)
    return f"it cannot be read ({type(error).__name__})"
