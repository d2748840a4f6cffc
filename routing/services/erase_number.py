"""Forget a customer's telephone number wherever it was kept: what a person may ask for by privacy law."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import CharField, JSONField, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from routing.engine.numbers import customer_identity, is_withheld
from routing.engine.table import Purpose
from routing.models import Call, EmergencySwitch, ListChange, NumberListEntry, RequestClaim
from routing.models.encrypted import EncryptedTextField, LockedText
from routing.recorder.drain import drain
from routing.recorder.erasing import count_rejected, erase_rejected, spool_files_of
from routing.snapshot.copy import copy_path
from routing.vapi.marker import is_marker
from routing.vapi.sandbox_calls import FILE_NAME, SandboxCalls

ERASED = "(erased)"
ERASED_TEXTS = ("external_id", "vapi_name", "target_name", "rule_name", "ended_reason", "error", "context", "facts")
ERASED_FROM = {Call, RequestClaim, NumberListEntry, ListChange, EmergencySwitch}  # nothing of the number stays there
SHORTEST = 7  # characters: an extension such as 100 also stands in prices and ids


class CannotErase(ValueError):
    """Words that are no telephone number of one person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased:
    """How many things the number was taken out of, where it stays, and which files still hold it."""

    calls: int = 0
    claims: int = 0
    entries: int = 0
    log_entries: int = 0
    records: int = 0
    kept: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def total(self) -> int:
        """Return the sum."""
        return self.calls + self.claims + self.entries + self.log_entries + self.records


class Mention:
    """Finds one number in texts, and not inside a longer one."""

    def __init__(self, number: str) -> None:
        """Look for ``number``, an identity as calls have it."""
        self.number = number
        self._pattern = re.compile(rf"(?<![0-9+]){re.escape(number)}(?![0-9])")

    def is_in(self, value: object) -> bool:
        """Tell whether a text, or JSON, holds the number."""
        return bool(self._pattern.search(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)))

    def cut(self, value: Any) -> Any:
        """Return the text, or JSON, with a mark in the number's place."""
        if isinstance(value, str):
            return self._pattern.sub(ERASED, value)
        if isinstance(value, list):
            return [self.cut(item) for item in value]
        if isinstance(value, dict):
            return {self.cut(key): self.cut(item) for key, item in value.items()}
        return value


def erase_number(text: str, *, author: Any = None, all_lists: bool = False, dry_run: bool = False) -> Erased:
    """Erase a number and return what was done; doing it again changes nothing.

    Calls keep their decision, without customer and context. Blocked and do-not-call lists keep the number alone, since
    they protect the person, unless ``all_lists``. ``author`` is named in the audit row. Raises CannotErase,
    DatabaseError and OSError.
    """
    mention = Mention(_read_number(text))
    if not dry_run:
        drain()  # what lies in the spool becomes rows, which are erased with the others
    with transaction.atomic():
        _lift_time_limit()
        done = Erased(
            calls=_erase_calls(mention, dry_run),
            claims=_erase_claims(mention, dry_run),
            entries=_erase_entries(mention, all_lists, dry_run),
            log_entries=_erase_log_entries(mention, dry_run),
            records=_erase_records(mention, dry_run),
            kept=tuple(_kept(mention, all_lists)),
        )
        if author is not None and done.total and not dry_run:
            _write_audit_row(author, done)
    return replace(done, files=_files(mention))


def drop_copies(files: tuple[Path, ...]) -> None:
    """Delete local copies of the table that still hold the number; a running server writes a new one by itself."""
    for path in files:
        if path.name.startswith(copy_path().name):
            path.unlink(missing_ok=True)


def _read_number(text: str) -> str:
    if is_withheld(text):
        raise CannotErase("This stands for a hidden number, which belongs to nobody.")
    number = customer_identity(text, settings.ROUTING_DEFAULT_REGION)
    if len(number) < SHORTEST:
        raise CannotErase(f"Write at least {SHORTEST} characters, best a number such as +12025550100.")
    return number


def _erase_calls(mention: Mention, dry_run: bool) -> int:
    rows = _mentioning(Call.objects.all(), mention, "customer_number", *ERASED_TEXTS)
    for call in [] if dry_run else rows:
        if mention.is_in(call.customer_number):
            call.customer_number = call.external_id = ""
            call.context, call.facts = {}, {}
            # A name of ours says nothing of the person, and by it the call is found at Vapi.
            call.vapi_name = call.vapi_name if is_marker(call.vapi_name) else ""
        _cut(call, mention, *ERASED_TEXTS)
        call.save(update_fields=["customer_number", *ERASED_TEXTS])
    return len(rows)


