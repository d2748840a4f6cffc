"""Rules that contradict themselves, and what is not there."""

from __future__ import annotations

from typing import Any

import pytest

from routing.engine.document import read_document
from routing.engine.lint import World, lint
from routing.engine.table import ScheduleSpec, Table
from routing.snapshot.tablefile import read_text
from tests.engine.lint_tables import AT, BASE, EMPTY, table_of, told
from tests.engine.test_index_property import compile_any

NEVER = {
    "dates are over": ("until: 2026-11-21, timezone: America/New_York", "dates_over", "ended on 21 Nov 2026"),
    "the campaign is over": ("campaigns: [spring]", "campaign_over", "campaign “Spring” ended on 30 Jun 2026"),
    "always open, and asked for closed": (
        "schedule: {key: always, is: closed}",
        "contradiction",
        "schedule “Always” never closes",
    ),
    "a blocked list": ("lists: {any_of: [nuisance]}", "contradiction", "list “Nuisance” are refused before any rule"),
    "do-not-call, outbound": ("lists: {any_of: [stop]}, channels: [outbound]", "contradiction", "refused before any"),
    "on a list and not": ("lists: {any_of: [vip], none_of: [vip, staff]}", "contradiction", "on list “VIP” and must"),
    "refused, or on a list and not": (
        "lists: {any_of: [vip, nuisance], none_of: [vip]}",
        "contradiction",
        "must be on list “VIP” and must not be",
    ),
    "withheld and on a list": ("lists: {any_of: [vip]}, customer: [withheld]", "contradiction", "withheld number"),
    "withheld in its local time": ("schedule: {key: theirs}, customer: [withheld]", "contradiction", "local time"),
    "a short code in its local time": ("schedule: {key: theirs}, customer: ['611']", "contradiction", "local time"),
    "two values": (
        "attributes: [{key: plan, value: gold}, {key: plan, value: silver}]",
        "contradiction",
        "“plan is gold and plan is silver” cannot both hold",
    ),
    "missing, and a value": (
        "attributes: [{key: plan, op: missing}, {key: plan, op: starts_with, value: g}]",
        "contradiction",
        "cannot both hold",
    ),
    "greater and less": (
        "attributes: [{key: age, op: greater, value: 18}, {key: age, op: less, value: 18}]",
        "contradiction",
        "cannot both hold",
    ),
}


@pytest.mark.parametrize(("when", "kind", "words"), NEVER.values(), ids=NEVER)
def test_a_rule_that_contradicts_itself_is_an_error(when: str, kind: str, words: str) -> None:
    table = table_of(when)

    compile_any(table)
    (found,) = lint(table, world=EMPTY, at=AT)

    assert (found.kind, found.severity, found.key) == (kind, "error", "r1")
    assert found.message.startswith("Rule 1 “R1” can never take a call: ")
    assert words in found.message


FINE = {
    "its last day": "until: 2026-11-22, timezone: America/New_York",
    "a campaign on its last day": "campaigns: [autumn]",
    "a running campaign beside one that is over": "campaigns: [winter]",
    "do-not-call, inbound": "lists: {any_of: [stop]}",
    "on one list and not on another": "lists: {any_of: [vip], none_of: [staff]}",
    "withheld or listed": "lists: {any_of: [vip]}, customer: [withheld, US]",
    "missing if trusted": "attributes: [{key: plan, op: missing}, {key: plan, op: exists, allow_untrusted: true}]",
    "a range": "attributes: [{key: age, op: greater, value: 18}, {key: age, op: less, value: 65}]",
    "two tests at once": "attributes: [{key: plan, op: in, value: [gold, red]}, {key: plan, op: is_not, value: red}]",
}


@pytest.mark.parametrize("when", FINE.values(), ids=FINE)
def test_a_rule_that_can_match_is_left_alone(when: str) -> None:
    assert told(table_of(when)) == set()


@pytest.mark.parametrize("hours", ["off", "Mo-Fr 09:00-17:00; Mo-Su off", "2025 Dec 24 09:00-12:00"])
def test_a_schedule_that_never_opens_is_found_with_the_rules_that_wait_for_it(hours: str) -> None:
    late = f'{{key: late, name: Late, opening_hours: "{hours}", timezone: UTC}}'
    text = BASE.replace("  - {key: always,", f"  - {late}\n  - {{key: always,")
    rules = "rules: [{key: r1, name: R1, when: {schedule: {key: late}}, then: [{target: robot}]}]"

    findings = lint(read_document(read_text(text + rules)), world=EMPTY, at=AT)

    assert [(found.severity, found.subject, found.key) for found in findings] == [
        ("error", "rules", "r1"),
        ("warning", "schedules", "late"),
    ]
    assert findings[1].message == "Schedule “Late” never opens. Look at its hours."


