"""One entry of a table document as labels with values in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from routing.engine.isolating import isolate

Words = str | tuple[str, ...]  # one value, or several without an order
Entry = Mapping[str, Any]

# Section of a document -> what one of its entries is called, and the entry's own key.
SECTIONS = {
    "rules": ("Rule", "key"),
    "targets": ("Target", "key"),
    "schedules": ("Schedule", "key"),
    "campaigns": ("Campaign", "slug"),
    "numbers": ("Number", "vapi_id"),
    "lists": ("Number list", "key"),
}
OPERATORS = {
    "is_not": "is not",
    "in": "is one of",
    "not_in": "is none of",
    "exists": "is known",
    "missing": "is not known",
    "starts_with": "starts with",
    "greater": "is greater than",
    "less": "is less than",
}
PURPOSES = {"segment": "segment", "blocked": "blocked callers", "do_not_call": "do not call"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What staff call the entries that others refer to by key; an unknown key stands for itself."""

    targets: Mapping[str, str]
    schedules: Mapping[str, str]
    numbers: Mapping[str, str]
    campaigns: Mapping[str, str]
    lists: Mapping[str, str]


def names_in(*documents: Entry) -> Names:
    """Collect the names of documents, ready to stand in a sentence; a later one wins."""

    def collect(section: str, key: str) -> dict[str, str]:
        return {entry[key]: isolate(name_of(entry)) for document in documents for entry in document.get(section, [])}

    numbers = {
        entry.get("number") or entry.get("sip_uri"): isolate(name_of(entry))
        for document in documents
        for entry in document.get("numbers", [])
    }
    return Names(
        targets=collect("targets", "key"),
        schedules=collect("schedules", "key"),
        numbers=numbers,
        campaigns=collect("campaigns", "slug"),
        lists=collect("lists", "key"),
    )


def name_of(entry: Entry) -> str:
    """Return what staff call an entry."""
    return str(entry.get("name") or entry.get("number") or entry.get("sip_uri") or entry.get("key"))


def describe_entry(section: str, entry: Entry, names: Names) -> dict[str, Words]:
    """Return what stands in an entry besides its key and name; what is empty is left out."""
    return {label: words for label, words in _DESCRIBERS[section](entry, names) if words}


def describe_settings(document: Entry, names: Names) -> dict[str, Words]:
    """Return what holds for the whole table."""
    found: dict[str, Words] = {
        "default target": names.targets.get(document.get("default") or "", document.get("default") or ""),
        "target of blocked callers": names.targets.get(document.get("blocked") or "", document.get("blocked") or ""),
        "default number": names.numbers.get(document.get("default_number") or "", document.get("default_number") or ""),
        **dict(_overrides(document)),
    }
    return {label: words for label, words in found.items() if words}


def _rule(entry: Entry, names: Names) -> Iterator[tuple[str, Words]]:
    when = entry.get("when", {})
    lists = when.get("lists", {})
    yield "channels", tuple(when.get("channels", ()))
    yield "customers", tuple(when.get("customer", ()))
    yield "on lists", _named(lists.get("any_of", ()), names.lists)
    yield "not on lists", _named(lists.get("none_of", ()), names.lists)
    yield "our numbers", _named(when.get("numbers", ()), names.numbers)
    yield "campaigns", _named(when.get("campaigns", ()), names.campaigns)
    yield "schedule", _schedule_condition(when.get("schedule"), names)
    yield "first day", _day(when.get("from"))
    yield "last day", _day(when.get("until"))
    yield "time zone", when.get("timezone") or ""
    yield "attributes", tuple(map(_attribute, when.get("attributes", ())))
    yield ("target" if len(entry.get("then", ())) < 2 else "targets"), _arms(entry, names)
    yield "enabled", "on" if entry.get("enabled", True) else "off"
    yield "note", entry.get("note", "")
    yield from _overrides(entry)


