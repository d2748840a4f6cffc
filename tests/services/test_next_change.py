"""When somebody else answers: each case is also found by looking at every minute."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from routing.engine.compile import compile_table
from routing.engine.context import Channel, Context
from routing.engine.document import read_document
from routing.engine.live import EmergencySwitch, Facts, ListHit
from routing.engine.resolve import resolve
from routing.engine.ruleset import RuleSet
from routing.engine.situation import situate
from routing.engine.table import Purpose, Target, TargetKind
from routing.services.next_change import is_same_target, next_change

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=NEW_YORK)
LAST_RESORT = Target(key="last", name="Last", kind=TargetKind.REJECT, message="Sorry.")
NIGHT = [{"target": "night"}]
CLOSED = {"key": "closed", "name": "Closed", "when": {"schedule": {"key": "office", "is": "closed"}}, "then": NIGHT}


def ruleset(
    *rules: dict[str, Any], hours: str = "Mo-Fr 09:00-17:00", zone: str = "America/New_York", **extra: Any
) -> RuleSet:
    document = {
        "version": 1,
        "default": "day",
        "targets": [
            {"key": key, "name": key.title(), "kind": "assistant", "vapi_id": f"a-{key}"}
            for key in ("day", "night", "spring", "desk")
        ],
        "schedules": [{"key": "office", "name": "Office", "opening_hours": hours, "timezone": zone}],
        "numbers": [{"vapi_id": "n1", "name": "Main", "number": "+12025550111"}],
        "lists": [{"key": "vip", "name": "VIP", "purpose": "segment"}],
        "rules": rules,
        **extra,
    }
    return compile_table(
        read_document(document, default_region="US"), revision=1, default_region="US", last_resort=LAST_RESORT
    )


def dated(**when: Any) -> dict[str, Any]:
    return {"key": "dated", "name": "Dated", "when": {"timezone": "America/New_York", **when}, "then": NIGHT}


SPRING = {
    "slug": "spring",
    "name": "Spring",
    "numbers": ["+12025550111"],
    "starts_on": "2026-11-24",
    "ends_on": "2026-11-24",
    "timezone": "America/New_York",
}
SPRING_RULE = {"key": "spring", "name": "Spring", "when": {"campaigns": ["spring"]}, "then": [{"target": "spring"}]}
VIP_RULE = {"key": "vip", "name": "VIP", "when": {"lists": {"any_of": ["vip"]}}, "then": [{"target": "desk"}]}
NOT_VIP_RULE = {"key": "no", "name": "No", "when": {"lists": {"none_of": ["vip"]}}, "then": [{"target": "desk"}]}
SAME_BELOW = {"key": "too", "name": "Too", "when": {"schedule": {"key": "office", "is": "open"}}, "then": NIGHT}
TWO_DAYS = timedelta(days=2)

CASES: dict[str, tuple[RuleSet, datetime, Facts, datetime | None, str]] = {
    "the office closes": (
        ruleset(CLOSED), MONDAY, Facts(), datetime(2026, 11, 23, 17, 0, tzinfo=NEW_YORK), "night",
    ),
    "the office opens": (
        ruleset(CLOSED), MONDAY + timedelta(hours=8), Facts(), datetime(2026, 11, 24, 9, 0, tzinfo=NEW_YORK), "day",
    ),
    "exactly at the change the next one counts": (
        ruleset(CLOSED), datetime(2026, 11, 23, 17, 0, tzinfo=NEW_YORK), Facts(),
        datetime(2026, 11, 24, 9, 0, tzinfo=NEW_YORK), "day",
    ),
    "always open": (ruleset(CLOSED, hours="24/7"), MONDAY, Facts(), None, ""),
    "every day from midnight to midnight": (ruleset(CLOSED, hours="Mo-Su 00:00-24:00"), MONDAY, Facts(), None, ""),
    "another rule, but the same target": (ruleset(CLOSED, SAME_BELOW), MONDAY, Facts(), None, ""),
    "a rule begins": (
        ruleset(dated(**{"from": "2026-11-24"})), MONDAY, Facts(),
        datetime(2026, 11, 24, 0, 0, tzinfo=NEW_YORK), "night",
    ),
    "a rule ends": (
        ruleset(dated(until="2026-11-23")), MONDAY, Facts(),
        datetime(2026, 11, 24, 0, 0, tzinfo=NEW_YORK), "day",
    ),
    "a campaign starts": (
        ruleset(SPRING_RULE, campaigns=[SPRING]), MONDAY, Facts(),
        datetime(2026, 11, 24, 0, 0, tzinfo=NEW_YORK), "spring",
    ),
    "a campaign is over": (
        ruleset(SPRING_RULE, campaigns=[SPRING]), MONDAY + timedelta(days=1), Facts(),
        datetime(2026, 11, 25, 0, 0, tzinfo=NEW_YORK), "day",
    ),
    "an emergency ends": (
        ruleset(CLOSED), MONDAY,
        Facts(switches=(EmergencySwitch(until=MONDAY + timedelta(minutes=90), target=replace(LAST_RESORT)),)),
        MONDAY + timedelta(minutes=90), "day",
    ),
    "a list entry expires": (
        ruleset(VIP_RULE), MONDAY,
        Facts(hits=(ListHit(list_key="vip", purpose=Purpose.SEGMENT, expires_at=MONDAY + timedelta(minutes=7)),)),
        MONDAY + timedelta(minutes=7), "day",
    ),
    "a rule for callers on no list begins once the entry expires": (
        ruleset(NOT_VIP_RULE), MONDAY,
        Facts(hits=(ListHit(list_key="vip", purpose=Purpose.SEGMENT, expires_at=MONDAY + timedelta(minutes=7)),)),
        MONDAY + timedelta(minutes=7), "desk",
    ),
    "a rule above takes over from one below": (
        ruleset(CLOSED, {"key": "all", "name": "All", "then": [{"target": "desk"}]}), MONDAY, Facts(),
        datetime(2026, 11, 23, 17, 0, tzinfo=NEW_YORK), "night",
    ),
    "a rule below a rule that takes all never counts": (
        ruleset({"key": "all", "name": "All", "then": [{"target": "desk"}]}, CLOSED), MONDAY, Facts(), None, "",
    ),
    "a disabled rule never counts": (ruleset({**CLOSED, "enabled": False}), MONDAY, Facts(), None, ""),
    "a rule for other callers never counts": (
        ruleset({**CLOSED, "when": {**CLOSED["when"], "customer": ["MX"]}}), MONDAY, Facts(), None, "",  # type: ignore[dict-item]
    ),
    "in spring the clock jumps over the opening time": (
        ruleset(CLOSED, hours="02:30-05:00"), datetime(2026, 3, 8, 1, 0, tzinfo=NEW_YORK), Facts(),
        datetime(2026, 3, 8, 7, 0, tzinfo=UTC), "day",
    ),
    "in autumn the hour comes twice": (
        ruleset(CLOSED, hours="00:00-01:30"), datetime(2026, 11, 1, 5, 40, tzinfo=UTC), Facts(),
        datetime(2026, 11, 1, 6, 0, tzinfo=UTC), "day",
    ),
    "the hours end in the second of the two": (
        ruleset(CLOSED, hours="00:00-01:30"), datetime(2026, 11, 1, 6, 10, tzinfo=UTC), Facts(),
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "night",
    ),
    "by the customer's own clock": (
        ruleset(CLOSED, zone="customer"), MONDAY, Facts(), datetime(2026, 11, 23, 22, 0, tzinfo=UTC), "night",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rules", "at", "facts", "when", "who"), CASES.values(), ids=CASES)
def test_the_next_change(rules: RuleSet, at: datetime, facts: Facts, when: datetime | None, who: str) -> None:
    change = next_change(rules, call(at), facts, at, TWO_DAYS)

    assert (change and change[0], change[1].target.key if change else "") == (when, who)
    assert when == first_other_minute(rules, at, facts)


def test_nothing_is_looked_for_beyond_the_horizon() -> None:
    assert next_change(ruleset(CLOSED), call(MONDAY), Facts(), MONDAY, timedelta(hours=7)) is not None
    assert next_change(ruleset(CLOSED), call(MONDAY), Facts(), MONDAY, timedelta(hours=6)) is None


def test_fifty_schedules_that_lead_to_the_same_target_change_nothing() -> None:
    schedules = [
        {"key": f"s{n}", "name": f"S{n}", "opening_hours": f"Mo-Fr 0{n % 9}:{n:02}-17:{n:02}", "timezone": "UTC"}
        for n in range(50)
    ]
    rules = [
        {"key": f"r{n}", "name": f"R{n}", "when": {"schedule": {"key": f"s{n}", "is": "open"}},
         "then": [{"target": "day"}]}
        for n in range(50)
    ]  # fmt: skip

    assert next_change(ruleset(*rules, schedules=schedules), call(MONDAY), Facts(), MONDAY) is None


def call(at: datetime) -> Context:
    return Context(channel=Channel.INBOUND, at=at, customer="+12125550123", our_number="+12025550111")


def first_other_minute(rules: RuleSet, at: datetime, facts: Facts) -> datetime | None:
    """Ask at every minute of two days, as nobody would do on a page."""
    first = decide_at(rules, at, facts)
    minutes = (at.astimezone(UTC) + timedelta(minutes=n) for n in range(1, 2881))
    return next((minute for minute in minutes if not is_same_target(decide_at(rules, minute, facts), first)), None)


def decide_at(rules: RuleSet, at: datetime, facts: Facts) -> Any:
    hits = tuple(hit for hit in facts.hits if hit.expires_at is None or at < hit.expires_at)
    switches = tuple(switch for switch in facts.switches if at < switch.until)
    return resolve(rules, situate(rules, call(at)), replace(facts, hits=hits, switches=switches))
