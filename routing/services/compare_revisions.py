"""What differs between two published tables, or between one and the draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from routing.engine.document import write_document
from routing.models import Revision
from routing.services.describe_changes import Change, count_changes, describe_changes
from routing.services.draft_table import read_draft_table

DRAFT: Literal["draft"] = "draft"
Other = int | Literal["draft"] | None  # None is the empty table before the first revision


class RevisionGone(LookupError):
    """There is no revision of that number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """The differences from the older table to the newer one, both by name."""

    older: str
    newer: str
    changes: tuple[Change, ...]

    @property
    def count(self) -> int:
        """Return how many entries differ."""
        return count_changes(self.changes)


def compare_revisions(number: int, other: Other) -> Compared:
    """Compare in the order of time, whichever was asked for first; raises RevisionGone."""
    before, after = sorted([number, other], key=_age)
    return Compared(older=_name(before), newer=_name(after), changes=changes_between(before, after))


def changes_between(before: Other, after: Other) -> tuple[Change, ...]:
    """Return what changes on the way from one to the other; raises RevisionGone."""
    return describe_changes(_document(before), _document(after))


def previous_to(number: int) -> int | None:
    """Return the revision before this one, None for the first."""
    return Revision.objects.filter(number__lt=number).values_list("number", flat=True).first()


def _age(which: Other) -> float:
    if which is None:
        return 0
    return float("inf") if which == DRAFT else which


def _name(which: Other) -> str:
    if which is None:
        return "the empty table before the first revision"
    return "the draft" if which == DRAFT else f"revision {which}"


def _document(which: Other) -> dict[str, Any]:
    if which is None:
        return {}
    if which == DRAFT:
        return write_document(read_draft_table())
    found: dict[str, Any] | None = Revision.objects.filter(number=which).values_list("document", flat=True).first()
    if found is None:
        raise RevisionGone(which)
    return found
