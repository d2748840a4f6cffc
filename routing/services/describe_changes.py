"""What differs between two routing tables, in sentences for people who decide whether it goes live."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from routing.engine.changes import is_same_rule
from routing.engine.document import write_document
from routing.engine.isolating import isolate
from routing.engine.reading_rules import write_rule
from routing.engine.table import Table
from routing.services.describe_entries import (
    SECTIONS,
    Names,
    Words,
    describe_entry,
    describe_settings,
    name_of,
    names_in,
)

NONE = "none"
MINUS = "\N{MINUS SIGN}"
SETTINGS = "settings"
NAMED = 3  # of a longer list only what was added and removed is counted
SHORT = 80  # characters of a text


class ChangeKind(StrEnum):
    """What became of an entry."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    MOVED = "moved"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One difference. `subject` says of what, as `Rule 4 “Mexican callers”`; `details` are too long for a sentence."""

    section: str
    key: str
    name: str
    kind: ChangeKind
    subject: str
    what: str
    details: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Return the whole: `Rule 4 “Mexican callers”: target Recepción ES → Spring`."""
        return f"{self.subject}: {self.what}"


def describe_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what differs between two table documents, rules first; an empty document is a table with nothing in it."""
    before, after = _plain(before), _plain(after)
    names = names_in(before, after)
    return (
        *(change for section in SECTIONS for change in _section(section, before, after, names)),
        *_settings(before, after, names),
    )


def describe_tables(before: Table, after: Table) -> tuple[Change, ...]:
    """Return what differs between two tables; of 100,000 rules only those that differ are written out."""
    known = {rule.key: rule for rule in before.rules}
    same = {rule.key for rule in after.rules if rule.key in known and is_same_rule(known[rule.key], rule)}
    return describe_changes(_brief(before, same), _brief(after, same))


def _brief(table: Table, same: Set[str]) -> dict[str, Any]:
    rules = [{"key": it.key, "name": it.name} if it.key in same else write_rule(it) for it in table.rules]
    return {**write_document(replace(table, rules=())), "rules": rules}


def count_changes(changes: Sequence[Change]) -> int:
    """Return how many entries differ; however many rules changed places, that counts once."""
    entries = {(change.section, change.key) for change in changes if change.kind is not ChangeKind.MOVED}
    return len(entries) + any(change.kind is ChangeKind.MOVED for change in changes)


def _section(section: str, before: Mapping[str, Any], after: Mapping[str, Any], names: Names) -> Iterator[Change]:
    key = SECTIONS[section][1]
    old = {entry[key]: (place, entry) for place, entry in enumerate(before.get(section, []), 1)}
    new = {entry[key]: (place, entry) for place, entry in enumerate(after.get(section, []), 1)}
    moved = _moved([it for it in old if it in new], [it for it in new if it in old]) if section == "rules" else set()
    for it, (place, entry) in new.items():
        subject = _subject(section, entry, place)
        if it not in old:
            yield _change(section, it, entry, ChangeKind.ADDED, subject, _new_words(section, entry, names))
            continue
        if it in moved:
            what = f"moved from place {old[it][0]} to {place}"
            yield _change(section, it, entry, ChangeKind.MOVED, subject, what)
        if old[it][1] != entry:
            for what, details in _fields(section, old[it][1], entry, names):
                yield _change(section, it, entry, ChangeKind.CHANGED, subject, what, details)
    for it, (place, entry) in old.items():
        if it not in new:
            yield _change(section, it, entry, ChangeKind.REMOVED, _subject(section, entry, place), "removed")


def _settings(before: Mapping[str, Any], after: Mapping[str, Any], names: Names) -> Iterator[Change]:
    entry = {"name": "Table settings"}
    for what, details in _differences(describe_settings(before, names), describe_settings(after, names)):
        yield _change(SETTINGS, SETTINGS, entry, ChangeKind.CHANGED, "Table settings", what, details)


