"""What differs between two tables, in the words that people decide by."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from routing.engine.document import read_document, write_document
from routing.services.describe_changes import ChangeKind, count_changes, describe_changes, describe_tables
from routing.snapshot.tablefile import read_text
from tests.admin.conftest import TABLE
from tests.snapshot.full_table import FULL_TABLE

TABLE_BEFORE = read_document(read_text(TABLE))
DOCUMENT = write_document(TABLE_BEFORE)


def entry(document: dict[str, Any], section: str, key: str) -> dict[str, Any]:
    name = {"campaigns": "slug", "numbers": "number"}.get(section, "key")
    found: dict[str, Any] = next(it for it in document[section] if it[name] == key)
    return found


def edited(section: str, key: str, **values: Any) -> dict[str, Any]:
    document = deepcopy(DOCUMENT)
    entry(document, section, key).update(values)
    return document


def with_when(key: str, **when: Any) -> dict[str, Any]:
    return edited("rules", key, when=when)


def settings(**values: Any) -> dict[str, Any]:
    return deepcopy(DOCUMENT) | values


def without(section: str, key: str) -> dict[str, Any]:
    document = deepcopy(DOCUMENT)
    document[section].remove(entry(document, section, key))
    return document


def with_new(section: str, **values: Any) -> dict[str, Any]:
    document = deepcopy(DOCUMENT)
    document[section].append(values)
    return document


ROSTER = [f"+1202555{number:04}" for number in range(20)]
CLOSED = {"from": "2026-12-24", "to": "2026-12-26", "closed": True, "hours": None}
SENTENCES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": (DOCUMENT, []),
    "a target": (
        edited("rules", "mexico", then=[{"target": "reception", "weight": 100}]),
        ["Rule 3 “Mexican callers”: target Recepción ES → Reception"],
    ),
    "shares": (
        edited("rules", "spring", then=[{"target": "desk", "weight": 50}, {"target": "reception", "weight": 50}]),
        [
            "Rule 2 “Spring offers”: targets 30\xa0% Front desk, 70\xa0% Reception → "
            "50\xa0% Front desk, 50\xa0% Reception",
        ],
    ),
    "one target becomes two": (
        edited("rules", "mexico", then=[{"target": "espanol", "weight": 90}, {"target": "desk", "weight": 10}]),
        ["Rule 3 “Mexican callers”: targets Recepción ES → 90\xa0% Recepción ES, 10\xa0% Front desk"],
    ),
    "another name": (edited("rules", "mexico", name="MX"), ["Rule 3 “MX”: renamed from “Mexican callers”"]),
    "on and off": (
        edited("rules", "gold", enabled=True),
        ["Rule 5 “Gold plan”: switched on"],
    ),
    "conditions by name": (
        with_when("mexico", lists={"any_of": ["vip"]}, numbers=["+12025550112"], campaigns=["spring"]),
        [
            "Rule 3 “Mexican callers”: on lists none → VIP",
            "Rule 3 “Mexican callers”: our numbers none → Spring line",
            "Rule 3 “Mexican callers”: campaigns none → Spring offers",
            "Rule 3 “Mexican callers”: customers MX → none",
        ],
    ),
    "a schedule": (
        with_when("closed", schedule={"key": "office", "is": "open"}),
        ["Rule 6 “Outside office hours”: schedule outside Office hours → during Office hours"],
    ),
    "days": (
        with_when("closed", schedule={"key": "office", "is": "closed"}, until="2026-12-31", timezone="UTC"),
        [
            "Rule 6 “Outside office hours”: last day none → 31 Dec 2026",
            "Rule 6 “Outside office hours”: time zone none → UTC",
        ],
    ),
    "an attribute": (
        with_when("gold", attributes=[{"key": "age", "op": "greater", "value": "17", "allow_untrusted": True}]),
        ["Rule 5 “Gold plan”: attributes plan is gold → age is greater than 17 (even if the caller set it)"],
    ),
    "many customers": (with_when("mexico", customer=["MX", *ROSTER]), ["Rule 3 “Mexican callers”: customers +20"]),
    "a setting of calls": (
        edited("rules", "mexico", overrides={"variableValues": {"tier": "gold"}}),
        ["Rule 3 “Mexican callers”: setting variableValues.tier none → gold"],
    ),
    "a rule is gone": (without("rules", "mexico"), ["Rule 3 “Mexican callers”: removed"]),
    "a new rule": (
        with_new("rules", key="all", name="All", when={}, then=[{"target": "desk", "weight": 100}], enabled=False),
        ["Rule 7 “All”: new: target Front desk; switched off"],
    ),
    "hours": (
        edited("schedules", "office", opening_hours="24/7"),
        ["Schedule “Office hours”: opening hours Mo-Fr 09:00-17:00; PH off → 24/7"],
    ),
    "an exception": (
        edited("schedules", "office", exceptions=[CLOSED]),
        [
            "Schedule “Office hours”: exceptions 24 Dec 2026 09:00-12:00 (Christmas Eve) → "
            "24 Dec 2026 to 26 Dec 2026 closed"
        ],
    ),
    "a campaign": (
        edited("campaigns", "spring", ends_on=None, numbers=[]),
        [
            "Campaign “Spring offers”: our numbers Spring line → none",
            "Campaign “Spring offers”: last day 30 Jun 2026 → none",
        ],
    ),
    "a target's sentence": (
        edited("targets", "sorry", message="Bye."),
        ["Target “Sorry”: sentence This number cannot be reached. → Bye."],
    ),
    "a number": (
        edited("numbers", "+12025550111", name="Front"),
        ["Number “Front”: renamed from “Main line”"],
    ),
    "a list": (
        edited("lists", "vip", purpose="do_not_call"),
        ["Number list “VIP”: purpose segment → do not call"],
    ),
    "settings of the table": (
        settings(default="night", blocked=None),
        [
            "Table settings: default target Reception → Night desk",
            "Table settings: target of blocked callers Sorry → none",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("after", "sentences"), SENTENCES.values(), ids=SENTENCES)
def test_changes_are_told_in_sentences(after: dict[str, Any], sentences: list[str]) -> None:
    assert sorted(change.sentence for change in describe_changes(DOCUMENT, after)) == sorted(sentences)


@pytest.mark.parametrize("after", [after for after, _ in SENTENCES.values()], ids=SENTENCES)
def test_tables_differ_as_their_documents_do(after: dict[str, Any]) -> None:
    read, written = read_document(after), write_document(read_document(after))
    moved = replace(read, rules=(*read.rules[1:], read.rules[0]))

    assert describe_tables(TABLE_BEFORE, read) == describe_changes(DOCUMENT, written)
    assert describe_tables(TABLE_BEFORE, moved) == describe_changes(DOCUMENT, write_document(moved))


def test_the_way_back_turns_the_sentence_round() -> None:
    after = edited("rules", "mexico", then=[{"target": "reception", "weight": 100}])

    assert describe_changes(after, DOCUMENT)[0].sentence == (
        "Rule 3 “Mexican callers”: target Reception → Recepción ES"
    )


def test_a_long_list_keeps_its_details() -> None:
    (change,) = describe_changes(
        with_when("mexico", customer=["MX", *ROSTER]), with_when("mexico", customer=ROSTER[1:])
    )

    assert change.what == "customers \N{MINUS SIGN}2"
    assert change.details == ("\N{MINUS SIGN} MX", f"\N{MINUS SIGN} {ROSTER[0]}")


ORDERS = {
    "one up": ("abcdef", "eabcdf", {"e": "moved from place 5 to 1"}),
    "one down": ("abcdef", "bcdefa", {"a": "moved from place 1 to 6"}),
    "neighbours": ("ab", "ba", {"a": "moved from place 1 to 2"}),
    "as before": ("abc", "abc", {}),
    "one gone, order kept": ("abc", "bc", {}),
    "one new, order kept": ("abc", "axbc", {}),
}


@pytest.mark.parametrize(("old", "new", "moved"), ORDERS.values(), ids=ORDERS)
def test_only_rules_that_were_moved_are_told(old: str, new: str, moved: dict[str, str]) -> None:
    before, after = ({"rules": [{"key": key, "name": key} for key in keys]} for keys in (old, new))

    found = {it.key: it.what for it in describe_changes(before, after) if it.kind is ChangeKind.MOVED}

    assert found == moved or len(found) == len(moved) == 1  # of two neighbours either may be the one that moved


def test_all_moves_count_as_one_change() -> None:
    before, after = ({"rules": [{"key": key, "name": key} for key in keys]} for keys in ("abcd", "dcba"))

    assert count_changes(describe_changes(before, after)) == 1


def test_several_differences_of_an_entry_count_once() -> None:
    assert count_changes(describe_changes(DOCUMENT, edited("rules", "mexico", name="MX", enabled=False))) == 1


@pytest.mark.parametrize("text", [TABLE, FULL_TABLE], ids=["small", "every field"])
def test_every_field_of_a_table_has_words(text: str) -> None:
    document = write_document(read_document(read_text(text)))

    added = describe_changes({}, document)

    assert {change.kind for change in added if change.section != "settings"} == {ChangeKind.ADDED}
    assert {change.section for change in added} >= {"rules", "targets", "schedules", "campaigns", "numbers", "lists"}
    assert describe_changes(document, document) == ()


def test_names_from_right_to_left_keep_their_side_of_the_arrow() -> None:
    """Unisolated, a reader sees them the other way round."""
    before = edited("targets", "espanol", name="مكتب")
    after = deepcopy(before)
    entry(after, "rules", "mexico")["then"] = [{"target": "night", "weight": 100}]
    entry(after, "targets", "night")["name"] = entry(before, "targets", "night")["name"] = "קבלה"

    (change,) = describe_changes(before, after)

    assert change.what == "target \u2068مكتب\u2069 → \u2068קבלה\u2069"
