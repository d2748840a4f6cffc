"""What a synchronisation writes: the rows that pickers show, and what targets and our numbers know of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Max, Model

from routing.models import OurNumber, Target, VapiKind, VapiObject
from routing.vapi.listing import Listed

AT_ONCE = 500  # rows of one statement
COLUMNS = ("name", "number", "sip_uri", "created_at", "updated_at", "missing_since")
AT_VAPI = (VapiKind.ASSISTANT, VapiKind.SQUAD)
Ids = Mapping[str, set[str]]  # by kind


def newest_change(kind: str) -> datetime | None:
    """Return the latest change at Vapi that is known of this kind."""
    newest: datetime | None = VapiObject.objects.filter(kind=kind).aggregate(newest=Max("updated_at"))["newest"]
    return newest


def known_ids() -> dict[str, set[str]]:
    """Return, by kind, what should be at Vapi: whatever was seen there or is named by a target or a number of ours."""
    known: dict[str, set[str]] = {kind: set() for kind in VapiKind.values}
    named: tuple[Iterable[tuple[str, Any]], ...] = (
        VapiObject.objects.filter(missing_since=None).values_list("kind", "vapi_id"),
        Target.objects.filter(missing_since=None, kind__in=AT_VAPI).values_list("kind", "vapi_id"),
        ((VapiKind.PHONE_NUMBER, one) for one in _numbers_there()),
    )
    for rows in named:
        for kind, vapi_id in rows:
            known[kind].add(vapi_id)
    return known


def _numbers_there() -> Iterable[str]:
    return OurNumber.objects.filter(missing_since=None).values_list("vapi_id", flat=True)


def keep_page(kind: str, page: Iterable[Listed]) -> None:
    """Insert or update what Vapi listed; whatever was missing is there again."""
    rows = [
        VapiObject(
            kind=kind,
            vapi_id=one.vapi_id,
            name=one.name,
            number=one.number,
            sip_uri=one.sip_uri,
            created_at=one.created_at,
            updated_at=one.updated_at,
        )
        for one in page
    ]
    VapiObject.objects.bulk_create(
        rows, batch_size=AT_ONCE, update_conflicts=True, unique_fields=["kind", "vapi_id"], update_fields=COLUMNS
    )


def mark_gone(gone: Ids, *, now: datetime) -> list[str]:
    """Mark what Vapi no longer has, and return its names; an id typed by hand, and never seen there, is its name."""
    names: list[str] = []
    for kind, ids in gone.items():
        for some in _batches(sorted(ids)):
            rows = VapiObject.objects.filter(kind=kind, vapi_id__in=some, missing_since=None)
            shown = {row.vapi_id: str(row) for row in rows}
            rows.update(missing_since=now)
            names += [shown.get(vapi_id, vapi_id) for vapi_id in some]
    return names


def refresh_users(gone: Ids, *, now: datetime) -> None:
    """Tell targets and our numbers what is known of their things at Vapi. Only rows that change are written.

    An id that was typed by hand may be unknown here: it is missing once it is among ``gone``.
    """
    targets = list(Target.objects.filter(kind__in=AT_VAPI))
    things = _things((target.kind, target.vapi_id or "") for target in targets)
    for target in targets:
        thing = things.get((target.kind, target.vapi_id or ""))
        if thing is not None:
            target.synced_name, target.synced_updated_at = thing.name, thing.updated_at
    _write_changed(Target, targets, ("synced_name", "synced_updated_at"))
    numbers = list(OurNumber.objects.all())
    things |= _things((VapiKind.PHONE_NUMBER, number.vapi_id) for number in numbers)
    users: list[tuple[str, Any]] = [(target.kind, target) for target in targets]
    users += [(VapiKind.PHONE_NUMBER, number) for number in numbers]
    for kind, user in users:
        thing = things.get((kind, user.vapi_id))
        if thing is not None:
            user.missing_since = thing.missing_since
        elif user.vapi_id in gone.get(kind, ()):
            user.missing_since = user.missing_since or now
    _write_changed(Target, targets, ("missing_since",))
    _write_changed(OurNumber, numbers, ("missing_since",))


def recall_target(target: Target) -> bool:
    """Set on an unsaved target what is known of its id at Vapi; returns False for an id that was never seen there."""
    thing = VapiObject.objects.filter(kind=target.kind, vapi_id=target.vapi_id).first()
    target.synced_name = thing.name if thing else ""
    target.synced_updated_at = thing.updated_at if thing else None
    target.missing_since = thing.missing_since if thing else None
    return thing is not None or target.kind not in AT_VAPI


def recall_number(number: OurNumber) -> None:
    """Set on an unsaved number of ours whether Vapi has it."""
    thing = VapiObject.objects.filter(kind=VapiKind.PHONE_NUMBER, vapi_id=number.vapi_id).first()
    number.missing_since = thing.missing_since if thing else None


def _things(named: Iterable[tuple[str, str]]) -> dict[tuple[str, str], VapiObject]:
    """Return the rows of these kinds and ids."""
    found: dict[tuple[str, str], VapiObject] = {}
    for some in _batches(sorted(set(named))):
        rows = VapiObject.objects.filter(vapi_id__in=[vapi_id for _, vapi_id in some])
        found |= {(row.kind, row.vapi_id): row for row in rows}
    return found


def _write_changed(model: type[Model], rows: Iterable[Any], columns: tuple[str, ...]) -> None:
    """Write these columns where they differ from the stored ones: each write wakes all processes."""
    stored = {pk: values for pk, *values in model._default_manager.values_list("pk", *columns)}
    changed = [
        row for row in rows if row.pk in stored and stored[row.pk] != [getattr(row, column) for column in columns]
    ]
    model._default_manager.bulk_update(changed, columns, batch_size=AT_ONCE)


def _batches(rows: list[Any]) -> Iterator[list[Any]]:
    return (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))