def _change(
    section: str,
    key: str,
    entry: Mapping[str, Any],
    kind: ChangeKind,
    subject: str,
    what: str,
    details: tuple[str, ...] = (),
) -> Change:
    return Change(section=section, key=key, name=name_of(entry), kind=kind, subject=subject, what=what, details=details)


def _subject(section: str, entry: Mapping[str, Any], place: int) -> str:
    noun = SECTIONS[section][0]
    return f"{noun} {place} “{name_of(entry)}”" if section == "rules" else f"{noun} “{name_of(entry)}”"


def _new_words(section: str, entry: Mapping[str, Any], names: Names) -> str:
    """Say what a new entry holds; that it is switched on goes without saying."""
    parts = describe_entry(section, entry, names)
    shown = [f"{label} {_text(words)}" for label, words in parts.items() if (label, words) != ("enabled", "on")]
    return f"new{': ' if shown else ''}{'; '.join(shown)}".replace("enabled off", "switched off")


def _fields(
    section: str, old: Mapping[str, Any], new: Mapping[str, Any], names: Names
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if name_of(old) != name_of(new):
        yield f"renamed from “{name_of(old)}”", ()
    differing = list(_differences(describe_entry(section, old, names), describe_entry(section, new, names)))
    if not differing and name_of(old) == name_of(new):
        differing = [("changed", ())]  # in something that has no words here
    yield from differing


def _differences(old: Mapping[str, Words], new: Mapping[str, Words]) -> Iterator[tuple[str, tuple[str, ...]]]:
    old, new = _with_same_labels(old, new)
    for label in dict.fromkeys((*new, *old)):
        was, now = old.get(label, ""), new.get(label, "")
        if was != now:
            yield _difference(label, was, now)


def _with_same_labels(
    old: Mapping[str, Words], new: Mapping[str, Words]
) -> tuple[Mapping[str, Words], Mapping[str, Words]]:
    """One target became several, or the other way round: both are compared as the same thing."""
    if "targets" in old.keys() | new.keys():
        return tuple({("targets" if label == "target" else label): words for label, words in it.items()}
                     for it in (old, new))  # type: ignore[return-value]  # fmt: skip
    return old, new


def _difference(label: str, was: Words, now: Words) -> tuple[str, tuple[str, ...]]:
    if label == "enabled":
        return f"switched {_text(now)}", ()
    if isinstance(was or now, str):
        return f"{label} {_text(was)} → {_text(now)}", ()
    gone, come = [it for it in was if it not in now], [it for it in now if it not in was]
    if max(len(was), len(now)) <= NAMED:
        return f"{label} {_text(was)} → {_text(now)}", ()
    if not gone and not come:
        return f"{label} in another order", ()
    counts = ", ".join(f"{sign}{len(items)}" for sign, items in (("+", come), (MINUS, gone)) if items)
    return f"{label} {counts}", (*(f"+ {it}" for it in come), *(f"{MINUS} {it}" for it in gone))


def _text(words: Words) -> str:
    text = words if isinstance(words, str) else ", ".join(words)
    return isolate(text if len(text) <= SHORT else f"{text[: SHORT - 1]}…") or NONE


def _moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Return the fewest keys that must move to get from one order to the other (all but a longest rising chain)."""
    if list(old) == list(new):
        return set()
    place = {key: number for number, key in enumerate(old)}
    ends: list[int] = []  # of the best chain of each length: the place it ends with
    chain_of: list[int] = []
    for key in new:
        length = bisect_left(ends, place[key])
        ends[length : length + 1] = [place[key]]
        chain_of.append(length)
    kept, wanted = set(), len(ends) - 1
    for key, length in zip(reversed(new), reversed(chain_of), strict=True):
        if length == wanted:
            kept.add(key)
            wanted -= 1
    return set(new) - kept


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document as it looks after it was stored: JSON values only."""
    plain: dict[str, Any] = json.loads(json.dumps(document))
    return plain
