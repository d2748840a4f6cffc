"""The table file's shape: plain JSON values in, a ``Table`` out, and back again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from typing import Any, TypeVar

from routing.engine.checking import check_table
from routing.engine.errors import TableErrors
from routing.engine.numbers import customer_identity
from routing.engine.overrides import merge
from routing.engine.reading import (
    Mistakes,
    ObjectReader,
    number_reference,
    number_references,
    read_key,
    subject_of,
)
from routing.engine.reading_plain import parse_document
from routing.engine.reading_rules import read_rules, write_rule
from routing.engine.table import (
    CampaignSpec,
    ListEntry,
    ListSpec,
    OurNumber,
    Purpose,
    ScheduleException,
    ScheduleSpec,
    Table,
    Target,
    TargetKind,
)

VERSION = 1
Spec = TypeVar("Spec")


def read_document(raw: object, *, default_region: str = "US") -> Table:
    """Return the table a document holds; ``default_region`` is where national numbers on lists belong.

    Raises TableErrors with every mistake of shape; when there is one, mistakes of meaning (unknown
    references, unreadable hours …) are told in the same go.
    """
    mistakes = Mistakes()
    table = _read_table(ObjectReader(raw, "table", mistakes), default_region)
    if mistakes.found:
        for error in check_table(table, default_region):
            mistakes.add(error.subject, error.field, error.message)
        raise TableErrors(mistakes.found.values())
    return table


def read_document_text(text: str | bytes, *, default_region: str = "US") -> Table:
    """Return the table of a document's JSON text, as ``read_document`` does, in less time and memory.

    Raises ValueError where it is not JSON.
    """
    return read_document(parse_document(text), default_region=default_region)


def _read_table(reader: ObjectReader, region: str) -> Table:
    version = reader.integer("version", default=VERSION)
    if version != VERSION:
        reader.wrong("version", f"{version} is not known; this program reads version {VERSION}")
    table = Table(
        default=reader.optional_text("default"),
        default_number=number_reference(reader.optional_text("default_number")),
        blocked=reader.optional_text("blocked"),
        overrides=reader.json_object("overrides"),
        targets=_each(reader, "targets", "target", "key", _read_target),
        schedules=_each(reader, "schedules", "schedule", "key", _read_schedule),
        numbers=_each(reader, "numbers", "number", "name", _read_number),
        campaigns=_each(reader, "campaigns", "campaign", "slug", _read_campaign),
        lists=_each(reader, "lists", "list", "key", partial(_read_list, region=region)),
        rules=read_rules(reader),
    )
    reader.done()
    return table


def _each(
    reader: ObjectReader,
    field: str,
    noun: str,
    label: str,
    read: Callable[[ObjectReader], Spec],
) -> tuple[Spec, ...]:
    found = []
    for place, raw in enumerate(reader.items(field)):
        item = ObjectReader(raw, subject_of(raw, noun, label, place), reader.mistakes)
        found.append(read(item))
        item.done()
    return tuple(found)


def _read_target(reader: ObjectReader) -> Target:
    key = read_key(reader)
    if not reader.has("kind"):
        reader.wrong("kind", f"is missing; write one of {', '.join(TargetKind)}")
    return Target(
        key=key,
        name=reader.text("name", default=key),
        kind=reader.choice("kind", TargetKind, TargetKind.ASSISTANT),
        vapi_id=reader.optional_text("vapi_id"),
        version=reader.optional_text("version"),
        number=number_reference(reader.optional_text("number")),
        sip_uri=number_reference(reader.optional_text("sip_uri")),
        message=reader.text("message"),
        extension=reader.text("extension"),
        caller_id=reader.text("caller_id"),
        enabled=reader.boolean("enabled", default=True),
        overrides=reader.json_object("overrides"),
    )


def _read_schedule(reader: ObjectReader) -> ScheduleSpec:
    key = read_key(reader)
    return ScheduleSpec(
        key=key,
        name=reader.text("name", default=key),
        opening_hours=reader.text("opening_hours", required=True),
        timezone=reader.text("timezone", required=True),
        country=reader.optional_text("country"),
        exceptions=tuple(_read_exceptions(reader)),
    )


def _read_exceptions(reader: ObjectReader) -> Iterator[ScheduleException]:
    for child in reader.children("exceptions"):
        starts_on, ends_on = child.day("from"), child.day("to")
        hours, closed = child.optional_text("hours"), child.boolean("closed", default=False)
        if not child.has("from"):
            child.wrong("from", "is missing; write a date such as 2026-12-24")
        if closed == (hours is not None):
            child.wrong("hours", "write either closed: true or hours such as 09:00-12:00")
        note = child.text("note")
        child.done()
        if starts_on is not None:
            yield ScheduleException(starts_on=starts_on, ends_on=ends_on or starts_on, hours=hours, note=note)


def _read_number(reader: ObjectReader) -> OurNumber:
    number = number_reference(reader.optional_text("number"))
    sip_uri = number_reference(reader.optional_text("sip_uri"))
    if (number is None) == (sip_uri is None):
        reader.wrong("number", "write either a number such as +12025550111 or a sip_uri")
    return OurNumber(
        vapi_id=reader.text("vapi_id", required=True),
        name=reader.text("name", default=number or sip_uri or ""),
        number=number,
        sip_uri=sip_uri,
    )


def _read_campaign(reader: ObjectReader) -> CampaignSpec:
    slug = read_key(reader, "slug")
    return CampaignSpec(
        slug=slug,
        name=reader.text("name", default=slug),
        numbers=number_references(reader.texts("numbers", may_be_empty=True)),
        caller_id=number_reference(reader.optional_text("caller_id")),
        starts_on=reader.day("starts_on"),
        ends_on=reader.day("ends_on"),
        timezone=reader.optional_text("timezone"),
        vapi_campaign_ids=reader.texts("vapi_campaign_ids", may_be_empty=True),
    )


def _read_list(reader: ObjectReader, *, region: str) -> ListSpec:
    key = read_key(reader)
    entries = [_read_entry(child, region) for child in reader.children("entries")]
    return ListSpec(
        key=key,
        name=reader.text("name", default=key),
        purpose=reader.choice("purpose", Purpose, Purpose.SEGMENT),
        entries=tuple(entries) if reader.has("entries") else None,
    )


def _read_entry(reader: ObjectReader, region: str) -> ListEntry:
    entry = ListEntry(
        number=customer_identity(reader.text("number", required=True), region),
        label=reader.text("label"),
        variables=reader.json_object("variables"),
        expires_at=reader.moment("expires_at"),
    )
    reader.done()
    return entry


def write_document(table: Table, *, with_entries: bool = False) -> dict[str, Any]:
    """Return the table as plain JSON values with every field standing, ready for a revision.

    Entries of lists are live data: they are written only on demand.
    """
    return {
        "version": VERSION,
        "default": table.default,
        "default_number": table.default_number,
        "blocked": table.blocked,
        "overrides": merge(table.overrides),
        "targets": [_write_target(target) for target in table.targets],
        "schedules": [_write_schedule(schedule) for schedule in table.schedules],
        "numbers": [_write_flat(number) for number in table.numbers],
        "campaigns": [_write_campaign(campaign) for campaign in table.campaigns],
        "lists": [_write_list(spec, with_entries=with_entries) for spec in table.lists],
        "rules": [write_rule(rule) for rule in table.rules],
    }


def _write_flat(spec: Target | OurNumber | CampaignSpec) -> dict[str, Any]:
    """Return the fields as they are; ``asdict`` copies each value, which takes ten times as long."""
    return {field.name: getattr(spec, field.name) for field in fields(spec)}


def _write_target(target: Target) -> dict[str, Any]:
    return _write_flat(target) | {"kind": target.kind.value, "overrides": merge(target.overrides)}


def _write_schedule(schedule: ScheduleSpec) -> dict[str, Any]:
    return {
        "key": schedule.key,
        "name": schedule.name,
        "opening_hours": schedule.opening_hours,
        "timezone": schedule.timezone,
        "country": schedule.country,
        "exceptions": [
            {
                "from": exception.starts_on.isoformat(),
                "to": exception.ends_on.isoformat(),
                "closed": exception.hours is None,
                "hours": exception.hours,
                "note": exception.note,
            }
            for exception in schedule.exceptions
        ],
    }


def _write_campaign(campaign: CampaignSpec) -> dict[str, Any]:
    return _write_flat(campaign) | {
        "numbers": list(campaign.numbers),
        "starts_on": campaign.starts_on.isoformat() if campaign.starts_on else None,
        "ends_on": campaign.ends_on.isoformat() if campaign.ends_on else None,
        "vapi_campaign_ids": list(campaign.vapi_campaign_ids),
    }


def _write_list(spec: ListSpec, *, with_entries: bool) -> dict[str, Any]:
    header: dict[str, Any] = {"key": spec.key, "name": spec.name, "purpose": spec.purpose.value}
    if not with_entries or spec.entries is None:
        return header
    return header | {"entries": [_write_entry(entry) for entry in spec.entries]}


def _write_entry(entry: ListEntry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "label": entry.label,
        "variables": merge(entry.variables),
        "expires_at": entry.expires_at.isoformat() if entry.expires_at else None,
    }
