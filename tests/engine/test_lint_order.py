"""Who is never reached, and who loses calls to a rule above."""

from __future__ import annotations

import pytest

from routing.engine.document import read_document
from routing.engine.lint import FindingKind, World, lint
from routing.snapshot.tablefile import read_text
from tests.engine.lint_tables import AT, BASE, EMPTY, only, table_of, told
from tests.engine.test_index_property import compile_any

# The last rule of each table is taken whole by those above; the names are the rules that do it.
COVERED = {
    "the same number": (["customer: ['+14155550123']", "customer: ['+1 415 555 0123']"], "r1"),
    "a number by its prefix": (["customer: ['+1415*']", "customer: ['+14155550123']"], "r1"),
    "a number by its first digit": (["customer: ['+1*']", "customer: ['+14155550123']"], "r1"),
    "a number by its country": (["customer: [US]", "customer: ['+14155550123']"], "r1"),
    "a prefix by a shorter one": (["customer: ['+14*']", "customer: ['+1415*']"], "r1"),
    "a prefix by the country that owns its calling code": (["customer: [ES]", "customer: ['+3491*']"], "r1"),
    "a country by its calling code": (["customer: ['+34*']", "customer: [ES]"], "r1"),
    "withheld": (["customer: [withheld, US]", "customer: [withheld]"], "r1"),
    "a short code": (["customer: ['611', US]", "customer: ['611']"], "r1"),
    "numbers by different rules": (
        ["customer: ['+1415*']", "customer: [ES]", "customer: ['+34911234567', '+14155550123']"],
        "r1 r2",
    ),
    "by a rule without conditions": (["", "customer: [US]"], "r1"),
    "one of two lists": (["lists: {any_of: [vip, staff]}", "lists: {any_of: [staff]}"], "r1"),
    "fewer lists excluded": (["lists: {none_of: [vip]}", "lists: {none_of: [vip, staff]}"], "r1"),
    "a blocked list excludes nobody more": (["lists: {none_of: [nuisance]}", "customer: [US]"], "r1"),
    "our number": (["numbers: ['+12025550111', '+12025550112']", "numbers: ['+12025550112']"], "r1"),
    "a campaign": (["campaigns: [winter, autumn]", "campaigns: [winter], channels: [inbound]"], "r1"),
    "the same schedule": (["schedule: {key: office}", "schedule: {key: office}, customer: [US]"], "r1"),
    "another schedule with the same hours": (["schedule: {key: office}", "schedule: {key: same}"], "r1"),
    "a schedule that is always open": (["schedule: {key: always}", "customer: [US]"], "r1"),
    "every channel named": (["channels: [inbound, outbound, web]", "customer: [US]"], "r1"),
    "channels over three rules": (
        ["channels: [inbound]", "channels: [web]", "channels: [outbound]", "customer: [US]"],
        "r1 r2 r3",
    ),
    "open and closed": (
        ["schedule: {key: office}", "schedule: {key: office, is: closed}", "customer: [US]"],
        "r1 r2",
    ),
    "channels, and one of them by hours": (
        [
            "channels: [inbound, web]",
            "channels: [outbound], schedule: {key: office}",
            "channels: [outbound], schedule: {key: same, is: closed}",
            "numbers: ['+12025550111']",
        ],
        "r1 r2 r3",
    ),
    "a date that has come": (["from: 2026-11-22, timezone: America/New_York", "customer: [US]"], "r1"),
    "dates within dates": (
        ["until: 2026-12-31, timezone: UTC", "from: 2026-12-01, until: 2026-12-31, timezone: UTC"],
        "r1",
    ),
    "dates with days to spare": (
        ["until: 2026-12-31, timezone: UTC", "until: 2026-12-29, timezone: Asia/Tokyo"],
        "r1",
    ),
    "an attribute among several": (
        ["attributes: [{key: plan, op: in, value: [gold, silver]}]", "attributes: [{key: plan, value: gold}]"],
        "r1",
    ),
    "any value of an attribute": (
        ["attributes: [{key: plan, op: exists}]", "attributes: [{key: plan, op: greater, value: 5}]"],
        "r1",
    ),
    "a greater number": (
        ["attributes: [{key: age, op: greater, value: 17}]", "attributes: [{key: age, op: greater, value: '17.5'}]"],
        "r1",
    ),
    "a value that passes another test": (
        ["attributes: [{key: age, op: less, value: 18}]", "attributes: [{key: age, op: in, value: ['3', '4']}]"],
        "r1",
    ),
    "a longer beginning": (
        [
            "attributes: [{key: plan, op: contains, value: old}]",
            "attributes: [{key: plan, op: starts_with, value: gold}]",
        ],
        "r1",
    ),
    "fewer values excluded": (
        [
            "attributes: [{key: plan, op: is_not, value: gold}]",
            "attributes: [{key: plan, op: not_in, value: [gold, red]}]",
        ],
        "r1",
    ),
    "missing for a condition that sees more": (
        [
            "attributes: [{key: plan, op: missing}]",
            "attributes: [{key: plan, op: missing, allow_untrusted: true}]",
        ],
        "r1",
    ),
    "an untrusted value is enough above": (
        ["attributes: [{key: plan, value: gold, allow_untrusted: true}]", "attributes: [{key: plan, value: gold}]"],
        "r1",
    ),
}


