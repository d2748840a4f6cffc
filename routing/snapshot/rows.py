"""The bridge between the draft's rows and the engine's table: reading side, and the door to both."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model

from routing.engine import table as engine
from routing.engine.context import Channel
from routing.engine.table import Table
from routing.models import (
    Campaign,
    NumberList,
    NumberListEntry,
    OurNumber,
    Rule,
    RuleAttribute,
    RuleTarget,
    Schedule,
    ScheduleException,
    TableSettings,
    Target,
)
from routing.snapshot.row_writing import rows_from_table

__all__ = ["rows_from_table", "table_from_rows"]

Keys = Mapping[Any, str]  # primary key -> natural key


def table_from_rows(*, with_entries: bool = False) -> Table:
    """Return the draft as a table, in a fixed order: by key, rules by position.

    The number of queries does not depend on the number of rows. Entries of lists are read only on demand.
    """
    targets = {row.pk: row for row in Target.objects.order_by("key")}
    number_rows = {row.pk: row for row in OurNumber.objects.all()}
    lists = {row.pk: row for row in NumberList.objects.order_by("key")}
    campaigns = {row.pk: row.slug for row in Campaign.objects.all()}
    target_keys: Keys = {pk: row.key for pk, row in targets.items()}
    numbers: Keys = {pk: row.key for pk, row in number_rows.items()}
    single = TableSettings.load()
    return Table(
        default=target_keys.get(single.default_target_id),
        default_number=numbers.get(single.default_number_id),
        blocked=target_keys.get(single.blocked_target_id),
        overrides=single.overrides,
        targets=tuple(map(read_target_row, targets.values())),
        schedules=tuple(_schedules()),
        numbers=tuple(sorted(map(_number, number_rows.values()), key=lambda number: number.key)),
        campaigns=tuple(_campaigns(numbers)),
        lists=tuple(_lists(lists.values(), with_entries=with_entries)),
        rules=tuple(_rules(target_keys, numbers, {pk: row.key for pk, row in lists.items()}, campaigns)),
    )


def read_target_row(row: Target) -> engine.Target:
    """Return the engine's target of a row."""
    return engine.Target(
        key=row.key,
        name=row.name,
        kind=engine.TargetKind(row.kind),
        vapi_id=row.vapi_id or None,
        version=row.version or None,
        number=row.number,
        sip_uri=row.sip_uri,
        message=row.message,
        extension=row.extension,
        caller_id=row.caller_id,
        enabled=row.enabled,
        overrides=row.overrides,
    )


def _schedules() -> Iterable[engine.ScheduleSpec]:
    exceptions = _grouped(ScheduleException.objects.order_by("starts_on"), "schedule_id")
    return [row.spec(exceptions[row.pk]) for row in Schedule.objects.order_by("key")]


def _number(row: OurNumber) -> engine.OurNumber:
    return engine.OurNumber(vapi_id=row.vapi_id, name=row.name, number=row.number, sip_uri=row.sip_uri)


def _campaigns(numbers: Keys) -> Iterable[engine.CampaignSpec]:
    numbers_of = _linked(Campaign, "numbers", numbers)
    for row in Campaign.objects.order_by("slug"):
        yield engine.CampaignSpec(
            slug=row.slug,
            name=row.name,
            numbers=numbers_of[row.pk],
            caller_id=numbers.get(row.caller_id_id),
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            timezone=row.timezone or None,
            vapi_campaign_ids=tuple(row.vapi_campaign_ids),
        )


def _lists(rows: Iterable[NumberList], *, with_entries: bool) -> Iterable[engine.ListSpec]:
    entries = _grouped(NumberListEntry.objects.order_by("number"), "number_list_id") if with_entries else None
    for row in rows:
        yield engine.ListSpec(
            key=row.key,
            name=row.name,
            purpose=engine.Purpose(row.purpose),
            entries=None if entries is None else tuple(map(_entry, entries[row.pk])),
        )


def _entry(row: NumberListEntry) -> engine.ListEntry:
    return engine.ListEntry(number=row.number, label=row.label, variables=row.variables, expires_at=row.expires_at)


def _rules(targets: Keys, numbers: Keys, lists: Keys, campaigns: Keys) -> Iterable[engine.RuleSpec]:
    arms = _grouped(_plain(RuleTarget, "position", "pk"), "rule_id")
    attributes = _grouped(_plain(RuleAttribute, "position", "pk"), "rule_id")
    schedules = dict(Schedule.objects.values_list("pk", "key"))
    links: dict[str, Mapping[Any, Any]] = {
        "lists_any": _linked(Rule, "lists_any", lists),
        "lists_none": _linked(Rule, "lists_none", lists),
        "numbers": _linked(Rule, "numbers", numbers),
        "campaigns": _linked(Rule, "campaigns", campaigns),
    }
    # Rows are let go one by one: freed all at once, 100,000 of them would hold up every call.
    for row in _plain(Rule, "position"):
        yield engine.RuleSpec(
            key=row.key,
            name=row.name,
            note=row.note,
            enabled=row.enabled,
            when=engine.When(
                **{field: keys[row.id] for field, keys in links.items()},
                **_columns(row, schedules),
                attributes=tuple(map(_attribute, attributes.pop(row.id, ()))),
            ),
            then=tuple(engine.Arm(target=targets[arm.target_id], weight=arm.weight) for arm in arms.pop(row.id, ())),
            overrides=row.overrides,
        )


def _plain(model: type[Model], *order: str) -> Iterable[Any]:
    """Return rows without a model's machinery, which is half of what reading 100,000 rules takes."""
    columns = [field.attname for field in model._meta.concrete_fields]
    return model._default_manager.order_by(*order).values_list(*columns, named=True).iterator()


def _columns(row: Rule, schedules: Keys) -> dict[str, Any]:
    """Return the conditions that stand in the rule's own row."""
    schedule = schedules.get(row.schedule_id)
    return {
        "channels": tuple(map(Channel, row.channels)),
        "customer": tuple(row.customer),
        "schedule": schedule,
        "schedule_is_open": row.schedule_is_open if schedule else True,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
        "timezone": row.timezone or None,
    }


def _attribute(row: RuleAttribute) -> engine.AttributeSpec:
    return engine.AttributeSpec(
        key=row.key, op=engine.Operator(row.op), values=tuple(row.values), allow_untrusted=row.allow_untrusted
    )


def _grouped(rows: Iterable[Any], column: str) -> defaultdict[Any, list[Any]]:
    groups: defaultdict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, column)].append(row)
    return groups


def _linked(model: type[Model], field: str, keys: Keys) -> defaultdict[Any, tuple[str, ...]]:
    """Return, for each row, the keys that a many-to-many field links it to, in the order they were added."""
    link: Any = model._meta.get_field(field)
    through = link.remote_field.through
    pairs = through.objects.order_by("pk").values_list(
        f"{link.m2m_field_name()}_id", f"{link.m2m_reverse_field_name()}_id"
    )
    found: defaultdict[Any, tuple[str, ...]] = defaultdict(tuple)
    for near, far in pairs:
        found[near] += (keys[far],)
    return found
