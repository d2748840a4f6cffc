"""For any table and any call: the index, the whole list and explain give one answer; a table survives being written."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine.compile import compile_table
from routing.engine.context import Attribute, Channel, Context, NamedTarget
from routing.engine.decision import Decision, Reason
from routing.engine.document import read_document, write_document
from routing.engine.explain import RuleOutcome, explain
from routing.engine.live import NO_FACTS, EmergencySwitch, ListHit, LiveData
from routing.engine.resolve import bucket, resolve, resolve_linear
from routing.engine.ruleset import RuleSet
from routing.engine.situation import situate
from routing.engine.table import (
    Arm,
    AttributeSpec,
    CampaignSpec,
    ListEntry,
    ListSpec,
    Operator,
    OurNumber,
    Purpose,
    RuleSpec,
    ScheduleException,
    ScheduleSpec,
    Table,
    Target,
    TargetKind,
    When,
)
from tests.engine.cases import LAST_RESORT

# Few of each, so that rules and calls meet often.
CUSTOMERS = ["+14155550123", "+14155550124", "+442079460123", "+525512345678", "+18005550123", "611", "sip:Bob@x.com"]
HIDDEN = [None, "", "anonymous", "+266696687"]
ENTRIES = [*CUSTOMERS, "+1*", "+1415*", "+141555501*", "+44*", "US", "GB", "MX", "withheld"]
OURS = ["+12025550111", "+442079460111", "sip:sales@example.com"]
LISTS = ["vip", "staff", "stop", "nuisance"]
SLUGS = ["spring", "always"]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLANS = ["gold", "silver", "", "17", "100"]
ZONES = ["America/New_York", "Asia/Tokyo"]
DAYS = st.dates(date(2026, 2, 25), date(2026, 3, 15))
INSTANTS = st.datetimes(datetime(2026, 2, 25), datetime(2026, 3, 15), timezones=st.just(UTC))  # noqa: DTZ001 - given here


def some(values: list[str], most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True).map(tuple)


def seldom(strategy: st.SearchStrategy[tuple[str, ...]]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.one_of(st.just(()), st.just(()), strategy)


# A pool, because objects drawn at random take longer to make than all the rest.
Fields = dict[str, Any]
OBJECTS: st.SearchStrategy[Fields] = st.sampled_from(
    [
        {},
        {},
        {"variableValues": {"level": 1, "name": "Ada"}},
        {"variableValues": {"level": {"deep": [True, None]}}, "firstMessage": "Hi"},
        {"variableValues": "text", "stop": ["a", {"b": 2.5}]},
    ]
)
TARGETS = (
    Target(key="a", name="A", kind=TargetKind.ASSISTANT, vapi_id="a", overrides={"variableValues": {"t": 1}}),
    Target(key="b", name="B", kind=TargetKind.SQUAD, vapi_id="b"),
    Target(key="desk", name="Desk", kind=TargetKind.TRANSFER, number="+12025550199"),
    Target(key="no", name="No", kind=TargetKind.REJECT, message="No."),
)
TARGET_KEYS = [target.key for target in TARGETS]
SCHEDULES = (
    ScheduleSpec(
        key="office",
        name="Office",
        opening_hours="Mo-Fr 09:00-17:00; PH off",
        timezone="America/New_York",
        country="US",
        exceptions=(ScheduleException(starts_on=date(2026, 3, 3), ends_on=date(2026, 3, 4), hours="22:00-02:00"),),
    ),
    ScheduleSpec(key="nights", name="Nights", opening_hours="Mo-Fr 22:00-06:00", timezone="Asia/Tokyo"),
    ScheduleSpec(key="theirs", name="Theirs", opening_hours="Mo-Su 09:00-21:00", timezone="customer"),
)
NUMBERS = tuple(
    OurNumber(vapi_id=f"n{place}", name=key, **{"sip_uri" if key.startswith("sip") else "number": key})
    for place, key in enumerate(OURS)
)
LIST_SPECS = (
    ListSpec(key="vip", name="VIP", purpose=Purpose.SEGMENT),
    ListSpec(key="staff", name="Staff", purpose=Purpose.SEGMENT, entries=()),
    ListSpec(key="stop", name="Stop", purpose=Purpose.DO_NOT_CALL),
    ListSpec(
        key="nuisance",
        name="Nuisance",
        purpose=Purpose.BLOCKED,
        entries=(
            ListEntry(number="611", label="x", variables={"a": [1]}, expires_at=datetime(2027, 1, 1, tzinfo=UTC)),
        ),
    ),
)


@st.composite
def attribute_specs(draw: st.DrawFn) -> AttributeSpec:
    op = draw(st.sampled_from(Operator))
    values: tuple[str, ...] = ()
    if op in (Operator.GREATER, Operator.LESS):
        values = (draw(st.sampled_from(["17", "-1", "99.5"])),)
    elif op not in (Operator.EXISTS, Operator.MISSING):
        values = draw(some(["gold", "silver", "go"], 2 if op in (Operator.IN, Operator.NOT_IN) else 1))
    return AttributeSpec(
        key=draw(st.sampled_from(["plan", "lang"])), op=op, values=values, allow_untrusted=draw(st.booleans())
    )


def _dates(has: int, days: list[date], zone: str) -> Fields:
    return {"valid_from": days[0] if has & 1 else None, "valid_until": days[1] if has & 2 else None, "timezone": zone}


CONDITIONS: list[st.SearchStrategy[Fields]] = [
    some(ENTRIES, 3).map(lambda entries: {"customer": entries}),
    some(LISTS).map(lambda keys: {"lists_any": keys}),
    some(LISTS).map(lambda keys: {"lists_none": keys}),
    some(OURS).map(lambda keys: {"numbers": keys}),
    some(SLUGS).map(lambda slugs: {"campaigns": slugs}),
    some(list(Channel)).map(lambda words: {"channels": tuple(map(Channel, words))}),
    st.builds(
        lambda key, is_open: {"schedule": key, "schedule_is_open": is_open},
        st.sampled_from([spec.key for spec in SCHEDULES]),
        st.booleans(),
    ),
    st.builds(_dates, st.integers(1, 3), st.tuples(DAYS, DAYS).map(sorted), st.sampled_from(ZONES)),
    st.lists(attribute_specs(), min_size=1, max_size=2).map(lambda specs: {"attributes": tuple(specs)}),
]
# Only what stands is drawn: a table is made in milliseconds.
WHENS = st.lists(st.one_of(CONDITIONS), max_size=3).map(
    lambda found: When(**{k: v for one in found for k, v in one.items()})
)


@st.composite
def arms(draw: st.DrawFn) -> tuple[Arm, ...]:
    keys = draw(some(TARGET_KEYS, 3))
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=len(keys) - 1, max_size=len(keys) - 1)))
    ends = [*cuts, 100]
    return tuple(Arm(target=key, weight=end - start) for key, start, end in zip(keys, [0, *cuts], ends, strict=True))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    rules = draw(st.lists(st.tuples(WHENS, arms(), st.sampled_from([True, True, False]), OBJECTS), max_size=8))
    gone = draw(st.sets(st.sampled_from(TARGET_KEYS), max_size=2))
    starts_on, ends_on = draw(st.tuples(DAYS, DAYS).map(sorted))
    return Table(
        default=draw(st.sampled_from(TARGET_KEYS)),
        default_number=draw(st.none() | st.sampled_from(OURS)),
        blocked=draw(st.none() | st.sampled_from(TARGET_KEYS)),
        overrides=draw(OBJECTS),
        targets=tuple(_enabled(target, target.key not in gone) for target in TARGETS),
        schedules=SCHEDULES,
        numbers=NUMBERS,
        campaigns=(
            CampaignSpec(
                slug="spring",
                name="Spring",
                numbers=draw(seldom(some(OURS))),
                starts_on=starts_on,
                ends_on=ends_on,
                timezone="America/New_York",
                vapi_campaign_ids=("v1",),
            ),
            CampaignSpec(
                slug="always", name="Always", numbers=draw(seldom(some(OURS))), vapi_campaign_ids=("v1", "v2")
            ),
        ),
        lists=LIST_SPECS,
        rules=tuple(
            RuleSpec(key=f"r{place}", name=f"Rule {place}", when=when, then=then, enabled=enabled, overrides=overrides)
            for place, (when, then, enabled, overrides) in enumerate(rules)
        ),
    )


def _enabled(target: Target, enabled: bool) -> Target:
    fields = {
        name: getattr(target, name) for name in ("key", "name", "kind", "vapi_id", "number", "message", "overrides")
    }
    return Target(**fields, enabled=enabled)


ATTRIBUTES = st.dictionaries(
    st.sampled_from(["plan", "lang"]), st.builds(Attribute, text=st.sampled_from(PLANS), trusted=st.booleans())
)
CONTEXTS = st.builds(
    Context,
    channel=st.sampled_from(Channel),
    at=INSTANTS,
    customer=st.sampled_from([*CUSTOMERS, *CUSTOMERS, *HIDDEN]),
    our_number=st.sampled_from([None, *OURS, "+12025550119", "+nonsense"]),
    our_number_id=st.sampled_from([None, None, "n0", "n2", "elsewhere"]),
    campaign=st.sampled_from([None, None, *SLUGS, "unknown"]),
    vapi_campaign_id=st.sampled_from([None, None, "v1", "v2", "unknown"]),
    attributes=ATTRIBUTES,
    call_id=st.none() | st.text(max_size=5),
    external_id=st.sampled_from([None, None, "crm-1", "crm-2"]),
    named_target=st.sampled_from([None, None, None, None, NamedTarget(kind="assistant", vapi_id="x")]),
)
PURPOSES = {spec.key: spec.purpose for spec in LIST_SPECS}
HITS = st.tuples(
    st.sampled_from(["vip", "staff", "vip", "staff", "vip", "staff", "stop", "nuisance"]), OBJECTS, st.none() | INSTANTS
).map(lambda drawn: ListHit(list_key=drawn[0], purpose=PURPOSES[drawn[0]], variables=drawn[1], expires_at=drawn[2]))
SWITCHES = st.builds(
    EmergencySwitch,
    until=INSTANTS,
    target=st.none() | st.sampled_from(TARGETS),
    our_numbers=st.frozensets(st.sampled_from(OURS), max_size=2),
    pauses_outbound=st.booleans(),
)
LIVE = st.builds(
    LiveData,
    entries=st.dictionaries(
        st.sampled_from(CUSTOMERS), st.lists(HITS, max_size=2, unique_by=lambda hit: hit.list_key).map(tuple)
    ),
    switches=st.lists(SWITCHES, max_size=1).map(tuple) | st.just(()) | st.just(()),
    unavailable=st.frozensets(st.sampled_from(TARGET_KEYS), max_size=2) | st.just(frozenset()),
)


TAKES_NOTHING = {RuleOutcome.DISABLED, RuleOutcome.NO_MATCH, RuleOutcome.NO_TARGET_AVAILABLE}


def compile_any(table: Table) -> RuleSet:
    return compile_table(table, revision=1, default_region="US", last_resort=LAST_RESORT)


@settings(max_examples=300, deadline=None)
@given(table=tables(), calls=st.lists(st.tuples(CONTEXTS, LIVE), min_size=1, max_size=4))
def test_index_list_and_explanation_agree(table: Table, calls: list[tuple[Context, LiveData]]) -> None:
    ruleset = compile_any(table)

    for context, live in calls:
        situation = situate(ruleset, context)
        facts = live.facts_for(situation.customer, context.at)
        decision = resolve(ruleset, situation, facts)
        explanation = explain(ruleset, situation, facts)

        assert resolve_linear(ruleset, situation, facts) == decision
        assert explanation.decision == decision
        assert [trace.rule for trace in explanation.rules if trace.outcome is RuleOutcome.CHOSEN] == [
            rule for rule in [decision.rule] if rule is not None
        ]
        for trace in explanation.rules:
            if trace.outcome not in (RuleOutcome.DISABLED, RuleOutcome.NO_MATCH):
                assert all(condition.holds for condition in trace.conditions)
        assert_is_possible(decision, ruleset)
        if decision.reason is Reason.DEFAULT:
            assert decision.target.key == table.default
            assert {trace.outcome for trace in explanation.rules} <= TAKES_NOTHING


@settings(max_examples=200, deadline=None)
@given(specs=st.lists(attribute_specs(), min_size=1, max_size=8), attributes=ATTRIBUTES, from_us=st.booleans())
def test_rules_told_apart_by_attributes_are_found(
    specs: list[AttributeSpec], attributes: dict[str, Attribute], from_us: bool
) -> None:
    """Sabotage seen to fail: an attribute taken for settled by being found; the first attribute passed over."""
    customer = ("US",) if from_us else ()
    rules = tuple(
        RuleSpec(key=f"r{n}", name=f"R{n}", when=When(customer=customer, attributes=(spec,)), then=(Arm(target="a"),))
        for n, spec in enumerate(specs)
    )
    target = Target(key="a", name="A", kind=TargetKind.ASSISTANT, vapi_id="1")
    ruleset = compile_any(Table(default="a", targets=(target,), rules=rules))
    context = Context(channel=Channel.INBOUND, at=NOON, customer="+14155550123", attributes=attributes)
    situation = situate(ruleset, context)

    assert resolve(ruleset, situation, NO_FACTS) == resolve_linear(ruleset, situation, NO_FACTS)


def assert_is_possible(decision: Decision, ruleset: RuleSet) -> None:
    """Hold what is true of every decision, whatever the table says."""
    by_rule = decision.reason in (Reason.TARGETING_MATCH, Reason.SPLIT)
    assert (decision.rule is not None) == by_rule
    if decision.rule is not None:
        rule = ruleset.rules[decision.rule.position - 1]
        assert rule.spec.enabled
        assert decision.target.key in {arm.target for arm in rule.spec.then}
        assert decision.target.enabled


@settings(max_examples=100, deadline=None)
@given(tables())
def test_a_table_survives_being_written(table: Table) -> None:
    written = write_document(table, with_entries=True)

    assert read_document(written) == table
    assert read_document(json.loads(json.dumps(written))) == table


@settings(deadline=None)
@given(salt=st.text(max_size=20), identity=st.text(max_size=20))
def test_a_bucket_is_one_of_a_hundred_and_always_the_same(salt: str, identity: str) -> None:
    assert 0 <= bucket(salt, identity) <= 99
    assert bucket(salt, identity) == bucket(salt, identity)


def test_buckets_are_spread_evenly_and_rules_draw_apart() -> None:
    numbers = [f"+1415{digits:07}" for digits in range(20_000)]

    drawn = Counter(bucket("half", number) for number in numbers)
    both = sum(bucket("half", number) < 50 and bucket("other", number) < 50 for number in numbers)

    assert len(drawn) == 100
    assert 130 < min(drawn.values()) <= max(drawn.values()) < 270  # 200 expected, standard deviation 14
    assert 4_700 < both < 5_300  # a quarter: who is in the first half of one rule is in either half of another
