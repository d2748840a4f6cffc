"""Lint of the draft as it stands in the database, or of a table file by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from routing.engine.document import read_document
from routing.engine.lint import Finding, World, lint
from routing.engine.table import ListEntry, Table
from routing.models import DraftState, LiveState, NumberList, NumberListEntry, OurNumber, Target
from routing.services.draft_table import read_draft_table
from routing.services.import_table import read_table
from routing.snapshot.load import uncollected

# Days pass and list entries expire without any change of a row.
REMEMBERED = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Remembered:
    """``draft`` and ``live`` are counters that triggers move on with every change."""

    draft: int
    live: int
    world: World
    linted_at: datetime
    findings: tuple[Finding, ...]

    def holds_at(self, now: datetime) -> bool:
        """Tell whether time alone cannot have changed much."""
        return timedelta() <= now - self.linted_at < REMEMBERED


class _Memory:
    """What this process found last; one thread at a time works it out."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.held: _Remembered | None = None


_memory = _Memory()


def lint_draft(now: datetime) -> tuple[Finding, ...]:
    """Return what is odd about the draft, with live data as they are.

    Nothing is worked out again while neither the draft nor what lint needs of live data change, for five minutes at
    most.
    """
    draft, live = DraftState.read_version(), _read_live_version()
    held = _memory.held
    if held is None or not ((held.draft, held.live) == (draft, live) and held.holds_at(now)):
        with _memory.lock:
            held = _memory.held = _look(_memory.held, draft, live, now)
    return held.findings


def _look(held: _Remembered | None, draft: int, live: int, now: datetime) -> _Remembered:
    """Lint the draft, unless live data changed in nothing but, say, one more entry on a list."""
    world = read_world(now)
    if held is not None and (held.draft, held.world) == (draft, world) and held.holds_at(now):
        return replace(held, live=live)
    table = read_draft_table()
    with uncollected():
        findings = lint(table, world=world, at=now)
    return _Remembered(draft=draft, live=live, world=world, linted_at=now, findings=findings)


def lint_document(document: Mapping[str, Any], now: datetime) -> tuple[Finding, ...]:
    """Return what is odd about a table document, whatever the database holds; raises TableErrors.

    Only lists whose entries stand in the document can be found empty.
    """
    return _lint_alone(read_document(document, default_region=settings.ROUTING_DEFAULT_REGION), now)


def lint_text(text: str, now: datetime) -> tuple[Finding, ...]:
    """Return what is odd about the table in a file's text; raises TableErrors with every mistake in it."""
    return _lint_alone(read_table(text), now)


def read_world(now: datetime) -> World:
    """Return what live data say to lint. Entries are not loaded, and an expired one counts as none."""
    valid = NumberListEntry.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now), number_list=OuterRef("pk")
    )
    numbers = OurNumber.objects.filter(missing_since__isnull=False)
    return World(
        empty_lists=frozenset(NumberList.objects.filter(~Exists(valid)).values_list("key", flat=True)),
        missing_targets=frozenset(Target.objects.filter(missing_since__isnull=False).values_list("key", flat=True)),
        missing_numbers=frozenset(number.key for number in numbers),
        default_region=settings.ROUTING_DEFAULT_REGION,
    )


def forget() -> None:
    """Forget what was found: a rolled-back test begins again with the same counters."""
    _memory.held = None


def _lint_alone(table: Table, now: datetime) -> tuple[Finding, ...]:
    empty = (spec.key for spec in table.lists if spec.entries is not None and not _valid_entries(spec.entries, now))
    world = World(empty_lists=frozenset(empty), default_region=settings.ROUTING_DEFAULT_REGION)
    return lint(table, world=world, at=now)


def _valid_entries(entries: tuple[ListEntry, ...], now: datetime) -> list[ListEntry]:
    return [entry for entry in entries if entry.expires_at is None or entry.expires_at > now]


def _read_live_version() -> int:
    return LiveState.objects.filter(pk=1).values_list("live_version", flat=True).first() or 0