@pytest.mark.parametrize(
    ("hours", "nights"),
    [
        ("Mo-Fr 22:00-06:00; Sa 10:00-14:00", "Friday"),
        ("We 18:15-01:00; Th 20:00-07:00", "Wednesday"),
        ("Mo-Su 20:00-02:00; Mo 09:00-12:00; Th 09:00-12:00", "Wednesday and Sunday"),
        ("Mo-Fr 22:00-06:00, Sa 10:00-14:00", ""),
        ("Mo-Fr 22:00-06:00; Sa off", ""),
        ("Mo-Fr 22:00-24:00; Sa 00:00-06:00", ""),
        ("Mo-Fr 22:00-06:00; PH off", ""),
        ('Mo-Fr 22:00-06:00 "a; b"', ""),
        ("Mo-Fr 09:00-17:00; Sa 10:00-14:00", ""),
    ],
)
def test_a_night_that_later_hours_cut_off_is_found(hours: str, nights: str) -> None:
    table = Table(schedules=(ScheduleSpec(key="late", name="Late", opening_hours=hours, timezone="UTC"),))

    messages = [found.message for found in lint(table, world=EMPTY, at=AT) if found.kind == "night_cut"]

    assert [message.split("after ")[1].split(":")[0] for message in messages] == [nights] * bool(nights)


WORLDS: dict[str, tuple[str, str, dict[str, Any], tuple[str, str, str], str]] = {
    "the only list is empty": (
        "lists: {any_of: [vip]}",
        "[{target: robot}]",
        {"empty_lists": frozenset({"vip", "staff"})},
        ("list_empty", "warning", "r1"),
        "takes no call at present: list “VIP” is empty.",
    ),
    "one of two lists is empty": (
        "lists: {any_of: [vip, staff]}",
        "[{target: robot}]",
        {"empty_lists": frozenset({"vip"})},
        ("list_empty", "note", "r1"),
        "list “VIP” is empty.",
    ),
    "the target is gone": (
        "customer: [US]",
        "[{target: robot}]",
        {"missing_targets": frozenset({"robot"})},
        ("target_missing", "error", "r1"),
        "target “Robot” is gone at Vapi. Choose another target.",
    ),
    "the target is switched off": (
        "customer: [US]",
        "[{target: off}]",
        {},
        ("target_disabled", "warning", "r1"),
        "target “Holiday” is switched off. Choose another target.",
    ),
    "an arm is gone": (
        "customer: [US]",
        "[{target: crew, weight: 10}, {target: robot, weight: 30}, {target: desk, weight: 60}]",
        {"missing_targets": frozenset({"robot"})},
        ("arm_unavailable", "warning", "r1"),
        "gives 30 % to “Desk” instead of “Robot”, because target “Robot” is gone at Vapi.",
    ),
    "the last arm is off": (
        "customer: [US]",
        "[{target: crew, weight: 10}, {target: off, weight: 90}]",
        {},
        ("arm_unavailable", "warning", "r1"),
        "gives 90 % to “Crew” instead of “Holiday”",
    ),
    "our number is gone": (
        "numbers: ['+12025550112']",
        "[{target: robot}]",
        {"missing_numbers": frozenset({"+12025550112"})},
        ("number_missing", "error", "r1"),
        "is about calls on Side: gone at Vapi.",
    ),
    "the caller id of a campaign is gone": (
        "customer: [US]",
        "[{target: robot}]",
        {"missing_numbers": frozenset({"+12025550112"})},
        ("number_missing", "error", "autumn"),
        "Campaign “Autumn” calls from +12025550112",
    ),
    "the default number is gone": (
        "customer: [US]",
        "[{target: robot}]",
        {"missing_numbers": frozenset({"+12025550111"})},
        ("number_missing", "error", "+12025550111"),
        "Outbound calls use +12025550111",
    ),
    "the default is gone": (
        "customer: [US]",
        "[{target: robot}]",
        {"missing_targets": frozenset({"desk"})},
        ("target_missing", "error", "desk"),
        "The default target “Desk” is gone at Vapi, but it still gets every call",
    ),
    "the target of blocked callers is gone": (
        "customer: [US]",
        "[{target: robot}]",
        {"missing_targets": frozenset({"refusal"})},
        ("target_missing", "warning", "refusal"),
        "hear the plain refusal instead",
    ),
    "a target that nothing uses is gone": (
        "customer: [US]",
        "[{target: robot}]",
        {"missing_targets": frozenset({"crew"})},
        ("target_missing", "note", "crew"),
        "it can be deleted",
    ),
    "a campaign of two is over": (
        "campaigns: [spring, winter]",
        "[{target: robot}]",
        {},
        ("campaign_over", "note", "r1"),
        "campaign “Spring” ended on 30 Jun 2026",
    ),
    "a web call on a number of ours": (
        "channels: [web], numbers: ['+12025550111']",
        "[{target: robot}]",
        {},
        ("no_number_on_web", "warning", "r1"),
        "a web call uses no number of ours",
    ),
}


@pytest.mark.parametrize(("when", "then", "world", "what", "words"), WORLDS.values(), ids=WORLDS)
def test_what_is_not_there_is_told(
    when: str, then: str, world: dict[str, Any], what: tuple[str, str, str], words: str
) -> None:
    findings = lint(table_of(when, then=then), world=World(**world), at=AT)

    assert what in [(found.kind.value, found.severity.value, found.key) for found in findings]
    assert words in " ".join(found.message for found in findings)


def test_the_caller_id_of_a_campaign_that_is_over_is_not_missed() -> None:
    world = World(missing_numbers=frozenset({"+12025550112"}))

    assert told(table_of(), world) == {("number_missing", "autumn", "")}
