"""The draft beside what is live: does it compile, and what would publishing change."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from routing.engine.changes import compile_next
from routing.engine.document import write_document
from routing.engine.ruleset import RuleSet
from routing.engine.table import Table
from routing.models import DraftState, LiveState, Revision
from routing.services.describe_changes import Change, count_changes, describe_changes, describe_tables
from routing.services.draft_table import read_draft_table
from routing.snapshot import store
from routing.snapshot.load import uncollected


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What somebody looked at before pressing a button: the draft's version, and the revision that was live."""

    draft_version: int
    live_revision: int | None

    def __str__(self) -> str:
        return f"{self.draft_version}.{self.live_revision or 0}"

    @classmethod
    def parse(cls, text: str) -> Sight:
        """Return the sight that a page carried; raises ValueError where it is none."""
        version, _, live = text.partition(".")
        return cls(draft_version=int(version), live_revision=int(live) or None)

    @classmethod
    def present(cls) -> Sight:
        """Return what stands now."""
        live = LiveState.objects.filter(pk=1).values_list("revision_id", flat=True).first()
        return cls(draft_version=DraftState.read_version(), live_revision=live)


class DraftChanged(Exception):
    """Somebody edited the draft, or published, after the page was made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What differs from the live revision, which is None while nothing is published."""

    live_revision: int | None
    changes: tuple[Change, ...]

    @property
    def count(self) -> int:
        """Return how many entries differ."""
        return count_changes(self.changes)

    @property
    def differs(self) -> bool:
        """Tell whether publishing would change anything."""
        return bool(self.changes)


_compared: tuple[Table, Draft] | None = None


def read_draft() -> Draft:
    """Compare the draft with the live revision; done anew only when either changed."""
    global _compared  # one value, replaced as a whole: threads never see half of it
    live = LiveState.objects.filter(pk=1).values_list("revision_id", flat=True).first()
    table, known = read_draft_table(), _compared
    if known is not None and known[0] is table and known[1].live_revision == live:
        return known[1]
    draft = Draft(live_revision=live, changes=_changes_since(live, table))
    if not connection.in_atomic_block:
        _compared = table, draft
    return draft


def _changes_since(live: int | None, table: Table) -> tuple[Change, ...]:
    """Compare with the live table that this process holds; with the revision's document where it holds another."""
    if live is None:
        return describe_changes({}, write_document(table))
    checksum = Revision.objects.values_list("checksum", flat=True).get(number=live)
    held = store.ruleset_of((live, checksum))
    if held is not None:
        return describe_tables(held.table, table)
    document = Revision.objects.values_list("document", flat=True).get(number=live)
    return describe_changes(document, write_document(table))


def compile_draft(table: Table) -> RuleSet:
    """Return the draft ready to decide, made of the live rules as far as it shares theirs; raises TableErrors."""
    with uncollected():
        return compile_next(store.current().ruleset, table)


def check_sight(seen: Sight | None) -> None:
    """Raise DraftChanged unless what was seen is what stands; asked behind the locks of both."""
    if seen is not None and seen != Sight.present():
        raise DraftChanged
