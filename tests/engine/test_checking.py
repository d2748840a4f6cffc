"""What a table means: references, weights, conditions, told with subject and field."""

from __future__ import annotations

import pytest

from routing.engine.compile import compile_table
from routing.engine.errors import TableErrors
from routing.engine.table import Arm, RuleSpec, Table, Target, TargetKind, When
from tests.engine.cases import LAST_RESORT
from tests.engine.worlds import document, errors_of, put

FIRST = "rule 'first'"
MISTAKES: list[tuple[str, object, str, str, str]] = [
    ("default", ..., "table", "default", "is missing; name the target"),
    ("default", "nobody", "table", "default", "target 'nobody' does not exist"),
    ("blocked", "nobody", "table", "blocked", "target 'nobody' does not exist"),
    ("default_number", "+12025550119", "table", "default_number", "'+12025550119' is none of the table's numbers"),
    ("targets.1.key", "reception", "target 'reception'", "key", "stands 2 times; make it unique"),
    ("targets.1.name", "Reception", "target 'Reception'", "name", "stands 2 times; make it unique"),
    ("targets.0.vapi_id", ..., "target 'reception'", "vapi_id", "is missing; a target of kind assistant needs"),
    ("targets.1.vapi_id", "", "target 'crew'", "vapi_id", "is missing; a target of kind squad needs"),
    ("targets.1.version", "v2", "target 'crew'", "version", "only an assistant has versions"),
    ("targets.2.number", ..., "target 'desk'", "number", "write either a number"),
    ("targets.2.sip_uri", "sip:a@b.c", "target 'desk'", "number", "write either a number"),
    ("targets.2.number", "12345", "target 'desk'", "number", "'12345' is not a telephone number"),
    ("targets.1.sip_uri", "mailto:a@b.c", "target 'crew'", "sip_uri", "'mailto:a@b.c' is not a SIP URI"),
    ("targets.3.message", " ", "target 'no'", "message", "is missing; write the sentence"),
    (
        "schedules.1",
        {"key": "office", "name": "Other", "opening_hours": "24/7", "timezone": "UTC"},
        "schedule 'office'",
        "key",
        "stands 2 times",
    ),
    (
        "schedules.1",
        {"key": "other", "name": "Office", "opening_hours": "24/7", "timezone": "UTC"},
        "schedule 'Office'",
        "name",
        "stands 2 times",
    ),
    ("schedules.0.timezone", "EST5", "schedule 'office'", "timezone", "'EST5' is not an IANA time zone"),
    ("numbers.0.number", "+1202", "number 'Main'", "number", "'+1202' is not a telephone number"),
    ("numbers.1.sip_uri", "a@example.com", "number 'SIP'", "sip_uri", "'a@example.com' is not a SIP URI"),
    ("numbers.1.vapi_id", "n1", "number 'n1'", "vapi_id", "stands 2 times"),
    ("numbers.2", {"vapi_id": "n3", "number": "+12025550111"}, "number '+12025550111'", "number", "stands 2 times"),
    (
        "campaigns.0.numbers",
        ["+12025550119"],
        "campaign 'spring'",
        "numbers[0]",
        "number '+12025550119' does not exist",
    ),
    (
        "campaigns.0.caller_id",
        "+12025550119",
        "campaign 'spring'",
        "caller_id",
        "'+12025550119' is none of the table's",
    ),
    ("campaigns.0.ends_on", "2026-02-28", "campaign 'spring'", "ends_on", "2026-02-28 is before starts_on, 2026-03-01"),
    ("campaigns.0.timezone", ..., "campaign 'spring'", "timezone", "is missing; dates need a time zone"),
    ("campaigns.0.timezone", "Nowhere/Land", "campaign 'spring'", "timezone", "'Nowhere/Land' is not an IANA"),
    ("campaigns.1", {"slug": "spring"}, "campaign 'spring'", "slug", "stands 2 times"),
    ("lists.1.key", "vip", "list 'vip'", "key", "stands 2 times"),
    ("lists.1.name", "VIP", "list 'VIP'", "name", "stands 2 times"),
    ("lists.0.entries.1.number", "(202) 555-0100", "list 'vip'", "entries[1].number", "'+12025550100' stands twice"),
    (
        "lists.0.entries.1.number",
        "anonymous",
        "list 'vip'",
        "entries[1].number",
        "'anonymous' stands for a hidden number",
    ),
    ("rules.1.key", "first", FIRST, "key", "stands 2 times"),
    ("rules.0.then", ..., FIRST, "then", "is missing; name at least one target"),
    ("rules.0.then", [], FIRST, "then", "is missing; name at least one target"),
    ("rules.0.then.0.target", "nobody", FIRST, "then[0].target", "target 'nobody' does not exist"),
    ("rules.0.then.0.target", "desk", FIRST, "then", "names a target twice"),
    ("rules.0.then.0.weight", 61, FIRST, "then", "the weights add up to 101; they must add up to 100"),
    ("rules.0.then.0.weight", ..., FIRST, "then", "the weights add up to 140"),
    ("rules.0.then.0.weight", -1, FIRST, "then[0].weight", "-1 is not between 0 and 100"),
    ("rules.0.then.0.weight", 101, FIRST, "then[0].weight", "101 is not between 0 and 100"),
    ("rules.0.when.customer", [" "], FIRST, "when.customer[0]", "is empty; write a number"),
    ("rules.0.when.customer", ["US", "1415*"], FIRST, "when.customer[1]", "'1415*' is not a prefix"),
    ("rules.0.when.customer", ["+*"], FIRST, "when.customer[0]", "'+*' is not a prefix"),
    ("rules.0.when.customer", ["+1415*5"], FIRST, "when.customer[0]", "'+1415*5' is not a prefix"),
    ("rules.0.when.customer", ["+0415*"], FIRST, "when.customer[0]", "'+0415*' is not a prefix"),
    ("rules.0.when.customer", ["UK"], FIRST, "when.customer[0]", "'UK' is not a country"),
    ("rules.0.when.customer", ["mx"], FIRST, "when.customer[0]", "'mx' is compared letter by letter; write MX"),
    ("rules.0.when.customer", ["+1415"], FIRST, "when.customer[0]", "'+1415' is not a telephone number"),
    (
        "rules.0.when.customer",
        ["+1 415"],
        FIRST,
        "when.customer[0]",
        "'+1 415' is not a telephone number; write it as +12025550111, or +1415* for",
    ),
    ("rules.0.when.customer", ["+1415555012x"], FIRST, "when.customer[0]", "'+1415555012x' is not a telephone number"),
    ("rules.0.when.customer", ["Anonymous"], FIRST, "when.customer[0]", "'Anonymous' stands for a hidden number"),
    ("rules.0.when.customer", ["Withheld"], FIRST, "when.customer[0]", "'Withheld' stands for a hidden number"),
    ("rules.0.when.lists.any_of", ["vip", "gone"], FIRST, "when.lists.any_of[1]", "list 'gone' does not exist"),
    ("rules.0.when.lists.none_of", ["gone"], FIRST, "when.lists.none_of[0]", "list 'gone' does not exist"),
    ("rules.0.when.numbers", ["+12025550119"], FIRST, "when.numbers[0]", "number '+12025550119' does not exist"),
    ("rules.0.when.campaigns", ["winter"], FIRST, "when.campaigns[0]", "campaign 'winter' does not exist"),
    ("rules.0.when.schedule.key", "gone", FIRST, "when.schedule.key", "schedule 'gone' does not exist"),
    ("rules.0.when.until", "2025-12-31", FIRST, "when.until", "2025-12-31 is before from, 2026-01-01"),
    ("rules.0.when.timezone", ..., FIRST, "when.timezone", "is missing; dates need a time zone"),
    ("rules.0.when.timezone", "Mars", FIRST, "when.timezone", "'Mars' is not an IANA time zone"),
    ("rules.0.when.attributes.0.op", "is", FIRST, "when.attributes[0].value", "is compares with one value"),
    ("rules.0.when.attributes.0.op", "exists", FIRST, "when.attributes[0].value", "has no place with exists"),
    (
        "rules.0.when.attributes.2.op",
        "contains",
        FIRST,
        "when.attributes[2].value",
        "is missing; write what",
    ),
    ("rules.0.when.attributes.1.value", "many", FIRST, "when.attributes[1].value", "'many' is not a number"),
    ("rules.0.when.attributes.1.value", "NaN", FIRST, "when.attributes[1].value", "'NaN' is not a number"),
]