@pytest.mark.parametrize(("whens", "above"), COVERED.values(), ids=COVERED)
def test_a_rule_that_others_cover_can_never_take_a_call(whens: list[str], above: str) -> None:
    table = table_of(*whens)

    compile_any(table)
    found = only(lint(table, world=EMPTY, at=AT), FindingKind.UNREACHABLE)

    first, *others = above.split()
    assert (found.severity, found.subject, found.key, found.other) == ("error", "rules", f"r{len(whens)}", first)
    assert f"{'rules ' if others else 'rule '}{first[1:]} “{first.upper()}”" in found.message
    assert all(f"{other[1:]} “{other.upper()}”" in found.message for other in others)


# Each could be mistaken for the above.
NOT_COVERED = {
    "a prefix that two countries share": ["customer: [US]", "customer: ['+1*']"],
    "a prefix of a country, with numbers that cannot exist": ["customer: [US]", "customer: ['+1415*']"],
    "a longer prefix": ["customer: ['+1415*']", "customer: ['+14*']"],
    "a country by a part of it": ["customer: ['+341*']", "customer: [ES]"],
    "any caller by every number": ["customer: ['+1*', withheld]", "channels: [inbound]"],
    "excluded lists leave unknown numbers": ["lists: {none_of: [nuisance]}", "channels: [inbound]"],
    "withheld numbers pass a list": ["lists: {none_of: [nuisance]}", "customer: [withheld, US]"],
    "withheld numbers pass a list beside other numbers": [
        "customer: [withheld, US], lists: {none_of: [nuisance]}",
        "customer: [withheld, '+12125550123']",
    ],
    "more lists excluded": ["lists: {none_of: [vip, staff]}", "lists: {none_of: [vip]}"],
    "on a list, or not": ["lists: {any_of: [vip]}", "lists: {none_of: [staff]}"],
    "open, and closed of another schedule": [
        "schedule: {key: office}",
        "schedule: {key: theirs, is: closed}",
        "customer: [US]",
    ],
    "open and closed, where the customer is": [
        "schedule: {key: theirs}",
        "schedule: {key: theirs, is: closed}",
        "customer: [US]",
    ],
    "always open, but nobody knows where": ["schedule: {key: anywhere}", "channels: [inbound]"],
    "two of three channels": ["channels: [inbound]", "channels: [web]", "customer: [US]"],
    "dates of another zone, too close": ["until: 2026-12-31, timezone: UTC", "until: 2026-12-31, timezone: Asia/Tokyo"],
    "an open end": ["until: 2026-12-31, timezone: UTC", "from: 2026-12-01, timezone: UTC"],
    "an untrusted value is not enough above": [
        "attributes: [{key: plan, value: gold}]",
        "attributes: [{key: plan, value: gold, allow_untrusted: true}]",
    ],
    "an attribute that may be missing": [
        "attributes: [{key: plan, op: is_not, value: gold}]",
        "attributes: [{key: plan, op: missing}]",
    ],
    "missing for a condition that sees less": [
        "attributes: [{key: plan, op: missing, allow_untrusted: true}]",
        "attributes: [{key: plan, op: missing}]",
    ],
    "a smaller number": [
        "attributes: [{key: age, op: greater, value: 18}]",
        "attributes: [{key: age, op: greater, value: 17}]",
    ],
    "one of two values": [
        "attributes: [{key: plan, value: gold}]",
        "attributes: [{key: plan, op: in, value: [gold, silver]}]",
    ],
    "another attribute": ["attributes: [{key: plan, value: gold}]", "attributes: [{key: tier, value: gold}]"],
    "a part of the text": [
        "attributes: [{key: plan, op: starts_with, value: old}]",
        "attributes: [{key: plan, op: contains, value: old}]",
    ],
}


@pytest.mark.parametrize("whens", NOT_COVERED.values(), ids=NOT_COVERED)
def test_a_rule_that_may_take_a_call_is_not_called_unreachable(whens: list[str]) -> None:
    table = table_of(*whens)

    assert FindingKind.UNREACHABLE not in {kind for kind, _, _ in told(table)}


def test_a_rule_above_that_takes_no_call_covers_nothing() -> None:
    disabled = [("r1", "enabled: false, then: [{target: robot}]"), ("r1", "then: [{target: off}]")]
    for key, rest in disabled:
        rules = f"rules: [{{key: {key}, name: R, {rest}}}, {{key: r2, name: S, then: [{{target: robot}}]}}]"
        assert FindingKind.UNREACHABLE not in {kind for kind, _, _ in told(read_document(read_text(BASE + rules)))}

    gone = World(missing_targets=frozenset({"robot"}))
    twice = table_of("customer: [US]", "customer: ['+14155550123']")
    assert FindingKind.UNREACHABLE not in {kind for kind, _, _ in told(twice, gone)}


