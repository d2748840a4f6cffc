"""Rules in the table file: read with every mistake kept, and written back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any

from routing.engine.context import Channel
from routing.engine.overrides import merge
from routing.engine.reading import LONGEST_KEY, Mistakes, ObjectReader, number_references, read_key, subject_of
from routing.engine.reading_plain import read_plain_rule
from routing.engine.table import Arm, AttributeSpec, Operator, RuleSpec, When


def key_from_name(name: str) -> str:
    """Return a key made from a name: ``VIP callers`` becomes ``vip-callers``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_KEY]


def read_rules(reader: ObjectReader) -> tuple[RuleSpec, ...]:
    """Read the rules; one without a key gets one from its name, unlike every other."""
    raws = reader.items("rules")
    if all(type(raw) is RuleSpec for raw in raws):
        return tuple(raws)
    taken = {str(raw.get("key")) for raw in raws if isinstance(raw, Mapping)}
    rules = []
    for place, raw in enumerate(raws):
        plain = raw if isinstance(raw, RuleSpec) else read_plain_rule(raw)
        rules.append(read_rule_with_care(raw, place, reader.mistakes, taken) if plain is None else plain)
        taken.add(rules[-1].key)
    return tuple(rules)


def read_rule_with_care(raw: object, place: int, mistakes: Mistakes, taken: Collection[str]) -> RuleSpec:
    """Read a rule in any of its forms, with every mistake; ``taken`` are keys that a new one must not have."""
    rule = ObjectReader(raw, subject_of(raw, "rule", "key", place), mistakes)
    name = rule.text("name")
    key = read_key(rule) if rule.has("key") else _free_key(key_from_name(name) or "rule", taken)
    rule.subject = f"rule '{key}'"
    read = _read_rule(rule, key, name or key)
    rule.done()
    return read


def _free_key(wanted: str, taken: Collection[str]) -> str:
    if wanted not in taken:
        return wanted
    return next(key for n in range(2, len(taken) + 3) if (key := _numbered(wanted, f"-{n}")) not in taken)


def _numbered(wanted: str, ending: str) -> str:
    return wanted[: LONGEST_KEY - len(ending)] + ending


def _read_rule(reader: ObjectReader, key: str, name: str) -> RuleSpec:
    when = reader.child("when")
    return RuleSpec(
        key=key,
        name=name,
        when=_read_when(when) if when is not None else When(),
        then=tuple(map(_read_arm, reader.children("then"))),
        note=reader.text("note"),
        enabled=reader.boolean("enabled", default=True),
        overrides=reader.json_object("overrides"),
    )


def _read_arm(reader: ObjectReader) -> Arm:
    arm = Arm(target=reader.text("target", required=True), weight=reader.integer("weight", default=100))
    reader.done()
    return arm


def _read_when(reader: ObjectReader) -> When:
    lists, schedule = reader.child("lists"), reader.child("schedule")
    when = When(
        channels=reader.choices("channels", Channel),
        customer=reader.texts("customer"),
        lists_any=lists.texts("any_of") if lists else (),
        lists_none=lists.texts("none_of") if lists else (),
        numbers=number_references(reader.texts("numbers")),
        campaigns=reader.texts("campaigns"),
        schedule=schedule.text("key", required=True) if schedule else None,
        schedule_is_open=_read_open(schedule) if schedule else True,
        valid_from=reader.day("from"),
        valid_until=reader.day("until"),
        timezone=reader.optional_text("timezone"),
        attributes=tuple(map(_read_attribute, reader.children("attributes"))),
    )
    for child in filter(None, (lists, schedule)):
        child.done()
    if reader.has("attributes") and not when.attributes:
        reader.wrong("attributes", "is an empty list; remove it, or name what must match")
    if lists and not (lists.has("any_of") or lists.has("none_of")):
        reader.wrong("lists", "names no list; write any_of or none_of, or remove it")
    reader.done()
    return when


def _read_open(reader: ObjectReader) -> bool:
    word = reader.text("is", default="open")
    if word not in ("open", "closed"):
        reader.wrong("is", f"'{word}' is not known; write open or closed")
    return word != "closed"


def _read_attribute(reader: ObjectReader) -> AttributeSpec:
    spec = AttributeSpec(
        key=reader.text("key", required=True),
        op=reader.choice("op", Operator, Operator.IS),
        values=_read_values(reader),
        allow_untrusted=reader.boolean("allow_untrusted", default=False),
    )
    reader.done()
    return spec


def _read_values(reader: ObjectReader) -> tuple[str, ...]:
    """Read one value or several; a JSON ``true`` compares as the text, as attributes of a call do."""
    value = reader.get("value")
    if isinstance(value, bool):
        return (str(value).lower(),)
    if isinstance(value, list | tuple):
        return reader.texts("value")
    text = reader.text("value")
    return (text,) if text else ()


def write_rule(rule: RuleSpec) -> dict[str, Any]:
    """Return a rule as plain JSON values; conditions that do not stand are left out."""
    return {
        "key": rule.key,
        "name": rule.name,
        "note": rule.note,
        "enabled": rule.enabled,
        "when": _write_when(rule.when),
        "then": [{"target": arm.target, "weight": arm.weight} for arm in rule.then],
        "overrides": merge(rule.overrides),
    }


def _write_when(when: When) -> dict[str, Any]:
    lists = {"any_of": list(when.lists_any), "none_of": list(when.lists_none)}
    state = "open" if when.schedule_is_open else "closed"
    written: dict[str, Any] = {
        "channels": [channel.value for channel in when.channels],
        "customer": list(when.customer),
        "lists": {name: keys for name, keys in lists.items() if keys},
        "numbers": list(when.numbers),
        "campaigns": list(when.campaigns),
        "schedule": {"key": when.schedule, "is": state} if when.schedule else None,
        "from": when.valid_from.isoformat() if when.valid_from else None,
        "until": when.valid_until.isoformat() if when.valid_until else None,
        "timezone": when.timezone,
        "attributes": [_write_attribute(attribute) for attribute in when.attributes],
    }
    return {name: value for name, value in written.items() if value}


def _write_attribute(spec: AttributeSpec) -> dict[str, Any]:
    written: dict[str, Any] = {"key": spec.key, "op": spec.op.value}
    if spec.values:
        many = spec.op in (Operator.IN, Operator.NOT_IN)
        written["value"] = list(spec.values) if many else spec.values[0]
    return written | {"allow_untrusted": spec.allow_untrusted}
