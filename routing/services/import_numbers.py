"""Many numbers onto a list at once: first what would happen, then the same in earnest."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from django.db import connection, transaction

from routing.models import NumberList, NumberListEntry
from routing.services.read_numbers import BadRow, NumberRow

# Seconds. Whoever waits for SQLite looks every tenth of a second whether it is free: without a pause between two
# transactions an emergency switch meets none that is free, and fails after five seconds.
PAUSE = 0.12
# A transaction holds the counter of live changes, which the emergency switch needs too: none may last long.
PORTION = 2000
Item = TypeVar("Item")
UPDATED = ("label", "variables", "expires_at")


@dataclass(kw_only=True, slots=True)
class NumbersPlan:
    """What an import would do, row by row; nothing of it is done yet.

    ``repeated`` are rows whose number stood above already: the last one counts. ``gone`` are numbers that the file
    lacks, where it is to replace the list.
    """

    added: list[NumberRow] = field(default_factory=list)
    changed: list[NumberRow] = field(default_factory=list)
    unchanged: int = 0
    repeated: list[NumberRow] = field(default_factory=list)
    faults: list[BadRow] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """Return how many entries would be written or removed."""
        return len(self.added) + len(self.changed) + len(self.gone)


def plan_import(
    rows: Iterable[NumberRow | BadRow],
    number_list: NumberList,
    *,
    replaces: bool = False,
    expires_at: datetime | None = None,
) -> NumbersPlan:
    """Compare the rows with the list. ``expires_at`` is for rows that name no expiry of their own."""
    plan = NumbersPlan()
    wanted: dict[str, NumberRow] = {}
    for row in rows:
        if isinstance(row, BadRow):
            plan.faults.append(row)
            continue
        if row.number in wanted:
            plan.repeated.append(row)
        wanted[row.number] = replace(row, expires_at=row.expires_at or expires_at)
    present = {
        number: (label, variables, expiry)
        for number, label, variables, expiry in number_list.entries.values_list("number", *UPDATED).iterator()
    }
    for number, row in wanted.items():
        if number not in present:
            plan.added.append(row)
        elif present[number] != (row.label, row.variables, row.expires_at):
            plan.changed.append(row)
        else:
            plan.unchanged += 1
    if replaces:
        plan.gone = [number for number in present if number not in wanted]
    return plan


def apply_import(plan: NumbersPlan, number_list: NumberList) -> None:
    """Write what was planned, in portions; after a fault in between, doing it again does the rest."""
    for rows in _portions([*plan.added, *plan.changed]):
        with transaction.atomic():
            NumberListEntry.objects.bulk_create(
                [_entry(row, number_list) for row in rows],
                update_conflicts=True,
                unique_fields=["number_list", "number"],
                update_fields=UPDATED,
            )
    for numbers in _portions(plan.gone):
        number_list.entries.filter(number__in=numbers).delete()


def _entry(row: NumberRow, number_list: NumberList) -> NumberListEntry:
    return NumberListEntry(
        number_list=number_list,
        number=row.number,
        label=row.label,
        variables=row.variables,
        expires_at=row.expires_at,
    )


def _portions(items: list[Item]) -> Iterator[list[Item]]:
    """Yield the items in portions, and let others write in between."""
    for start in range(0, len(items), PORTION):
        if start and connection.vendor == "sqlite":
            time.sleep(PAUSE)
        yield items[start : start + PORTION]
