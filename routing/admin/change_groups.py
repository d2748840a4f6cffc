"""Differences between two tables as a page shows them: one block an entry, with a link to its form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q
from django.urls import reverse

from routing.engine.errors import TableError
from routing.models import Campaign, NumberList, OurNumber, Rule, Schedule, TableSettings, Target
from routing.services.describe_changes import Change, ChangeKind

SHOWN = 200  # blocks on a page; a whole new table is not read line by line
# Section -> model, and its columns that may hold the key.
PLACES: dict[str, tuple[type[Model], tuple[str, ...]]] = {
    "rules": (Rule, ("key",)),
    "targets": (Target, ("key",)),
    "schedules": (Schedule, ("key",)),
    "campaigns": (Campaign, ("slug",)),
    "numbers": (OurNumber, ("vapi_id", "number", "sip_uri", "name")),
    "lists": (NumberList, ("key",)),
}
SUBJECT = re.compile(r"(?P<noun>rule|target|schedule|campaign|number|list) '(?P<key>.+)'")


@dataclass(frozen=True, kw_only=True)
class Group:
    """All differences of one entry."""

    subject: str
    kind: ChangeKind
    changes: tuple[Change, ...]
    address: str = ""


def group_changes(changes: Sequence[Change]) -> tuple[list[Group], int]:
    """Return the first blocks, and how many more there are; what is gone has no form to lead to."""
    entries: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        entries.setdefault((change.section, change.key), []).append(change)
    shown = list(entries.items())[:SHOWN]
    addresses = addresses_of(entry for entry, _ in shown)
    groups = [
        Group(
            subject=found[0].subject,
            kind=next((it.kind for it in found if it.kind is not ChangeKind.MOVED), ChangeKind.MOVED),
            changes=tuple(found),
            address=addresses.get(entry, ""),
        )
        for entry, found in shown
    ]
    return groups, len(entries) - len(shown)


def linked_errors(errors: Iterable[TableError]) -> list[tuple[TableError, str]]:
    """Return each fault with the address of the form where it can be mended, if there is one."""
    found = [(error, _entry_of(error.subject)) for error in errors]
    addresses = addresses_of(entry for _, entry in found)
    return [(error, addresses.get(entry, "")) for error, entry in found]


def addresses_of(entries: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the addresses of the forms of entries, given as section and key; one query a section."""
    wanted: dict[str, set[str]] = {}
    for section, key in entries:
        wanted.setdefault(section, set()).add(key)
    found: dict[tuple[str, str], str] = {}
    for section, keys in wanted.items():
        if section not in PLACES:  # the settings of the table
            found |= {(section, key): _address(TableSettings, 1) for key in keys}
            continue
        model, columns = PLACES[section]
        matching = Q(*((f"{column}__in", keys) for column in columns), _connector=Q.OR)
        rows: Any = model._default_manager.filter(matching).values_list("pk", *columns)
        found |= {(section, key): _address(model, pk) for pk, *names in rows for key in names if key in keys}
    return found


def _entry_of(subject: str) -> tuple[str, str]:
    match = SUBJECT.fullmatch(subject)
    return (f"{match['noun']}s", match["key"]) if match else ("settings", "settings")


def _address(model: type[Model], pk: Any) -> str:
    return reverse(f"admin:routing_{model._meta.model_name}_change", args=[pk])
