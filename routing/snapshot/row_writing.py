"""The bridge between the draft's rows and the engine's table: writing side."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Model, Q
from django.db.models.functions import Now

from routing.engine import table as engine
from routing.engine.errors import TableError, TableErrors
from routing.engine.overrides import merge
from routing.engine.table import Table
from routing.models import (
    Campaign,
    EmergencySwitch,
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

BATCH = 500
# What a table says nothing about: the row's identity, its place (rules are arranged at the end) and what a sync saw.
KEPT = {"id", "position", "synced_name", "synced_updated_at", "missing_since"}
TARGET_COLUMNS = "key name vapi_id version number sip_uri message extension caller_id enabled".split()
Ids = Mapping[str | None, Any]  # natural key -> primary key


def rows_from_table(table: Table) -> None:
    """Replace the whole draft by a table that compiled. Rows are matched by natural key and keep their ids.

    Entries are replaced only where the table speaks of them, and a list that holds entries stays although the table
    does not know it: who is on a do-not-call list must survive every roll-back. Raises TableErrors, and changes
    nothing, if a running emergency switch needs a row that would go.
    """
    with transaction.atomic():
        TableSettings.lock()
        _free_from_switches(table)
        _cut_links()
        targets = _replace(Target, "key", map(_target, table.targets), unique="name")
        numbers = _replace(OurNumber, "key", map(_number, table.numbers), unique="vapi_id")
        schedules = _replace(Schedule, "key", map(_schedule, table.schedules), unique="name")
        lists = _replace(NumberList, "key", map(_list, table.lists), unique="name")
        campaigns = _replace(Campaign, "slug", (_campaign(spec, numbers) for spec in table.campaigns))
        rules = _replace_rules(table, schedules)
        _write_exceptions(table, schedules)
        _write_entries(table, lists)
        _link(Campaign.numbers, campaigns, numbers, ((c.slug, c.numbers) for c in table.campaigns))
        _write_conditions(table, rules, lists, numbers, campaigns)
        _write_arms(table, rules, targets)
        _write_settings(table, targets, numbers)


def _free_from_switches(table: Table) -> None:
    """Delete finished switches that point to rows which go; one that runs must not change its meaning unseen."""
    gone = Q(target__isnull=False) & ~Q(target__key__in=[target.key for target in table.targets])
    numbers = [number.key for number in table.numbers]
    lost = OurNumber.objects.exclude(Q(number__in=numbers) | Q(sip_uri__in=numbers)).values("pk")
    switches = EmergencySwitch.objects.filter(gone | Q(our_numbers__in=lost)).distinct()
    running = list(switches.filter(ended_at__isnull=True, until__gt=Now()))
    if running:
        message = "runs and needs a target or number that the table does not have; end the switch first"
        raise TableErrors(TableError(f"emergency switch '{switch}'", "", message) for switch in running)
    EmergencySwitch.objects.filter(pk__in=[switch.pk for switch in switches]).delete()


def _cut_links() -> None:
    """Take away all links between rows of the draft, so that rows can go in any order."""
    for link in (
        RuleTarget,
        RuleAttribute,
        ScheduleException,
        Rule.lists_any.through,
        Rule.lists_none.through,
        Rule.numbers.through,
        Rule.campaigns.through,
        Campaign.numbers.through,
    ):
        link._default_manager.all().delete()
    Rule.objects.update(schedule=None)
    Campaign.objects.update(caller_id=None)
    TableSettings.objects.update(default_target=None, blocked_target=None, default_number=None)


def _replace(model: type[Model], key: str, columns: Iterable[dict[str, Any]], *, unique: str = "") -> Ids:
    """Delete, change and create rows until they are the wanted ones; return their primary keys by natural key.

    ``unique`` is a further column without repetition, whose values may change places among the rows.
    """
    rows: Any = model._default_manager
    wanted = {getattr(row, key): row for row in (model(**values) for values in columns)}
    present = {getattr(row, key): row for row in rows.all()}
    _delete(model, [row.pk for name, row in present.items() if name not in wanted])
    names = [field.attname for field in model._meta.concrete_fields if field.attname not in KEPT]
    differing = {row: _copy(wanted[name], row, names) for name, row in present.items() if name in wanted}
    changed = [row for row, columns in differing.items() if columns]
    aside = [model(pk=row.pk, **{unique: uuid4().hex}) for row, columns in differing.items() if unique in columns]
    if aside:
        rows.bulk_update(aside, [unique], batch_size=BATCH)
    if changed:
        # Each further column costs as much again, and an edit seldom touches more than one or two.
        rows.bulk_update(changed, sorted(set().union(*differing.values())), batch_size=BATCH)
    new = [row for name, row in wanted.items() if name not in present]
    rows.bulk_create(new, batch_size=BATCH)
    return {getattr(row, key): row.pk for row in (*present.values(), *new) if getattr(row, key) in wanted}


def _delete(model: type[Model], ids: list[Any]) -> None:
    leaving = model._default_manager.filter(pk__in=ids)
    if model is NumberList:
        leaving = leaving.filter(entries__isnull=True)
    leaving.delete()


def _copy(source: Model, row: Model, names: Iterable[str]) -> set[str]:
    """Copy the columns, and return those that changed."""
    changed = {name for name in names if getattr(row, name) != getattr(source, name)}
    for name in changed:
        setattr(row, name, getattr(source, name))
    return changed


def _replace_rules(table: Table, schedules: Ids) -> Ids:
    """Replace the rules; new ones are made behind all others and then everything is put in order."""
    behind = Rule.objects.next_position()
    columns = (_rule(rule, schedules, behind + place) for place, rule in enumerate(table.rules))
    rules = _replace(Rule, "key", columns)
    Rule.objects.arrange([rules[rule.key] for rule in table.rules])
    return rules


def _target(target: engine.Target) -> dict[str, Any]:
    columns = {name: getattr(target, name) for name in TARGET_COLUMNS}
    return columns | {"kind": target.kind.value, "overrides": merge(target.overrides)}


def _number(number: engine.OurNumber) -> dict[str, Any]:
    return {"vapi_id": number.vapi_id, "name": number.name, "number": number.number, "sip_uri": number.sip_uri}


def _schedule(spec: engine.ScheduleSpec) -> dict[str, Any]:
    return {
        "key": spec.key,
        "name": spec.name,
        "opening_hours": spec.opening_hours,
        "timezone": spec.timezone,
        "country": spec.country or "",
    }


def _list(spec: engine.ListSpec) -> dict[str, Any]:
    return {"key": spec.key, "name": spec.name, "purpose": spec.purpose.value}


def _campaign(spec: engine.CampaignSpec, numbers: Ids) -> dict[str, Any]:
    return {
        "slug": spec.slug,
        "name": spec.name,
        "caller_id_id": numbers.get(spec.caller_id),
        "starts_on": spec.starts_on,
        "ends_on": spec.ends_on,
        "timezone": spec.timezone or "",
        "vapi_campaign_ids": list(spec.vapi_campaign_ids),
    }


def _rule(rule: engine.RuleSpec, schedules: Ids, position: int) -> dict[str, Any]:
    return {
        "key": rule.key,
        "position": position,
        "name": rule.name,
        "enabled": rule.enabled,
        "note": rule.note,
        "channels": [channel.value for channel in rule.when.channels],
        "customer": list(rule.when.customer),
        "schedule_id": schedules.get(rule.when.schedule),
        "schedule_is_open": rule.when.schedule_is_open,
        "valid_from": rule.when.valid_from,
        "valid_until": rule.when.valid_until,
        "timezone": rule.when.timezone or "",
        "overrides": merge(rule.overrides),
    }


def _write_exceptions(table: Table, schedules: Ids) -> None:
    ScheduleException.objects.bulk_create(
        ScheduleException(
            schedule_id=schedules[spec.key],
            starts_on=exception.starts_on,
            ends_on=exception.ends_on,
            closed=exception.hours is None,
            hours=exception.hours or "",
            note=exception.note,
        )
        for spec in table.schedules
        for exception in spec.exceptions
    )


def _write_entries(table: Table, lists: Ids) -> None:
    spoken_of = {lists[spec.key]: spec.entries for spec in table.lists if spec.entries is not None}
    NumberListEntry.objects.filter(number_list__in=spoken_of).delete()
    rows = (
        NumberListEntry(
            number_list_id=number_list,
            number=entry.number,
            label=entry.label,
            variables=merge(entry.variables),
            expires_at=entry.expires_at,
        )
        for number_list, entries in spoken_of.items()
        for entry in entries
    )
    NumberListEntry.objects.bulk_create(rows, batch_size=BATCH)


def _write_conditions(table: Table, rules: Ids, lists: Ids, numbers: Ids, campaigns: Ids) -> None:
    _link(Rule.lists_any, rules, lists, ((rule.key, rule.when.lists_any) for rule in table.rules))
    _link(Rule.lists_none, rules, lists, ((rule.key, rule.when.lists_none) for rule in table.rules))
    _link(Rule.numbers, rules, numbers, ((rule.key, rule.when.numbers) for rule in table.rules))
    _link(Rule.campaigns, rules, campaigns, ((rule.key, rule.when.campaigns) for rule in table.rules))
    attributes = (
        RuleAttribute(
            rule_id=rules[rule.key],
            key=spec.key,
            op=spec.op.value,
            values=list(spec.values),
            allow_untrusted=spec.allow_untrusted,
            position=place,
        )
        for rule in table.rules
        for place, spec in enumerate(rule.when.attributes)
    )
    RuleAttribute.objects.bulk_create(attributes, batch_size=BATCH)


def _link(field: Any, near: Ids, far: Ids, links: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Write the rows of a many-to-many field, in the order of the table. The same key twice links once."""
    near_column, far_column = f"{field.field.m2m_field_name()}_id", f"{field.field.m2m_reverse_field_name()}_id"
    rows = (
        field.through(**{near_column: near[key], far_column: far[other]})
        for key, others in links
        for other in dict.fromkeys(others)
    )
    field.through._default_manager.bulk_create(rows, batch_size=BATCH)


def _write_arms(table: Table, rules: Ids, targets: Ids) -> None:
    arms = (
        RuleTarget(rule_id=rules[rule.key], target_id=targets[arm.target], weight=arm.weight, position=place)
        for rule in table.rules
        for place, arm in enumerate(rule.then)
    )
    RuleTarget.objects.bulk_create(arms, batch_size=BATCH)


def _write_settings(table: Table, targets: Ids, numbers: Ids) -> None:
    TableSettings.objects.update(
        default_target=targets.get(table.default),
        blocked_target=targets.get(table.blocked),
        default_number=numbers.get(table.default_number),
        overrides=merge(table.overrides),
    )
