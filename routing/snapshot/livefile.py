"""Live data as plain JSON values, for the local copy and for the facts that a call's row keeps."""

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from routing.engine.document import write_document
from routing.engine.live import NO_FACTS, EmergencySwitch, Facts, ListHit, LiveData
from routing.engine.table import NO_OVERRIDES, Purpose, Table, Target
from routing.snapshot.load import MANY, read_target, uncollected

# Numbers of one list, its key, their variables and their expiry.
Entries = tuple[Sequence[str], str, Mapping[str, Any], datetime | None]
Hits = Mapping[str, tuple[ListHit, ...]]


def build_entries(rows: Iterable[Entries], purposes: Mapping[str, Purpose]) -> Hits:
    """Return the list hits of each number; lists that ``purposes`` does not name are not published, and left out.

    Nearly all entries are nothing but a number, so those of one list share one value: a list may hold a million.
    """
    plain = {key: (ListHit(list_key=key, purpose=purpose),) for key, purpose in purposes.items()}
    entries: dict[str, tuple[ListHit, ...]] = {}
    with uncollected():
        for numbers, key, variables, expires_at in rows:
            hits = plain.get(key)
            if hits is None:
                continue
            if variables or expires_at is not None:
                hits = (_hit(key, purposes[key], variables, expires_at),)
            repeated = {number: entries[number] + hits for number in entries.keys() & numbers}
            entries.update(dict.fromkeys(numbers, hits))
            entries.update(repeated)
    if len(entries) > MANY:
        gc.freeze()  # one object, but a search for unused cycles looks at all that is in it: 200 ms for a million
    return MappingProxyType(entries)


def list_entries(entries: Hits) -> Iterator[list[Any]]:
    """Yield the entries as JSON values, which ``read_entry`` reads."""
    for number, hits in entries.items():
        for hit in hits:
            yield [number, hit.list_key, dict(hit.variables), _text(hit.expires_at)]


def read_entry(raw: list[Any]) -> Entries:
    """Return one entry that ``list_entries`` wrote."""
    number, key, variables, expires_at = raw
    return (number,), key, variables, _instant(expires_at)


def write_switch(switch: EmergencySwitch) -> dict[str, Any]:
    """Return an emergency switch as JSON values."""
    return {
        "until": switch.until.isoformat(),
        "target": write_target(switch.target) if switch.target else None,
        "our_numbers": sorted(switch.our_numbers),
        "pauses_outbound": switch.pauses_outbound,
        "reason": switch.reason,
    }


def read_switch(raw: Mapping[str, Any]) -> EmergencySwitch:
    """Return the switch that ``write_switch`` wrote."""
    return EmergencySwitch(
        until=datetime.fromisoformat(raw["until"]),
        target=read_target(raw["target"]) if raw["target"] else None,
        our_numbers=frozenset(raw["our_numbers"]),
        pauses_outbound=raw["pauses_outbound"],
        reason=raw["reason"],
    )


def write_target(target: Target) -> dict[str, Any]:
    """Return a target as it stands in a table file."""
    written: dict[str, Any] = write_document(Table(targets=(target,)))["targets"][0]
    return written


def write_facts(facts: Facts) -> Mapping[str, Any]:
    """Return the live data that a decision saw, for the call's row."""
    return _NOTHING_SEEN if facts is NO_FACTS else _write_facts(facts)


def _write_facts(facts: Facts) -> dict[str, Any]:
    return {
        "hits": [[hit.list_key, hit.purpose.value, dict(hit.variables), _text(hit.expires_at)] for hit in facts.hits],
        "switches": [write_switch(switch) for switch in facts.switches],
        "unavailable": sorted(facts.unavailable),
    }


_NOTHING_SEEN = _write_facts(NO_FACTS)  # by nearly every call


def read_facts(raw: Mapping[str, Any]) -> Facts:
    """Return the facts that ``write_facts`` wrote, so that an old call can be explained."""
    return Facts(
        hits=tuple(
            _hit(key, Purpose(purpose), variables, _instant(expires_at))
            for key, purpose, variables, expires_at in raw["hits"]
        ),
        switches=tuple(map(read_switch, raw["switches"])),
        unavailable=frozenset(raw["unavailable"]),
    )


def write_small(live: LiveData) -> dict[str, Any]:
    """Return the live data without the entries, which are too many for one JSON value."""
    return {
        "switches": [write_switch(switch) for switch in live.switches],
        "unavailable": sorted(live.unavailable),
    }


def read_live(small: Mapping[str, Any], entries: Hits) -> LiveData:
    """Return the live data from its small part and its entries."""
    return LiveData(
        entries=entries,
        switches=tuple(map(read_switch, small["switches"])),
        unavailable=frozenset(small["unavailable"]),
    )


def _hit(key: str, purpose: Purpose, variables: Mapping[str, Any], expires_at: datetime | None) -> ListHit:
    shown = MappingProxyType(dict(variables)) if variables else NO_OVERRIDES
    return ListHit(list_key=key, purpose=purpose, variables=shown, expires_at=expires_at)


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
