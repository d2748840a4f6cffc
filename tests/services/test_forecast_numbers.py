"""Who answers each number, until when, and who after that."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from routing.engine.compile import compile_table
from routing.engine.document import read_document
from routing.engine.live import EmergencySwitch, ListHit, LiveData
from routing.engine.table import Purpose, Target, TargetKind
from routing.services import forecast_numbers as module
from routing.services.forecast_numbers import Forecast, forecast_number, forecast_numbers
from routing.snapshot.store import Snapshot

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=NEW_YORK)
MAIN, SPRING, SIP = "+12025550111", "+12025550112", "sip:desk@example.com"
LAST_RESORT = Target(key="last", name="Last", kind=TargetKind.REJECT, message="Sorry.")
TABLE: dict[str, Any] = {
    "version": 1,
    "default": "day",
    "targets": [
        {"key": key, "name": key.title(), "kind": "assistant", "vapi_id": f"a-{key}"}
        for key in ("day", "night", "spring", "vip")
    ]
    + [{"key": "resting", "name": "Resting", "kind": "assistant", "vapi_id": "a-r", "enabled": False}],
    "schedules": [
        {"key": "office", "name": "Office", "opening_hours": "Mo-Fr 09:00-17:00", "timezone": "America/New_York"}
    ],
    "numbers": [
        {"vapi_id": "n1", "name": "Main", "number": MAIN},
        {"vapi_id": "n2", "name": "Spring", "number": SPRING},
        {"vapi_id": "n3", "name": "SIP", "sip_uri": SIP},
    ],
    "campaigns": [{"slug": "spring", "name": "Spring offers", "numbers": [SPRING]}],
    "lists": [{"key": "vip", "name": "VIP", "purpose": "segment"}],
    "rules": [
        {"key": "vips", "name": "VIPs", "when": {"lists": {"any_of": ["vip"]}}, "then": [{"target": "vip"}]},
        {"key": "web", "name": "Web", "when": {"channels": ["web"], "customer": ["MX"]}, "then": [{"target": "vip"}]},
        {"key": "sip", "name": "SIP", "when": {"numbers": [SIP], "customer": ["US"]}, "then": [{"target": "vip"}]},
        {"key": "split", "name": "Split",
         "when": {"campaigns": ["spring"], "schedule": {"key": "office", "is": "open"}},
         "then": [{"target": "spring", "weight": 30}, {"target": "resting", "weight": 70}]},
        {"key": "closed", "name": "Closed", "when": {"schedule": {"key": "office", "is": "closed"}},
         "then": [{"target": "night"}]},
    ],
}  # fmt: skip


def snapshot_of(live: LiveData | None = None, **changes: Any) -> Snapshot:
    table = read_document(TABLE | changes, default_region="US")
    ruleset = compile_table(table, revision=1, default_region="US", last_resort=LAST_RESORT)
    return Snapshot(ruleset=ruleset, live=live or LiveData())


def forecast(key: str, snapshot: Snapshot | None = None, at: datetime = MONDAY) -> Forecast:
    snapshot = snapshot or snapshot_of()
    number = next(number for number in snapshot.ruleset.table.numbers if number.key == key)
    return forecast_number(snapshot, number, at)


def names(answerer: Any) -> list[tuple[str, int, bool]]:
    return [(share.target.name, share.weight, share.available) for share in answerer.shares]


def test_now_until_and_then() -> None:
    found = forecast(MAIN)

    assert names(found.now) == [("Day", 100, True)]
    assert found.until == datetime(2026, 11, 23, 17, 0, tzinfo=NEW_YORK)
    assert found.then is not None
    assert names(found.then) == [("Night", 100, True)]


def test_a_split_names_all_who_share_and_what_is_wrong_with_them() -> None:
    found = forecast(SPRING)

    assert names(found.now) == [("Spring", 30, True), ("Resting", 70, False)]
    assert found.campaigns == ("Spring offers",)
    assert found.until == datetime(2026, 11, 23, 17, 0, tzinfo=NEW_YORK)


def test_other_shares_are_another_answer_though_one_caller_may_get_the_same_target() -> None:
    def split(key: str, state: str, day: int) -> dict[str, Any]:
        arms = [{"target": "day", "weight": day}, {"target": "night", "weight": 100 - day}]
        return {"key": key, "name": key, "when": {"schedule": {"key": "office", "is": state}}, "then": arms}

    found = forecast(MAIN, snapshot_of(rules=[split("a", "open", 99), split("b", "closed", 98)]))

    assert found.until == datetime(2026, 11, 23, 17, 0, tzinfo=NEW_YORK)
    assert found.then is not None
    assert names(found.then) == [("Day", 98, True), ("Night", 2, True)]


def test_nothing_changes_where_nothing_depends_on_time() -> None:
    found = forecast(SIP)

    assert (names(found.now), found.until, found.then) == ([("Vip", 100, True)], None, None)


def test_the_caller_is_on_no_list_and_the_rules_that_look_at_callers_are_counted() -> None:
    caller = forecast(MAIN).caller
    listed = LiveData(entries={caller: (ListHit(list_key="vip", purpose=Purpose.SEGMENT),)})

    found = forecast(MAIN, snapshot_of(listed))

    assert names(found.now) == [("Day", 100, True)]
    assert (found.caller_rules, forecast(SIP).caller_rules) == (1, 1)  # the rules of web calls and other numbers: no


def test_the_caller_comes_from_the_numbers_own_country() -> None:
    numbers = [{"vapi_id": "n9", "name": "Berlin", "number": "+493012345678"}]

    assert forecast("+493012345678", snapshot_of(numbers=numbers, campaigns=[], rules=[])).caller.startswith("+49")
    assert forecast(SIP).caller.startswith("+1")


def test_an_emergency_stands_above_all_and_ends() -> None:
    ends = MONDAY + timedelta(minutes=5)
    switch = EmergencySwitch(until=ends, target=snapshot_of().ruleset.targets["night"])

    found = forecast(MAIN, snapshot_of(LiveData(switches=(switch,))))

    assert (found.now.decision.reason, found.caller_rules) == ("EMERGENCY", 0)
    assert (found.until, found.then and names(found.then)) == (ends, [("Day", 100, True)])


def test_a_target_gone_at_vapi_is_passed_over() -> None:
    found = forecast(MAIN, snapshot_of(LiveData(unavailable=frozenset({"night"}))))

    assert (names(found.now), found.until) == ([("Day", 100, True)], None)


def test_what_is_known_is_not_looked_for_again_until_something_may_be_different(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[datetime] = []

    def count(snapshot: Snapshot, number: Any, now: datetime) -> Forecast:
        asked.append(now)
        return forecast_number(snapshot, number, now)

    monkeypatch.setattr(module, "forecast_number", count)
    switch = EmergencySwitch(until=MONDAY + timedelta(seconds=30), target=snapshot_of().ruleset.targets["night"])
    first, other = snapshot_of(LiveData(switches=(switch,))), snapshot_of()
    seconds = [0, 29, 30, 59, 60]
    for second in seconds:
        forecast_numbers(first, first.ruleset.table.numbers[:1], MONDAY + timedelta(seconds=second))
    forecast_numbers(other, other.ruleset.table.numbers[:1], MONDAY + timedelta(seconds=60))

    assert [(at - MONDAY).seconds for at in asked] == [0, 30, 60, 60]
