"""Everything that can be wrong with a table's meaning, told together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from routing.engine.conditions import check_customer_entry, read_number_text
from routing.engine.errors import TableError
from routing.engine.numbers import is_sip_uri, is_withheld, to_e164
from routing.engine.schedule import check_schedule, is_timezone
from routing.engine.table import (
    AttributeSpec,
    CampaignSpec,
    ListSpec,
    Operator,
    OurNumber,
    RuleSpec,
    Table,
    Target,
    TargetKind,
    When,
)

Fault = tuple[str, str]  # field, message
_NO_VALUE = (Operator.EXISTS, Operator.MISSING)
_MANY_VALUES = (Operator.IN, Operator.NOT_IN)
_NUMERIC = (Operator.GREATER, Operator.LESS)


# Counted up when a check is added or made stricter: documents that passed those before are checked again.
CHECKS = 1


def check_table(table: Table, default_region: str) -> list[TableError]:
    """Return every fault of the table; an empty list means that it compiles."""
    ours = {number.key for number in table.numbers}
    return [
        *_named("table", _table_faults(table)),
        *_duplicate_errors(table),
        *(e for target in table.targets for e in _named(_q("target", target.key), _target(target))),
        *(error for schedule in table.schedules for error in check_schedule(schedule)),
        *(e for number in table.numbers for e in _named(_q("number", number.name), _ours(number))),
        *(
            error
            for campaign in table.campaigns
            for error in _named(_q("campaign", campaign.slug), _campaign(campaign, ours))
        ),
        *(e for spec in table.lists for e in _named(_q("list", spec.key), _entries(spec))),
        *_rule_errors(table, default_region),
    ]


def _q(noun: str, key: str) -> str:
    return f"{noun} '{key}'"


def _named(subject: str, faults: Iterable[Fault]) -> Iterator[TableError]:
    return (TableError(subject, field, message) for field, message in faults)


def _table_faults(table: Table) -> Iterator[Fault]:
    keys = {target.key for target in table.targets}
    if not table.default:
        yield "default", "is missing; name the target that takes what no rule takes"
    elif table.default not in keys:
        yield "default", f"target '{table.default}' does not exist"
    if table.blocked and table.blocked not in keys:
        yield "blocked", f"target '{table.blocked}' does not exist"
    if table.default_number and table.default_number not in {n.key for n in table.numbers}:
        yield "default_number", f"'{table.default_number}' is none of the table's numbers"


def _duplicate_errors(table: Table) -> Iterator[TableError]:
    keyed: tuple[tuple[str, str, list[str]], ...] = (
        ("target", "key", [target.key for target in table.targets]),
        ("target", "name", [target.name for target in table.targets]),
        ("schedule", "key", [schedule.key for schedule in table.schedules]),
        ("schedule", "name", [schedule.name for schedule in table.schedules]),
        ("number", "vapi_id", [number.vapi_id for number in table.numbers]),
        ("number", "number", [number.key for number in table.numbers]),
        ("campaign", "slug", [campaign.slug for campaign in table.campaigns]),
        ("list", "key", [spec.key for spec in table.lists]),
        ("list", "name", [spec.name for spec in table.lists]),
        ("rule", "key", [rule.key for rule in table.rules]),
    )
    for noun, field, values in keyed:
        for value, count in Counter(values).items():
            if count > 1 and value:
                yield TableError(_q(noun, value), field, f"stands {count} times; make it unique")


def _target(target: Target) -> Iterator[Fault]:
    match target.kind:
        case TargetKind.ASSISTANT | TargetKind.SQUAD:
            if not target.vapi_id:
                yield "vapi_id", f"is missing; a target of kind {target.kind} needs its id at Vapi"
        case TargetKind.TRANSFER:
            if (target.number is None) == (target.sip_uri is None):
                yield "number", "write either a number such as +12025550199 or a sip_uri"
        case TargetKind.REJECT:
            if not target.message.strip():
                yield "message", "is missing; write the sentence that the caller hears"
    if target.version and target.kind is not TargetKind.ASSISTANT:
        yield "version", "only an assistant has versions"
    yield from _line_faults(target.number, target.sip_uri)


def _ours(number: OurNumber) -> Iterator[Fault]:
    yield from _line_faults(number.number, number.sip_uri)


def _line_faults(number: str | None, sip_uri: str | None) -> Iterator[Fault]:
    if number is not None and to_e164(number, "ZZ") != number:
        yield "number", f"'{number}' is not a telephone number; write it as +12025550111"
    if sip_uri is not None and not is_sip_uri(sip_uri):
        yield "sip_uri", f"'{sip_uri}' is not a SIP URI such as sip:sales@example.com"


def _campaign(campaign: CampaignSpec, ours: set[str]) -> Iterator[Fault]:
    yield from _unknown("numbers", "number", campaign.numbers, ours)
    if campaign.caller_id and campaign.caller_id not in ours:
        yield "caller_id", f"'{campaign.caller_id}' is none of the table's numbers"
    if campaign.starts_on and campaign.ends_on and campaign.ends_on < campaign.starts_on:
        yield "ends_on", f"{campaign.ends_on} is before starts_on, {campaign.starts_on}"
    yield from _zone(campaign.timezone, needed=bool(campaign.starts_on or campaign.ends_on))


def _entries(spec: ListSpec) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, entry in enumerate(spec.entries or ()):
        if entry.number in seen:
            yield f"entries[{place}].number", f"'{entry.number}' stands twice on this list; make it unique"
        elif entry.number and is_withheld(entry.number):
            yield f"entries[{place}].number", f"'{entry.number}' stands for a hidden number; nobody is known by it"
        seen.add(entry.number)


def _zone(timezone: str | None, *, needed: bool, field: str = "timezone") -> Iterator[Fault]:
    if timezone and not is_timezone(timezone):
        yield field, f"'{timezone}' is not an IANA time zone such as America/New_York"
    if needed and not timezone:
        yield field, "is missing; dates need a time zone such as America/New_York"


def _unknown(field: str, noun: str, keys: Iterable[str], known: set[str]) -> Iterator[Fault]:
    for place, key in enumerate(keys):
        if key not in known:
            yield f"{field}[{place}]", f"{noun} '{key}' does not exist"


def _rule_errors(table: Table, default_region: str) -> Iterator[TableError]:
    known = {
        "target": {target.key for target in table.targets},
        "schedule": {schedule.key for schedule in table.schedules},
        "number": {number.key for number in table.numbers},
        "campaign": {campaign.slug for campaign in table.campaigns},
        "list": {spec.key for spec in table.lists},
    }
    for rule in table.rules:
        subject = _q("rule", rule.key)
        yield from _named(subject, _then(rule, known["target"]))
        yield from _named(subject, _when(rule.when, known, default_region))


def _then(rule: RuleSpec, targets: set[str]) -> Iterator[Fault]:
    if not rule.then:
        yield "then", "is missing; name at least one target"
        return
    for place, arm in enumerate(rule.then):
        if arm.target and arm.target not in targets:
            yield f"then[{place}].target", f"target '{arm.target}' does not exist"
        if not 0 <= arm.weight <= 100:
            yield f"then[{place}].weight", f"{arm.weight} is not between 0 and 100"
    total = sum(arm.weight for arm in rule.then)
    if total != 100:
        yield "then", f"the weights add up to {total}; they must add up to 100"
    if len({arm.target for arm in rule.then}) < len(rule.then):
        yield "then", "names a target twice; add their weights up instead"


def _when(when: When, known: dict[str, set[str]], default_region: str) -> Iterator[Fault]:
    for place, entry in enumerate(when.customer):
        message = check_customer_entry(entry, default_region)
        if message:
            yield f"when.customer[{place}]", message
    yield from _unknown("when.lists.any_of", "list", when.lists_any, known["list"])
    yield from _unknown("when.lists.none_of", "list", when.lists_none, known["list"])
    yield from _unknown("when.numbers", "number", when.numbers, known["number"])
    yield from _unknown("when.campaigns", "campaign", when.campaigns, known["campaign"])
    if when.schedule and when.schedule not in known["schedule"]:
        yield "when.schedule.key", f"schedule '{when.schedule}' does not exist"
    if when.valid_from and when.valid_until and when.valid_until < when.valid_from:
        yield "when.until", f"{when.valid_until} is before from, {when.valid_from}"
    yield from _zone(when.timezone, needed=bool(when.valid_from or when.valid_until), field="when.timezone")
    for place, attribute in enumerate(when.attributes):
        for field, message in check_attribute(attribute):
            yield f"when.attributes[{place}].{field}", message


def check_attribute(spec: AttributeSpec) -> Iterator[Fault]:
    """Yield what is wrong with one attribute condition."""
    if spec.op in _NO_VALUE:
        if spec.values:
            yield "value", f"has no place with {spec.op}; remove it"
        return
    if not spec.values:
        yield "value", "is missing; write what the attribute is compared with"
        return
    if len(spec.values) > 1 and spec.op not in _MANY_VALUES:
        yield "value", f"{spec.op} compares with one value; use in (is one of) or not_in (is none of) for several"
    if spec.op in _NUMERIC and read_number_text(spec.values[0]) is None:
        yield "value", f"'{spec.values[0]}' is not a number"
