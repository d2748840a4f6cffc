"""Replacing the draft by a table file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import DataError, IntegrityError, transaction

from routing.engine.compile import compile_table
from routing.engine.document import read_document
from routing.engine.errors import TableError, TableErrors
from routing.engine.table import Table
from routing.models import Revision
from routing.services.publish import publish
from routing.snapshot.load import last_resort
from routing.snapshot.rows import rows_from_table, table_from_rows
from routing.snapshot.tablefile import read_text


@dataclass(frozen=True, kw_only=True, slots=True)
class KindChanges:
    """How many rows of one kind an import changed."""

    created: int
    updated: int
    deleted: int

    def __bool__(self) -> bool:
        return bool(self.created or self.updated or self.deleted)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportReport:
    """What an import did, or would do. ``kinds`` has an entry for each kind of row, ``settings`` for the table's own.

    ``reordered`` tells that rules changed places; ``kept_lists`` names lists that the file lacks and that stayed
    because they hold entries.
    """

    kinds: Mapping[str, KindChanges]
    settings_changed: bool
    reordered: bool
    kept_lists: tuple[str, ...]


def read_table(text: str) -> Table:
    """Return the table that a file holds; raises TableErrors with every mistake in it."""
    region = settings.ROUTING_DEFAULT_REGION
    table = read_document(read_text(text), default_region=region)
    compile_table(table, revision=None, default_region=region, last_resort=last_resort())
    return table


def import_table(text: str, *, dry_run: bool = False) -> ImportReport:
    """Replace the draft by the table of a file, all or nothing; a dry run does it and takes it back.

    Raises TableErrors with every mistake in the file. Nothing goes live but entries of lists, where the file has any.
    """
    table = read_table(text)
    with_entries = any(spec.entries is not None for spec in table.lists)
    try:
        with transaction.atomic():
            before = table_from_rows(with_entries=with_entries)
            rows_from_table(table)
            after = table_from_rows(with_entries=with_entries)
            if dry_run:
                raise _TakeBack
    except _TakeBack:
        pass
    except (IntegrityError, DataError) as error:
        reason = str(error).partition("\n")[0]
        raise TableErrors(
            [TableError("table", "", f"the database refuses it ({reason}); nothing was changed")]
        ) from error
    return _report(before, after, table)


def import_and_publish(text: str, *, author: User | None, note: str, now: datetime) -> tuple[ImportReport, Revision]:
    """Replace the draft by the table of a file and make it live, both or neither; raises TableErrors."""
    with transaction.atomic():
        return import_table(text), publish(author=author, note=note, now=now)


class _TakeBack(Exception):
    """Ends a dry run."""


def _report(before: Table, after: Table, wanted: Table) -> ImportReport:
    known = {spec.key for spec in wanted.lists}
    return ImportReport(
        kinds={
            kind: _changes(_by_key(getattr(before, kind)), _by_key(getattr(after, kind)))
            for kind in ("targets", "schedules", "numbers", "campaigns", "lists", "rules")
        },
        settings_changed=_own_settings(before) != _own_settings(after),
        reordered=_is_reordered([rule.key for rule in before.rules], [rule.key for rule in after.rules]),
        kept_lists=tuple(spec.key for spec in after.lists if spec.key not in known),
    )


def _by_key(specs: Iterable[Any]) -> dict[str, Any]:
    return {spec.slug if hasattr(spec, "slug") else spec.key: spec for spec in specs}


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> KindChanges:
    return KindChanges(
        created=len(after.keys() - before.keys()),
        updated=sum(before[key] != after[key] for key in before.keys() & after.keys()),
        deleted=len(before.keys() - after.keys()),
    )


def _own_settings(table: Table) -> tuple[object, ...]:
    return table.default, table.default_number, table.blocked, table.overrides


def _is_reordered(before: list[str], after: list[str]) -> bool:
    common = set(before) & set(after)
    return [key for key in before if key in common] != [key for key in after if key in common]
