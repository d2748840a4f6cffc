"""What a rule would do before it is saved: the calls it matches, and those that an earlier rule takes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from routing.engine.context import Channel, Context, NamedTarget
from routing.engine.live import NO_FACTS, Facts, ListHit
from routing.engine.table import Arm, Purpose, RuleSpec, Table, Target, TargetKind, When
from routing.services.preview_rule import preview_rule
from routing.services.replay import RecordedCall

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)


def rule(key: str, *then: Arm, enabled: bool = True, **when: tuple[str, ...]) -> RuleSpec:
    arms = then or (Arm(target="a"),)
    return RuleSpec(key=key, name=key, when=When(**when), then=arms, enabled=enabled)  # type: ignore[arg-type]


def target(key: str, *, enabled: bool = True) -> Target:
    return Target(key=key, name=key.upper(), kind=TargetKind.ASSISTANT, vapi_id=str(uuid4()), enabled=enabled)


def call(customer: str | None, *, facts: Facts = NO_FACTS, named: NamedTarget | None = None) -> RecordedCall:
    context = Context(channel=Channel.INBOUND, at=AT, customer=customer, named_target=named)
    return RecordedCall(
        call_id=uuid4(), channel="inbound", customer_number=customer or "", decided_at=AT, context=context,
        facts=facts, target_key="a", target_name="A", reason="DEFAULT", rule_key="",
    )  # fmt: skip


TABLE = Table(
    default="a",
    targets=(target("a"), target("b"), target("off", enabled=False)),
    rules=(
        rule("spain", customer=("ES",)),
        rule("resting", enabled=False, customer=("MX",)),
        rule("dead", Arm(target="off"), customer=("MX",)),
        rule("mexico", Arm(target="b"), customer=("MX",)),
    ),
)
MEXICO, SPAIN, US = "+525512345678", "+34600123456", "+12025550100"
BLOCKED = Facts(hits=(ListHit(list_key="bad", purpose=Purpose.BLOCKED),))
CALLS = (call(MEXICO), call(SPAIN), call(US), call(None), call(MEXICO, facts=BLOCKED))
NEW = "(not saved)"

COUNTED: dict[str, tuple[RuleSpec, tuple[int, int]]] = {
    "in its own place": (rule("mexico", customer=("MX",)), (2, 1)),
    "changed": (rule("mexico", customer=("MX", "US")), (3, 2)),
    "every call, before the others": (rule("spain"), (5, 4)),
    "every call, after the others": (rule(NEW), (5, 2)),
    "switched off: as if it were on": (rule(NEW, enabled=False, customer=("US",)), (1, 1)),
    "what an earlier rule takes": (rule(NEW, customer=("ES", "withheld")), (2, 1)),
    "nobody to take it": (rule(NEW, Arm(target="off"), customer=("US",)), (1, 0)),
    "one of two is there": (rule(NEW, Arm(target="off"), Arm(target="b", weight=0), customer=("US",)), (1, 1)),
    "shares that are not divided yet": (rule(NEW, Arm(target="a", weight=0), Arm(target="b", weight=30)), (5, 2)),
    "shares that are too much": (rule(NEW, Arm(target="a", weight=90), Arm(target="b", weight=90)), (5, 2)),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "counts"), COUNTED.values(), ids=COUNTED)
def test_calls_are_counted(spec: RuleSpec, counts: tuple[int, int]) -> None:
    matches = preview_rule(spec, TABLE, CALLS).matches

    assert matches is not None
    assert (matches.calls, matches.matching, matches.taken) == (5, *counts)


def test_a_rule_without_targets_takes_nothing() -> None:
    matches = preview_rule(replace(rule(NEW), then=()), TABLE, CALLS).matches

    assert matches is not None
    assert (matches.matching, matches.taken) == (5, 0)


def test_a_target_that_the_request_names_takes_the_call() -> None:
    named = call(US, named=NamedTarget(kind="assistant", vapi_id="x"))

    matches = preview_rule(rule(NEW), TABLE, [named]).matches

    assert matches is not None
    assert (matches.matching, matches.taken) == (1, 0)


def test_the_calls_that_are_taken_are_shown_first_and_at_most_ten() -> None:
    many = [call(SPAIN) for _ in range(12)] + [call(US)]

    matches = preview_rule(rule(NEW, customer=("ES", "US")), TABLE, many).matches

    assert matches is not None
    assert [shown.recorded.customer_number for shown in matches.shown] == [US] + [SPAIN] * 9
    assert [shown.decision.rule.key for shown in matches.shown if shown.decision.rule] == [NEW] + ["spain"] * 9


PLACES: dict[str, tuple[RuleSpec, int, str]] = {
    "new": (rule(NEW, Arm(target="b"), customer=("US",)), 5, "US callers → B"),
    "saved": (rule("dead", Arm(target="b"), customer=("US",)), 3, "US callers → B"),
}


@pytest.mark.parametrize(("spec", "position", "sentence"), PLACES.values(), ids=PLACES)
def test_the_sentence_is_that_of_the_unsaved_rule(spec: RuleSpec, position: int, sentence: str) -> None:
    preview = preview_rule(spec, TABLE, None)

    assert (preview.position, preview.sentence, preview.matches) == (position, sentence, None)


FAULTS: dict[str, tuple[RuleSpec, Sequence[str]]] = {
    "none": (rule("mexico"), []),
    "shares": (rule("mexico", Arm(target="a", weight=60)), ["the weights add up to 60; they must add up to 100"]),
    "nobody": (replace(rule("mexico"), then=()), ["is missing; name at least one target"]),
}


@pytest.mark.parametrize(("spec", "messages"), FAULTS.values(), ids=FAULTS)
def test_only_the_faults_of_this_rule_are_told(spec: RuleSpec, messages: Sequence[str]) -> None:
    table = replace(TABLE, default=None, rules=(*TABLE.rules, rule("other", Arm(target="gone"))))

    assert [error.message for error in preview_rule(spec, table, None).faults] == messages


def test_a_fault_of_another_rule_does_not_keep_calls_from_being_counted() -> None:
    table = replace(TABLE, rules=(rule("broken", Arm(target="gone"), customer=("US",)), *TABLE.rules))

    matches = preview_rule(rule("mexico", customer=("US", "MX")), table, CALLS).matches

    assert matches is not None
    assert (matches.matching, matches.taken) == (3, 2)


def test_a_fault_of_the_table_keeps_calls_from_being_counted() -> None:
    assert preview_rule(rule(NEW), replace(TABLE, default=None), CALLS).matches is None