@pytest.mark.parametrize(
    ("whens", "message"),
    [
        (
            ["customer: ['+1415*']", "customer: ['+14155550123', MX, '+12125550123']"],
            "Rule 2 “R2” names …0123 in vain: rule 1 “R1” above it takes those calls."
            " Move it above rule 1, or remove what is taken.",
        ),
        (
            [
                "channels: [web]",
                "lists: {any_of: [vip]}",
                "lists: {any_of: [vip, staff]}, channels: [inbound, outbound]",
            ],
            "Rule 3 “R3” names list “VIP” in vain: rule 2 “R2” above it takes those calls."
            " Move it above rule 2, or remove what is taken.",
        ),
        (
            ["channels: [web]", "channels: [web, outbound], customer: [US]"],
            "Rule 2 “R2” names web calls in vain: rule 1 “R1” above it takes those calls."
            " Move it above rule 1, or remove what is taken.",
        ),
        (
            ["numbers: ['+12025550112']", "numbers: ['+12025550111', '+12025550112']"],
            "Rule 2 “R2” names Side in vain: rule 1 “R1” above it takes those calls."
            " Move it above rule 1, or remove what is taken.",
        ),
    ],
)
def test_alternatives_named_in_vain_are_told(whens: list[str], message: str) -> None:
    found = only(lint(table_of(*whens), world=EMPTY, at=AT), FindingKind.PARTLY_SHADOWED)

    assert (found.severity, found.message) == ("warning", message)


def test_of_several_rules_the_first_takes_what_is_named_in_vain() -> None:
    wide = ["customer: ['+1415*']", "customer: ['+1*'], channels: [inbound]", "customer: ['+14*']"]

    found = only(
        lint(table_of(*wide, "customer: ['+14155550123', MX]"), world=EMPTY, at=AT), FindingKind.PARTLY_SHADOWED
    )

    assert (found.key, found.other) == ("r4", "r1")


def test_a_dead_rule_is_told_once() -> None:
    table = table_of("campaigns: [spring]", "campaigns: [spring], channels: [inbound]")

    assert told(table) == {("campaign_over", "r1", ""), ("campaign_over", "r2", "")}


def test_open_and_closed_of_different_schedules_may_meet() -> None:
    table = table_of(
        "customer: [US], schedule: {key: office, is: closed}", "customer: ['+1415*'], schedule: {key: theirs}"
    )

    assert told(table) == {("narrower_below_wider", "r2", "r1")}


def test_rules_from_narrow_to_wide_are_the_way_to_write_them() -> None:
    table = table_of("customer: ['+14155550123']", "customer: ['+1415*']", "customer: [US]", "channels: [inbound]")

    assert told(table) == set()


@pytest.mark.parametrize(
    ("above", "severity", "words"),
    [
        ("customer: [US]", "warning", "which takes their calls. If"),
        ("customer: [US], schedule: {key: office, is: closed}", "note", "while Office is closed. If"),
        ("customer: [US], until: 2026-12-24, timezone: UTC", "note", "on the days of its dates. If"),
    ],
)
def test_a_narrower_rule_below_a_wider_one_is_told(above: str, severity: str, words: str) -> None:
    found = only(lint(table_of(above, "customer: ['+1415*']"), world=EMPTY, at=AT), FindingKind.NARROWER_BELOW_WIDER)

    assert (found.severity, found.key, found.other) == (severity, "r2", "r1")
    assert found.message.startswith("Rule 2 “R2” is about fewer customers than rule 1 “R1” above it, which takes")
    assert words in found.message


@pytest.mark.parametrize(
    "whens",
    [
        ["customer: [US], schedule: {key: office}", "customer: ['+1415*'], schedule: {key: same, is: closed}"],
        ["customer: [US], until: 2026-12-01, timezone: UTC", "customer: ['+1415*'], from: 2026-12-02, timezone: UTC"],
        ["customer: [US], attributes: [{key: plan, value: gold}]", "customer: ['+1415*']"],
        ["customer: [CA]", "customer: ['+1415*']"],
        ["customer: [US], schedule: {key: office}", "customer: [US]"],
    ],
)
def test_rules_that_do_not_meet_are_not_compared_by_width(whens: list[str]) -> None:
    assert told(table_of(*whens)) == set()


def test_a_crowd_of_rules_is_compared_in_part_and_that_is_said() -> None:
    whens = [f"attributes: [{{key: age, op: contains, value: x{place}y}}]" for place in range(60)]

    found = only(lint(table_of(*whens), world=EMPTY, at=AT), FindingKind.NOT_COMPARED)

    assert (found.severity, found.key) == ("note", "r52")
    assert found.message.startswith("9 rules share conditions with more than 50 rules above")
