"""Rules ready to decide, of whichever table somebody asks about: the live one, the draft, or any revision."""

from __future__ import annotations

from functools import lru_cache

from routing.engine.errors import TableErrors
from routing.engine.ruleset import RuleSet
from routing.models import Revision
from routing.services.draft import compile_draft
from routing.services.draft_table import read_draft_table, read_once
from routing.snapshot import store
from routing.snapshot.changes import load_whole
from routing.snapshot.load import load_nothing

KEPT = 4  # revisions kept compiled in a process: people compare a few with each other


class NoRuleset(ValueError):
    """A revision that is not there, or that this version of the program cannot read."""


def live_ruleset() -> RuleSet:
    """Return the rules that decide calls now."""
    return store.current().ruleset


def draft_ruleset() -> RuleSet:
    """Return the draft's rules, compiled anew only when the draft changed; raises TableErrors where it has faults."""
    return read_once("ruleset", lambda: compile_draft(read_draft_table()))


def ruleset_of(revision: int | None) -> RuleSet:
    """Return the rules of a revision, None for what was before the first; raises NoRuleset."""
    live = live_ruleset()
    if live.revision == revision:
        return live
    if revision is None:
        return load_nothing()
    checksum = Revision.objects.filter(number=revision).values_list("checksum", flat=True).first()
    if checksum is None:
        raise NoRuleset(f"Revision {revision} is not there.")
    return _read_revision(revision, checksum)


@lru_cache(maxsize=KEPT)
def _read_revision(number: int, checksum: str) -> RuleSet:
    """Compile a revision; the checksum tells it from one of the same number in a database that was replaced."""
    try:
        return load_whole((number, checksum))
    except TableErrors as error:
        raise NoRuleset(f"Revision {number} can no longer be read: {error}") from error