def _schedule_condition(wanted: Entry | None, names: Names) -> str:
    if not wanted:
        return ""
    name = names.schedules.get(wanted["key"], wanted["key"])
    return f"{'outside' if wanted.get('is') == 'closed' else 'during'} {name}"


def _attribute(spec: Entry) -> str:
    value = spec.get("value", "")
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    trusted = " (even if the caller set it)" if spec.get("allow_untrusted") else ""
    return " ".join(filter(None, (spec["key"], OPERATORS.get(spec["op"], spec["op"]), text))) + trusted


def _arms(entry: Entry, names: Names) -> str:
    arms = entry.get("then", ())
    called = [(names.targets.get(arm["target"], arm["target"]), arm.get("weight", 100)) for arm in arms]
    if len(called) == 1 and called[0][1] == 100:
        return str(called[0][0])
    return ", ".join(f"{weight}\N{NO-BREAK SPACE}% {name}" for name, weight in called)


def _target(entry: Entry, names: Names) -> Iterator[tuple[str, Words]]:
    yield "kind", entry.get("kind", "")
    yield "Vapi id", entry.get("vapi_id") or ""
    yield "version", entry.get("version") or ""
    yield "number", entry.get("number") or ""
    yield "SIP address", entry.get("sip_uri") or ""
    yield "sentence", entry.get("message") or ""
    yield "extension", entry.get("extension") or ""
    yield "caller id", entry.get("caller_id") or ""
    yield "enabled", "on" if entry.get("enabled", True) else "off"
    yield from _overrides(entry)


def _schedule(entry: Entry, names: Names) -> Iterator[tuple[str, Words]]:
    zone: str = entry.get("timezone", "")
    yield "opening hours", entry.get("opening_hours", "")
    yield "time zone", "customer's local time" if zone == "customer" else zone
    yield "public holidays of", str(entry.get("country") or "")
    yield "exceptions", tuple(map(_exception, entry.get("exceptions", ())))


def _exception(entry: Entry) -> str:
    days = _day(entry["from"])
    if entry.get("to") not in (None, entry["from"]):
        days += f" to {_day(entry['to'])}"
    note = f" ({entry['note']})" if entry.get("note") else ""
    return f"{days} {entry.get('hours') or 'closed'}{note}"


def _campaign(entry: Entry, names: Names) -> Iterator[tuple[str, Words]]:
    caller_id = entry.get("caller_id") or ""
    yield "our numbers", _named(entry.get("numbers", ()), names.numbers)
    yield "caller id", names.numbers.get(caller_id, caller_id)
    yield "first day", _day(entry.get("starts_on"))
    yield "last day", _day(entry.get("ends_on"))
    yield "time zone", entry.get("timezone") or ""
    yield "campaigns at Vapi", tuple(entry.get("vapi_campaign_ids", ()))


def _number(entry: Entry, names: Names) -> Iterator[tuple[str, Words]]:
    yield "number", entry.get("number") or ""
    yield "SIP address", entry.get("sip_uri") or ""


def _list(entry: Entry, names: Names) -> Iterator[tuple[str, Words]]:
    purpose = str(entry.get("purpose", ""))
    yield "purpose", PURPOSES.get(purpose, purpose)


def _overrides(entry: Entry) -> Iterator[tuple[str, Words]]:
    """Yield each setting that changes for calls by its path."""
    for path, value in _leaves(entry.get("overrides") or {}):
        yield f"setting {path}", value


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif path:
        yield path, str(value) if value not in ("", None) else "empty"


def _named(keys: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names.get(key, key) for key in keys)


def _day(text: str | None) -> str:
    if not text:
        return ""
    day = date.fromisoformat(text)
    return f"{day.day} {day:%b %Y}"


_DESCRIBERS: Mapping[str, Callable[[Entry, Names], Iterator[tuple[str, Words]]]] = {
    "rules": _rule,
    "targets": _target,
    "schedules": _schedule,
    "campaigns": _campaign,
    "numbers": _number,
    "lists": _list,
}
