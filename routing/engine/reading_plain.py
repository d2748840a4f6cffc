"""Rules in the very form that ``write_rule`` gives them, read in a tenth of the time.

What is written otherwise, or might be wrong, is left to the reader that tells every mistake, and so are conditions that
are rare. A property test holds both to the same answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import field, fields, make_dataclass
from functools import lru_cache
from typing import Any, cast

from routing.engine.context import Channel
from routing.engine.reading import LONGEST_KEY, number_references
from routing.engine.table import NO_OVERRIDES, Arm, RuleSpec, When

_FIELDS = {"key", "name", "note", "enabled", "when", "then", "overrides"}
_ARM = {"target", "weight"}
_KEY = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_KEY}}}")
_CHANNELS: dict[str, Channel] = {channel.value: channel for channel in Channel}
_ONLY_TEXTS = {str}
_SCHEDULE = {"key", "is"}
_STATES = {"open": True, "closed": False}

Fields = dict[str, Any]


def _draft_of(frozen: type) -> type:
    """Return a class of the same fields and slots that is not frozen.

    A frozen value sets each of its fields by a call. A draft that becomes one in the end, by its ``__class__``, is made
    in less than half the time.
    """
    same: list[tuple[str, Any, Any]] = [
        (one.name, Any, field(default=one.default, default_factory=one.default_factory)) for one in fields(frozen)
    ]
    return make_dataclass(f"Draft{frozen.__name__}", same, slots=True, eq=False)


_DraftRule, _DraftWhen = _draft_of(RuleSpec), _draft_of(When)


def parse_document(text: str | bytes) -> Any:
    """Return a document's JSON values, with rules in place of the objects that they can be read from.

    Each rule is read as soon as it is parsed, so its object is gone before the next one comes: 100,000 of them would
    take 100 MB, of which the process would keep the most.
    """
    found = 0

    def read(value: dict[str, Any]) -> RuleSpec | dict[str, Any]:
        nonlocal found
        rule = read_plain_rule(value) if len(value) == len(_FIELDS) else None
        if rule is None:
            return value
        found += 1
        return rule

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
    rule = _DraftRule(key, name, when, then, note, raw["enabled"], NO_OVERRIDES)
    rule.__class__ = RuleSpec
    return cast(RuleSpec, rule)


def _read_when(raw: Any) -> When | None:
    if type(raw) is not dict:
        return None
    read: Fields = {}
    for name, value in raw.items():
        if name == "schedule":
            if not _read_schedule(value, read):
                return None
        elif name not in _CONDITIONS or (found := _CONDITIONS[name](value)) is None:
            return None
        else:
            read[name] = found
    when = _DraftWhen(**read)
    when.__class__ = When
    return cast(When, when)


def _read_then(raw: Any) -> tuple[Arm, ...] | None:
    if type(raw) is not list or len(raw) != 1:
        return None
    only = raw[0]
    if type(only) is not dict or only.keys() != _ARM:
        return None
    target, weight = only["target"], only["weight"]
    return _one_arm(target, weight) if type(target) is str and target.strip() and type(weight) is int else None


@lru_cache(maxsize=1_024)
def _one_arm(target: str, weight: int) -> tuple[Arm, ...]:
    """Most rules lead to one of few targets: they have its arm in common."""
    return (Arm(target=target, weight=weight),)


def _texts(value: Any) -> tuple[str, ...] | None:
    return tuple(value) if type(value) is list and set(map(type, value)) == _ONLY_TEXTS else None


def _numbers(value: Any) -> tuple[str, ...] | None:
    texts = _texts(value)
    return None if texts is None else number_references(texts)


def _channels(value: Any) -> tuple[Channel, ...] | None:
    texts = _texts(value)
    return None if texts is None else _known_channels(texts)


@lru_cache(maxsize=64)
def _known_channels(texts: tuple[str, ...]) -> tuple[Channel, ...] | None:
    return tuple(map(_CHANNELS.__getitem__, texts)) if _CHANNELS.keys() >= set(texts) else None


def _read_schedule(value: Any, read: Fields) -> bool:
    if type(value) is not dict or value.keys() != _SCHEDULE:
        return False
    key, state = value["key"], value["is"]
    if not (type(key) is type(state) is str and key.strip() and state in _STATES):
        return False
    read["schedule"], read["schedule_is_open"] = key, _STATES[state]
    return True


_CONDITIONS: dict[str, Callable[[Any], tuple[Any, ...] | None]] = {
    "channels": _channels,
    "customer": _texts,
    "numbers": _numbers,
    "campaigns": _texts,
}
