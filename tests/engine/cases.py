"""Reads the case files: a routing table, and calls with the decision each must get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from routing.engine.compile import compile_table, empty_ruleset
from routing.engine.context import Attribute, Channel, Context, NamedTarget
from routing.engine.document import read_document
from routing.engine.live import EmergencySwitch, ListHit, LiveData
from routing.engine.ruleset import RuleSet
from routing.engine.table import Table, Target, TargetKind
from routing.snapshot.tablefile import read_text

FOLDER = Path(__file__).parents[1] / "cases"
LAST_RESORT = Target(key="last-resort", name="Last resort", kind=TargetKind.REJECT, message="Please call again.")
FAR_FUTURE = "2099-01-01T00:00:00Z"
CONTEXT_FIELDS = {"customer", "campaign", "vapi_campaign_id", "call_id", "external_id"}
OTHER_FIELDS = {"id", "channel", "at", "number", "number_id", "attributes", "untrusted", "named_target"}
LIVE_FIELDS = {"switches", "unavailable"}
EXPECTED_FIELDS = {"target", "reason", "rule", "kind", "vapi_id", "overrides", "sticky"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One call against one table, and what must come of it."""

    id: str
    ruleset: RuleSet
    context: Context
    live: LiveData
    expect: Mapping[str, Any]


def read_cases() -> Iterator[Case]:
    """Yield every case of every file; a field that is not known is a mistake in the file."""
    for path in sorted(FOLDER.glob("*.yaml")):
        raw: Any = read_text(path.read_text(encoding="utf-8"))
        yield from _read_file(path.stem, raw)


def _read_file(stem: str, raw: Mapping[str, Any]) -> Iterator[Case]:
    ruleset, entries = _compile(raw["table"])
    for case in raw["cases"]:
        given = {**raw["defaults"], **case}
        expect = given.pop("expect")
        unknown = (given.keys() - CONTEXT_FIELDS - OTHER_FIELDS - LIVE_FIELDS) | (expect.keys() - EXPECTED_FIELDS)
        assert not unknown, f"{stem}, {case['id']}: {unknown} are not known"
        yield Case(
            id=f"{stem}: {case['id']}",
            ruleset=ruleset,
            context=_context(given),
            live=_live(given, ruleset, entries),
            expect=expect,
        )


def _compile(document: object) -> tuple[RuleSet, Mapping[str, tuple[ListHit, ...]]]:
    if document is None:
        return empty_ruleset(default_region="US", last_resort=LAST_RESORT), {}
    table = read_document(document, default_region="US")
    return compile_table(table, revision=7, default_region="US", last_resort=LAST_RESORT), list_hits(table)


def list_hits(table: Table) -> Mapping[str, tuple[ListHit, ...]]:
    """Return the entries that stand in a table file as live data."""
    found: dict[str, tuple[ListHit, ...]] = {}
    for spec in table.lists:
        for entry in spec.entries or ():
            hit = ListHit(
                list_key=spec.key, purpose=spec.purpose, variables=entry.variables, expires_at=entry.expires_at
            )
            found[entry.number] = (*found.get(entry.number, ()), hit)
    return found


def _context(given: Mapping[str, Any]) -> Context:
    trusted = {key: Attribute(text=text) for key, text in given.get("attributes", {}).items()}
    untrusted = {key: Attribute(text=text, trusted=False) for key, text in given.get("untrusted", {}).items()}
    named = given.get("named_target")
    return Context(
        channel=Channel(given["channel"]),
        at=datetime.fromisoformat(given["at"]).astimezone(UTC),
        our_number=given.get("number"),
        our_number_id=given.get("number_id"),
        attributes=trusted | untrusted,
        named_target=NamedTarget(**named) if named else None,
        **{name: given[name] for name in CONTEXT_FIELDS & given.keys()},
    )


def _live(given: Mapping[str, Any], ruleset: RuleSet, entries: Mapping[str, tuple[ListHit, ...]]) -> LiveData:
    return LiveData(
        entries=entries,
        switches=tuple(_switch(raw, ruleset) for raw in given.get("switches", ())),
        unavailable=frozenset(given.get("unavailable", ())),
    )


def _switch(raw: Mapping[str, Any], ruleset: RuleSet) -> EmergencySwitch:
    return EmergencySwitch(
        until=datetime.fromisoformat(raw.get("until", FAR_FUTURE)),
        target=ruleset.targets[raw["target"]] if "target" in raw else None,
        our_numbers=frozenset(raw.get("numbers", ())),
        pauses_outbound=raw.get("pauses_outbound") == "true",
    )