@pytest.mark.parametrize(
    ("path", "value", "subject", "field", "message"),
    MISTAKES,
    ids=[f"{path}={'gone' if value is ... else value}"[:60] for path, value, *_ in MISTAKES],
)
def test_a_mistake_of_meaning_names_whose_it_is_and_the_field(
    path: str, value: object, subject: str, field: str, message: str
) -> None:
    raw = document()
    put(raw, path, value)

    told = {(error.subject, error.field): error.message for error in errors_of(raw)}

    assert told.get((subject, field), f"only {told}").startswith(message)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("rules.0.when.customer", ["Front Desk", "611", "sip:bob@example.com", "(415) 555-0123", "ab"]),
        ("rules.0.then", [{"target": "crew", "weight": 100}, {"target": "desk", "weight": 0}]),
        ("rules.0.enabled", False),
        ("blocked", ...),
        ("default_number", ...),
        ("campaigns.0.caller_id", ...),
        ("rules.0.when", ...),
    ],
)
def test_what_is_unusual_but_legal_compiles(path: str, value: object) -> None:
    raw = document()
    put(raw, path, value)

    assert errors_of(raw) == ()


def test_the_good_table_compiles() -> None:
    assert errors_of(document()) == ()


def test_mistakes_of_a_disabled_rule_count_too() -> None:
    raw = document()
    put(raw, "rules.0.enabled", False)
    put(raw, "rules.0.then.0.target", "nobody")

    assert [error.field for error in errors_of(raw)] == ["then[0].target"]


def test_a_table_built_by_hand_is_checked_as_well() -> None:
    table = Table(
        default="a",
        targets=(Target(key="a", name="A", kind=TargetKind.REJECT, message="No."),),
        rules=(RuleSpec(key="r", name="R", when=When(schedule="gone", customer=("",)), then=(Arm(target="b"),)),),
    )

    with pytest.raises(TableErrors) as caught:
        compile_table(table, revision=None, default_region="US", last_resort=LAST_RESORT)

    assert [error.field for error in caught.value.errors] == ["then[0].target", "when.customer[0]", "when.schedule.key"]
