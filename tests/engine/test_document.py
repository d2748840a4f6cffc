"""The table file's shape: what is read, what is refused and how it is said, what is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from routing.engine.context import attribute_text
from routing.engine.document import read_document, write_document
from routing.engine.errors import TableErrors
from routing.engine.reading import LONGEST_KEY
from routing.engine.table import Table
from tests.engine.worlds import as_text, compile_document, document, errors_of, put

FIRST = "rule 'first'"
RECEPTION = "target 'reception'"

SHAPE_MISTAKES: list[tuple[str, object, str, str, str]] = [
    ("version", 2, "table", "version", "2 is not known"),
    ("version", "one", "table", "version", "must be a whole number"),
    ("version", True, "table", "version", "must be a whole number"),
    ("colour", "red", "table", "colour", "is not a field here; known are blocked, campaigns"),
    ("overrides", ["x"], "table", "overrides", "must be an object, not a list"),
    ("targets", {"key": "x"}, "table", "targets", "must be a list, not an object"),
    ("rules", "none", "table", "rules", "must be a list, not the text 'none'"),
    ("targets.1", "crew", "target 2", "", "must be an object, not the text 'crew'"),
    ("targets.1.key", "two words", "target 'two words'", "key", "'two words' may hold only letters"),
    ("targets.1.key", "x" * 51, f"target '{'x' * 51}'", "key", f"'{'x' * 51}' may hold only letters"),
    ("targets.1.key", ..., "target 'Crew'", "key", "is missing"),
    ("targets.0.kind", ..., RECEPTION, "kind", "is missing; write one of assistant, squad, transfer, reject"),
    ("targets.0.kind", "robot", RECEPTION, "kind", "'robot' is not known; write one of assistant"),
    ("targets.0.name", ["x"], RECEPTION, "name", "must be a text, not a list"),
    ("targets.0.name", True, RECEPTION, "name", "must be a text, not true or false"),
    ("targets.0.enabled", "perhaps", RECEPTION, "enabled", "must be true or false"),
    ("targets.0.enabled", 2, RECEPTION, "enabled", "must be true or false"),
    ("targets.0.assistantId", "a1", RECEPTION, "assistantId", "is not a field here"),
    ("schedules.0.timezone", ..., "schedule 'office'", "timezone", "is missing"),
    ("schedules.0.opening_hours", " ", "schedule 'office'", "opening_hours", "is empty"),
    (
        "schedules.0.exceptions.0.from",
        "24.12.2026",
        "schedule 'office'",
        "exceptions[0].from",
        "'24.12.2026' is not a date",
    ),
    ("schedules.0.exceptions.0.from", ..., "schedule 'office'", "exceptions[0].from", "is missing; write a date"),
    (
        "schedules.0.exceptions.0.hours",
        ...,
        "schedule 'office'",
        "exceptions[0].hours",
        "write either closed: true or hours",
    ),
    (
        "schedules.0.exceptions.0.closed",
        True,
        "schedule 'office'",
        "exceptions[0].hours",
        "write either closed: true or hours",
    ),
    ("schedules.0.exceptions.0.until", "x", "schedule 'office'", "exceptions[0].until", "is not a field here"),
    ("schedules.0.exceptions.0", None, "schedule 'office'", "exceptions[0]", "must be an object, not null"),
    ("numbers.0.number", ..., "number 'Main'", "number", "write either a number"),
    ("numbers.0.sip_uri", "sip:b@example.com", "number 'Main'", "number", "write either a number"),
    ("numbers.0.vapi_id", ..., "number 'Main'", "vapi_id", "is missing"),
    ("campaigns.0.starts_on", "soon", "campaign 'spring'", "starts_on", "'soon' is not a date such as 2026-12-24"),
    ("campaigns.0.numbers", "+12025550111", "campaign 'spring'", "numbers", "must be a list"),
    (
        "campaigns.0.vapi_campaign_ids",
        [["x"]],
        "campaign 'spring'",
        "vapi_campaign_ids[0]",
        "must be a text, not a list",
    ),
    ("lists.0.purpose", "friends", "list 'vip'", "purpose", "'friends' is not known; write one of segment, blocked"),
    ("lists.0.entries.0.number", ..., "list 'vip'", "entries[0].number", "is missing"),
    ("lists.0.entries.0.number", "", "list 'vip'", "entries[0].number", "is empty"),
    (
        "lists.0.entries.0.expires_at",
        "2027-01-01T00:00:00",
        "list 'vip'",
        "entries[0].expires_at",
        "'2027-01-01T00:00:00' is not a time with zone",
    ),
    ("lists.0.entries.0.expires_at", "never", "list 'vip'", "entries[0].expires_at", "'never' is not a time with zone"),
    (
        "lists.0.entries.0.variables",
        "Ada",
        "list 'vip'",
        "entries[0].variables",
        "must be an object, not the text 'Ada'",
    ),
    ("lists.0.entries.0.phone", "x", "list 'vip'", "entries[0].phone", "is not a field here"),
    ("rules.1", 7, "rule 2", "", "must be an object, not 7"),
    ("rules.0.key", "no key", "rule 'no key'", "key", "'no key' may hold only letters"),
    ("rules.0.if", {}, FIRST, "if", "is not a field here"),
    ("rules.0.when", [], FIRST, "when", "must be an object, not a list"),
    ("rules.0.when.weather", "sunny", FIRST, "when.weather", "is not a field here; known are attributes, campaigns"),
    (
        "rules.0.when.channels",
        ["phone"],
        FIRST,
        "when.channels[0]",
        "'phone' is not known; write one of inbound, outbound, web",
    ),
    ("rules.0.when.channels", [], FIRST, "when.channels", "is an empty list; remove it"),
    ("rules.0.when.customer", [], FIRST, "when.customer", "is an empty list; remove it"),
    ("rules.0.when.customer", "US", FIRST, "when.customer", "must be a list, not the text 'US'"),
    ("rules.0.when.customer", [None], FIRST, "when.customer[0]", "must be a text, not null"),
    ("rules.0.when.numbers", [], FIRST, "when.numbers", "is an empty list; remove it"),
    ("rules.0.when.campaigns", [], FIRST, "when.campaigns", "is an empty list; remove it"),
    ("rules.0.when.attributes", [], FIRST, "when.attributes", "is an empty list; remove it"),
    ("rules.0.when.lists", {}, FIRST, "when.lists", "names no list; write any_of or none_of"),
    ("rules.0.when.lists.any_of", [], FIRST, "when.lists.any_of", "is an empty list; remove it"),
    ("rules.0.when.lists.none_of", [], FIRST, "when.lists.none_of", "is an empty list; remove it"),
    (
        "rules.0.when.lists.all_of",
        ["vip"],
        FIRST,
        "when.lists.all_of",
        "is not a field here; known are any_of, none_of",
    ),
    ("rules.0.when.schedule.key", ..., FIRST, "when.schedule.key", "is missing"),
    ("rules.0.when.schedule.is", "shut", FIRST, "when.schedule.is", "'shut' is not known; write open or closed"),
    ("rules.0.when.schedule.at", "x", FIRST, "when.schedule.at", "is not a field here"),
    ("rules.0.when.until", "2026-02-30", FIRST, "when.until", "'2026-02-30' is not a date"),
    (
        "rules.0.when.attributes.0.op",
        "matches",
        FIRST,
        "when.attributes[0].op",
        "'matches' is not known; write one of is, is_not",
    ),
    ("rules.0.when.attributes.0.key", ..., FIRST, "when.attributes[0].key", "is missing"),
    ("rules.0.when.attributes.0.value", [], FIRST, "when.attributes[0].value", "is an empty list"),
    ("rules.0.when.attributes.0.value", {"a": 1}, FIRST, "when.attributes[0].value", "must be a text, not an object"),
    ("rules.0.when.attributes.0.trusted", True, FIRST, "when.attributes[0].trusted", "is not a field here"),
    ("rules.0.then.0.weight", "half", FIRST, "then[0].weight", "must be a whole number, not 'half'"),
    ("rules.0.then.0.target", ..., FIRST, "then[0].target", "is missing"),
    ("rules.0.then.0.share", 1, FIRST, "then[0].share", "is not a field here; known are target, weight"),
    ("rules.0.then", "crew", FIRST, "then", "must be a list, not the text 'crew'"),
]


@pytest.mark.parametrize(
    ("path", "value", "subject", "field", "message"),
    SHAPE_MISTAKES,
    ids=[f"{path}={'gone' if value is ... else value}"[:60] for path, value, *_ in SHAPE_MISTAKES],
)
def test_a_mistake_of_shape_names_whose_it_is_and_the_field(
    path: str, value: object, subject: str, field: str, message: str
) -> None:
    raw = document()
    put(raw, path, value)

    with pytest.raises(TableErrors) as caught:
        read_document(raw)

    told = {(error.subject, error.field): error.message for error in caught.value.errors}
    assert told.get((subject, field), f"only {told}").startswith(message)
    assert f"{subject}{', ' if field else ''}{field}: {message}" in str(caught.value)


@pytest.mark.parametrize("raw", [None, [], "table", 5, True], ids=repr)
def test_a_file_that_is_no_object_is_refused(raw: object) -> None:
    assert errors_of(raw)[0].message.startswith("must be an object, not ")


def test_ten_mistakes_are_told_together() -> None:
    raw = document()
    mistakes: list[tuple[str, object, str]] = [
        ("default", "nobody", "table, default"),
        ("targets.0.kind", "robot", "target 'reception', kind"),
        ("targets.1.vapi_id", ..., "target 'crew', vapi_id"),
        ("schedules.0.opening_hours", "Mo-Fr 9 to 5", "schedule 'office', opening_hours"),
        ("numbers.0.number", "main", "number 'Main', number"),
        ("campaigns.0.ends_on", "2026-02-30", "campaign 'spring', ends_on"),
        ("lists.0.purpose", "friends", "list 'vip', purpose"),
        ("rules.0.when.customer", [], "rule 'first', when.customer"),
        ("rules.0.then.1.weight", 10, "rule 'first', then"),
        ("rules.1.then", [], "rule 'second', then"),
    ]
    for path, value, _ in mistakes:
        put(raw, path, value)

    told = {f"{error.subject}, {error.field}" for error in errors_of(raw)}

    assert {place for *_, place in mistakes} <= told
    # The number that is none is, besides, no longer there for what refers to it.
    assert told - {place for *_, place in mistakes} == {
        "table, default_number",
        "campaign 'spring', numbers[0]",
        "campaign 'spring', caller_id",
        "rule 'first', when.numbers[0]",
    }


def test_one_field_is_told_once() -> None:
    raw = document()
    put(raw, "rules.0.when.attributes.0.value", [])

    assert [error.field for error in errors_of(raw)] == ["when.attributes[0].value"]


def test_text_and_json_read_alike() -> None:
    typed = document()
    put(typed, "rules.0.when.attributes.1.value", True)
    put(typed, "rules.0.when.attributes.1.op", "is")

    text: Any = as_text(typed)

    assert text["version"] == "1"
    assert text["rules"][0]["then"][0]["weight"] == "60"
    assert text["rules"][0]["when"]["attributes"][1] == {
        "key": "age",
        "op": "is",
        "value": "true",
        "allow_untrusted": "true",
    }
    assert read_document(text) == read_document(typed)


def test_values_that_yaml_would_guess_stay_text() -> None:
    raw = document()
    put(raw, "rules.0.when.customer", ["NO", "611"])

    assert read_document(raw).rules[0].when.customer == ("NO", "611")
    assert compile_document(raw).rules[0].spec.when.customer == ("NO", "611")


def test_what_is_written_is_read_back() -> None:
    table = read_document(document())

    written = write_document(table, with_entries=True)

    assert read_document(written) == table
    assert read_document(json.loads(json.dumps(written))) == table
    assert read_document(as_text(written)) == table
    assert write_document(read_document(written), with_entries=True) == written


def test_every_field_is_written() -> None:
    written = write_document(read_document({"default": "a", "targets": [{"key": "a", "kind": "reject"}]}))

    assert written.keys() == document().keys()
    assert written["targets"] == [
        {
            "key": "a",
            "name": "a",
            "kind": "reject",
            "vapi_id": None,
            "version": None,
            "number": None,
            "sip_uri": None,
            "message": "",
            "extension": "",
            "caller_id": "",
            "enabled": True,
            "overrides": {},
        }
    ]


def test_entries_are_written_only_on_demand() -> None:
    table = read_document(document())

    assert all("entries" not in spec for spec in write_document(table)["lists"])
    assert [len(spec.get("entries", "")) for spec in write_document(table, with_entries=True)["lists"]] == [2, 0]


def test_a_list_whose_entries_stand_empty_is_not_one_without_entries() -> None:
    raw = document()
    put(raw, "lists.0.entries", [])

    table = read_document(raw)

    assert table.lists[0].entries == ()
    assert table.lists[1].entries is None
    assert read_document(write_document(table, with_entries=True)) == table


def test_an_empty_object_is_an_empty_table() -> None:
    assert read_document({}) == Table()


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (["VIP callers", "Recepción ES"], ["vip-callers", "recepcion-es"]),
        (["Same", "same", "SAME!"], ["same", "same-2", "same-3"]),
        (["", "", "日本"], ["rule", "rule-2", "rule-3"]),
        (["x" * 60, "x" * 60], ["x" * 50, "x" * 48 + "-2"]),
    ],
    ids=["plain", "same", "nothing to make a key from", "long"],
)
def test_a_rule_without_a_key_gets_one_from_its_name(names: list[str], keys: list[str]) -> None:
    raw = document()
    raw["rules"] = [{"name": name, "then": [{"target": "desk"}]} for name in names]

    rules = compile_document(raw).table.rules

    assert [rule.key for rule in rules] == keys
    assert all(len(rule.key) <= LONGEST_KEY for rule in rules)


def test_a_key_made_from_a_name_gives_way_to_one_that_stands_below() -> None:
    raw = document()
    raw["rules"] = [{"name": "Sales", "then": [{"target": "desk"}]}, {"key": "sales", "then": [{"target": "desk"}]}]

    assert [rule.key for rule in read_document(raw).rules] == ["sales-2", "sales"]


@pytest.mark.parametrize("key", [["a"], {"a": 1}, 7.5, True])
def test_a_key_of_another_kind_is_a_mistake_and_no_crash(key: object) -> None:
    raw = document()
    put(raw, "rules.0.key", key)

    assert "key" in {error.field for error in errors_of(raw)}


def test_names_default_to_keys() -> None:
    raw = document()
    for path in ("targets.1", "schedules.0", "campaigns.0", "lists.0", "rules.0"):
        put(raw, f"{path}.name", ...)
    put(raw, "numbers.0.name", ...)

    table = read_document(raw)

    assert [table.targets[1].name, table.schedules[0].name, table.campaigns[0].name, table.lists[0].name] == [
        "crew",
        "office",
        "spring",
        "vip",
    ]
    assert (table.rules[0].name, table.numbers[0].name) == ("first", "+12025550111")


@pytest.mark.parametrize(
    ("path", "written", "read"),
    [
        ("numbers.0.number", "+1 (202) 555-0111", "+12025550111"),
        ("numbers.1.sip_uri", "SIP:a@EXAMPLE.com", "sip:a@example.com"),
        ("targets.2.number", "+1 202 555 0199", "+12025550199"),
        ("default_number", "+1-202-555-0111", "+12025550111"),
        ("campaigns.0.caller_id", "+1 202 555 0111", "+12025550111"),
    ],
)
def test_numbers_are_brought_into_one_form(path: str, written: str, read: str) -> None:
    raw = document()
    put(raw, path, written)

    table = read_document(raw)

    assert table == read_document(document())
    assert read in json.dumps(write_document(table))


def test_entries_take_the_form_that_calls_are_compared_by() -> None:
    raw = document()
    written = ["(202) 555-0100", "sip:+12025550101@x.com", "sip:Bob@X.com", "611", "+1415555012x"]
    put(raw, "lists.0.entries", [{"number": text} for text in written])

    entries = read_document(raw, default_region="US").lists[0].entries or ()

    assert [entry.number for entry in entries] == [
        "+12025550100",
        "+12025550101",
        "sip:Bob@x.com",
        "611",
        "+1415555012x",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [("gold", "gold"), (True, "true"), (False, "false"), (5, "5"), (5.0, "5"), (5.5, "5.5"), (None, None), ([], None)],
)
def test_attributes_compare_as_text(value: object, text: str | None) -> None:
    assert attribute_text(value) == text
