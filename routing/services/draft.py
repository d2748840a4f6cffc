"""The draft beside what is live: does it compile, and what would publishing change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from routing.engine.compile import compile_table
from routing.engine.document import write_document
from routing.engine.errors import TableError, TableErrors
from routing.engine.ruleset import RuleSet
from routing.engine.table import Table
from routing.models import LiveState
from routing.snapshot.load import last_resort
from routing.snapshot.rows import table_from_rows

# Section of a document -> what one of its entries is called, and the entry's own key.
SECTIONS = {
    "rules": ("Rule", "key"),
    "targets": ("Target", "key"),
    "schedules": ("Schedule", "key"),
    "campaigns": ("Campaign", "slug"),
    "numbers": ("Number", "vapi_id"),
    "lists": ("Number list", "key"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """The draft's state. ``live_revision`` is None while nothing is published; ``changes`` are sentences."""

    live_revision: int | None
    errors: tuple[TableError, ...]
    changes: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Tell whether publishing would change anything."""
        return bool(self.changes)


def read_draft() -> Draft:
    """Compile the draft and compare it with the live revision."""
    table = table_from_rows()
    state = LiveState.objects.select_related("revision").filter(pk=1).first()
    live = state.revision if state else None
    return Draft(
        live_revision=live.number if live else None,
        errors=_errors(table),
        changes=tuple(list_changes(live.document if live else {}, write_document(table))),
    )


def compile_draft(table: Table) -> RuleSet:
    """Return the draft ready to decide; raises TableErrors."""
    region = settings.ROUTING_DEFAULT_REGION
    return compile_table(table, revision=None, default_region=region, last_resort=last_resort())


def list_changes(live: Mapping[str, Any], draft: Mapping[str, Any]) -> Iterator[str]:
    """Yield one sentence for each entry that was added, changed or removed between two documents."""
    live, draft = _plain(live), _plain(draft)
    for section, (noun, key) in SECTIONS.items():
        before = {entry[key]: entry for entry in live.get(section, [])}
        after = {entry[key]: entry for entry in draft.get(section, [])}
        yield from (f"{noun} “{_name(after[it])}” is new." for it in after if it not in before)
        yield from (f"{noun} “{_name(after[it])}” changed." for it in after if before.get(it, after[it]) != after[it])
        yield from (f"{noun} “{_name(before[it])}” is gone." for it in before if it not in after)
        if section == "rules" and [it for it in before if it in after] != [it for it in after if it in before]:
            yield "The rules stand in another order."
    if _rest(live) != _rest(draft):
        yield "The table settings changed."


def _errors(table: Table) -> tuple[TableError, ...]:
    try:
        compile_draft(table)
    except TableErrors as errors:
        return errors.errors
    return ()


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document as it looks after it was stored: JSON values only."""
    plain: dict[str, Any] = json.loads(json.dumps(document))
    return plain


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry.get("name") or entry.get("number") or entry.get("sip_uri"))


def _rest(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in SECTIONS and name != "version"}
