"""Makes targets and numbers of ours from what the last synchronisation saw at Vapi."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from routing.models import OurNumber, Target, VapiKind, VapiObject

LONGEST_NAME = 200
WORD_JOINER = "\u2060"
TAIL = 4  # characters of an id that tell nameless things apart


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """The new rows; how many things were known already; and why others could not be added, a sentence each."""

    rows: tuple[Any, ...]
    known: int
    refused: tuple[str, ...]


def add_targets(things: Iterable[VapiObject]) -> Added:
    """Make a target of each assistant and squad that no target names yet. They enter the draft, not the live table."""
    chosen = [thing for thing in things if thing.kind != VapiKind.PHONE_NUMBER]
    known = set(Target.objects.exclude(vapi_id=None).values_list("kind", "vapi_id"))
    names = set(Target.objects.values_list("name", flat=True))
    return _add(chosen, {thing.pk for thing in chosen if (thing.kind, thing.vapi_id) in known}, _make_target, names)


def add_numbers(things: Iterable[VapiObject]) -> Added:
    """Make a number of ours of each phone number that is not one yet."""
    chosen = [thing for thing in things if thing.kind == VapiKind.PHONE_NUMBER]
    known = set(OurNumber.objects.values_list("vapi_id", flat=True))
    return _add(chosen, {thing.pk for thing in chosen if thing.vapi_id in known}, _make_number, set())


def id_tail(vapi_id: str) -> str:
    """Return the end of an id for lists and menus; its dots never stand alone at the end of a line."""
    return f"…{WORD_JOINER}{vapi_id[-TAIL:]}"


def shown_name(thing: VapiObject) -> str:
    """Return the name at Vapi; for a nameless thing its kind and the end of its id."""
    return thing.name or f"{thing.get_kind_display()} …{thing.vapi_id[-TAIL:]}"


def _add(chosen: list[VapiObject], known: set[int], make: Any, names: set[str]) -> Added:
    rows, refused = [], []
    with transaction.atomic():
        for thing in chosen:
            if thing.pk in known:
                continue
            row = make(thing, names)
            try:
                row.full_clean(exclude=["key"])
            except ValidationError as error:
                refused.append(f"{thing}: {' '.join(error.messages)}")
                continue
            row.save()
            rows.append(row)
    return Added(rows=tuple(rows), known=len(known), refused=tuple(refused))


def _make_target(thing: VapiObject, names: set[str]) -> Target:
    name = _free_name(shown_name(thing), names)
    names.add(name)
    return Target(
        name=name,
        kind=thing.kind,
        vapi_id=thing.vapi_id,
        synced_name=thing.name,
        synced_updated_at=thing.updated_at,
        missing_since=thing.missing_since,
    )


def _make_number(thing: VapiObject, names: set[str]) -> OurNumber:
    """Return the row; a number that also has a SIP address is known by the number."""
    return OurNumber(
        vapi_id=thing.vapi_id,
        number=thing.number or None,
        sip_uri=None if thing.number else thing.sip_uri or None,
        name=thing.name[:LONGEST_NAME],
        missing_since=thing.missing_since,
    )


def _free_name(wanted: str, taken: set[str]) -> str:
    """Return the name, or with a number behind it if another target has it."""
    name, count = wanted[:LONGEST_NAME], 1
    while name in taken:
        count += 1
        name = f"{wanted[: LONGEST_NAME - 8]} ({count})"
    return name
