"""Rules in the very form that ``write_rule`` gives them, read in a tenth of the time.

What is written otherwise, or might be wrong, is left to the reader that tells every mistake, and so are conditions that
are rare. A property test holds both to the same answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from routing.engine.context import Channel
from routing.engine.reading import LONGEST_KEY, number_references
from routing.engine.table import Arm, RuleSpec, When

_FIELDS = {"key", "name", "note", "enabled", "when", "then", "overrides"}
_KEY = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_KEY}}}")
_CHANNELS: dict[str, Channel] = {channel.value: channel for channel in Channel}
_ONLY_TEXTS = {str}
_STATES = {"open": True, "closed": False}

Fields = dict[str, Any]


def parse_document(text: str | bytes) -> Any:
    """Return a document's JSON values, with rules in place of the objects that they can be read from.

    Each rule is read as soon as it is parsed, so its object is gone before the next one comes: 100,000 of them would
    take 100 MB, of which the process would keep the most.
    """
    found = 0

    def read(value: dict[str, Any]) -> RuleSpec | dict[str, Any]:
        nonlocal found
        rule = read_plain_rule(value)
        found += rule is not None
        return value if rule is None else rule

    parsed = json.loads(text, object_hook=read)
    rules = parsed.get("rules") if type(parsed) is dict else None
    in_place = sum(type(rule) is RuleSpec for rule in rules) if type(rules) is list else 0
    return parsed if found == in_place else json.loads(text)  # somebody's overrides look like a rule


def read_plain_rule(raw: Any) -> RuleSpec | None:
    """Return the rule, or None where it must be read with care."""
    if type(raw) is not dict or raw.keys() != _FIELDS or raw["overrides"] != {} or type(raw["enabled"]) is not bool:
        return None
    key, name, note = raw["key"], raw["name"], raw["note"]
    if not (type(key) is type(name) is type(note) is str and name and _KEY.fullmatch(key)):
        return None
    when, then = _read_when(raw["when"]), _read_then(raw["then"])
    if when is None or then is None:
        return None
    return RuleSpec(key=key, name=name, when=when, then=then, note=note, enabled=raw["enabled"])


def _read_when(raw: Any) -> When | None:
    if type(raw) is not dict:
        return None
    fields: Fields = {}
    for name, value in raw.items():
        read = _CONDITIONS.get(name)
        if read is None or not read(value, fields):
            return None
    return When(**fields)


def _read_then(raw: Any) -> tuple[Arm, ...] | None:
    if type(raw) is not list or len(raw) != 1:
        return None
    only = raw[0]
    if type(only) is not dict or only.keys() != {"target", "weight"}:
        return None
    target, weight = only["target"], only["weight"]
    return _one_arm(target, weight) if type(target) is str and target.strip() and type(weight) is int else None


@lru_cache(maxsize=1_024)
def _one_arm(target: str, weight: int) -> tuple[Arm, ...]:
    """Most rules lead to one of few targets: they have its arm in common."""
    return (Arm(target=target, weight=weight),)


def _is_texts(value: Any) -> bool:
    return type(value) is list and set(map(type, value)) == _ONLY_TEXTS


def _texts(field: str) -> Callable[[Any, Fields], bool]:
    def read(value: Any, fields: Fields) -> bool:
        fields[field] = tuple(value) if _is_texts(value) else None
        return fields[field] is not None

    return read


def _numbers(value: Any, fields: Fields) -> bool:
    if _is_texts(value):
        fields["numbers"] = number_references(tuple(value))
        return True
    return False


def _channels(value: Any, fields: Fields) -> bool:
    fields["channels"] = _known_channels(tuple(value)) if _is_texts(value) else None
    return fields["channels"] is not None


@lru_cache(maxsize=64)
def _known_channels(texts: tuple[str, ...]) -> tuple[Channel, ...] | None:
    return tuple(map(_CHANNELS.__getitem__, texts)) if _CHANNELS.keys() >= set(texts) else None


def _schedule(value: Any, fields: Fields) -> bool:
    if type(value) is not dict or value.keys() != {"key", "is"}:
        return False
    key, state = value["key"], value["is"]
    if not (type(key) is type(state) is str and key.strip() and state in _STATES):
        return False
    fields["schedule"], fields["schedule_is_open"] = key, _STATES[state]
    return True


_CONDITIONS: dict[str, Callable[[Any, Fields], bool]] = {
    "channels": _channels,
    "customer": _texts("customer"),
    "numbers": _numbers,
    "campaigns": _texts("campaigns"),
    "schedule": _schedule,
}
