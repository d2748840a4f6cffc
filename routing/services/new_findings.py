"""What lint says about the draft, with what it already says about the live table told apart."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from routing.engine.lint import Finding, lint
from routing.engine.table import Table
from routing.services.lint_table import lint_draft, read_world
from routing.snapshot.load import uncollected

REMEMBERED = timedelta(minutes=5)  # days pass and list entries expire without any change of a table

# A live table, when it was linted, and what was found: each edit of the draft asks again.
_known: tuple[Table, datetime, set[tuple[str, ...]]] | None = None


def split_findings(live: Table, now: datetime) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the draft's findings that the live table does not have, and those that it has too."""
    found = lint_draft(now)
    known = _known_of(live, now) if found else set()
    return _pick(found, known, new=True), _pick(found, known, new=False)


def _known_of(live: Table, now: datetime) -> set[tuple[str, ...]]:
    global _known  # one value, replaced as a whole: threads never see half of it
    held = _known
    if held is None or held[0] is not live or not timedelta() <= now - held[1] < REMEMBERED:
        world = read_world(now)
        with uncollected():
            _known = held = live, now, set(map(_identity, lint(live, world=world, at=now)))
    return held[2]


def _pick(found: Iterable[Finding], known: set[tuple[str, ...]], *, new: bool) -> tuple[Finding, ...]:
    return tuple(finding for finding in found if (_identity(finding) not in known) is new)


def _identity(finding: Finding) -> tuple[str, ...]:
    """Leave the message out: it may name the place of a rule that only moved."""
    return finding.kind, finding.subject, finding.key, finding.other