def _erase_claims(mention: Mention, dry_run: bool) -> int:
    """The claim itself stays: it keeps the person from being called a second time."""
    found = [
        claim for claim in RequestClaim.objects.filter(answer__isnull=False).iterator() if _is_told(claim, mention)
    ]
    for claim in [] if dry_run else found:
        # What no key opens is worth nothing, and may hold the number.
        claim.answer = json.dumps(mention.cut(json.loads(claim.answer))) if claim.answer else None
        claim.save(update_fields=["answer"])
    return len(found)


def _is_told(claim: RequestClaim, mention: Mention) -> bool:
    """Tell whether the answer holds the number, or cannot be read. It is encrypted, so that no query can find that."""
    return isinstance(claim.answer, LockedText) or mention.is_in(json.loads(claim.answer or "null"))


def _erase_entries(mention: Mention, all_lists: bool, dry_run: bool) -> int:
    entries = NumberListEntry.objects.filter(number=mention.number)
    leaving = entries if all_lists else entries.filter(number_list__purpose=Purpose.SEGMENT)
    described = entries.none() if all_lists else entries.exclude(number_list__purpose=Purpose.SEGMENT)
    described = described.exclude(label="", variables={})
    others = _mentioning(NumberListEntry.objects.exclude(number=mention.number), mention, "label", "variables")
    count = leaving.count() + described.count() + len(others)
    if not dry_run:
        _rewrite(others, mention, "label", "variables")
        described.update(label="", variables={})
        leaving.delete()
        # Processes that did not see the change yet read everything.
        ListChange.objects.filter(number=mention.number).update(number="")
    return count


def _erase_log_entries(mention: Mention, dry_run: bool) -> int:
    entries = _mentioning(LogEntry.objects.all(), mention, "object_repr", "change_message")
    switches = _mentioning(EmergencySwitch.objects.all(), mention, "reason")
    if not dry_run:
        _rewrite(entries, mention, "object_repr", "change_message")
        _rewrite(switches, mention, "reason")
    return len(entries) + len(switches)


def _erase_records(mention: Mention, dry_run: bool) -> int:
    sandbox = SandboxCalls(Path(settings.ROUTING_DATA_DIR) / FILE_NAME)
    if dry_run:
        return count_rejected(mention.is_in) + sum(mention.is_in(call) for call in sandbox.latest())
    return erase_rejected(mention.is_in) + sandbox.erase(mention.is_in)


def _kept(mention: Mention, all_lists: bool) -> Iterator[str]:
    """Name what staff have to decide about: a rule or a list without the number would be another one."""
    for model in apps.get_app_config("routing").get_models():
        columns = [field.attname for field in model._meta.concrete_fields if _holds_text(field)]
        if columns and model not in ERASED_FROM and not model._meta.proxy:
            for row in _mentioning(model._base_manager.order_by("pk"), mention, *columns):
                yield f"{model._meta.verbose_name} “{mention.cut(str(row))}”"
    if not all_lists:
        entries = NumberListEntry.objects.filter(number=mention.number).exclude(number_list__purpose=Purpose.SEGMENT)
        yield from (f"list “{entry.number_list.name}”" for entry in entries.select_related("number_list"))


def _holds_text(field: object) -> bool:
    return isinstance(field, CharField | TextField | JSONField) and not isinstance(field, EncryptedTextField)


def _files(mention: Mention) -> tuple[Path, ...]:
    copies = [copy_path(), copy_path().with_name(copy_path().name + ".1")]
    if NumberListEntry.objects.filter(number=mention.number).exists():
        copies = copies[1:]  # the newest one must keep a number that stays on a list
    held = [path for path in copies if path.exists() and mention.is_in(path.read_text(encoding="utf-8"))]
    return (*spool_files_of(mention.is_in), *held)


def _mentioning(rows: QuerySet[Any], mention: Mention, *columns: str) -> list[Any]:
    """Return the rows in which one of the columns holds the number; the database looks for more than is meant."""
    texts = {f"{column}_text": Cast(column, TextField()) for column in columns}
    holds = Q()
    for name in texts:
        holds |= Q(**{f"{name}__contains": mention.number})
    found = rows.annotate(**texts).filter(holds)
    return [row for row in found if any(mention.is_in(getattr(row, column)) for column in columns)]


def _cut(row: Model, mention: Mention, *columns: str) -> None:
    for column in columns:
        setattr(row, column, mention.cut(getattr(row, column)))


def _rewrite(rows: list[Any], mention: Mention, *columns: str) -> None:
    for row in rows:
        _cut(row, mention, *columns)
        row.save(update_fields=columns)


def _lift_time_limit() -> None:
    """Let the search in the call log take longer than a request may."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")


def _write_audit_row(author: Any, done: Erased) -> None:
    LogEntry.objects.create(
        user=author,
        content_type=ContentType.objects.get_for_model(Call),
        object_repr="A customer's number",
        action_flag=CHANGE,
        change_message=f"Erased from {done.calls} calls, {done.entries} list entries and {done.claims} requests.",
    )
