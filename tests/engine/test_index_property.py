"""For any table and any call: the index, the whole list and explain give one answer; a table survives being written."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from routing.engine.compile import compile_table
from routing.engine.context import Attribute, Channel, Context, NamedTarget
from routing.engine.decision import Decision, Reason
from routing.engine.document import read_document, write_document
from routing.engine.explain import RuleOutcome, explain
from routing.engine.live import EmergencySwitch, ListHit, LiveData
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
PLANS = ["gold", "silver", "", "17", "100"]
ZONES = ["America/New_York", "Asia/Tokyo"]
DAYS = st.dates(date(2026, 2, 25), date(2026, 3, 15))
INSTANTS = st.datetimes(datetime(2026, 2, 25), datetime(2026, 3, 15), timezones=st.just(UTC))  # noqa: DTZ001 - given here


def some(values: list[str], most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True).map(tuple)


def seldom(strategy: st.SearchStrategy[tuple[str, ...]]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.just(()) | st.just(()) | strategy


JSON_OBJECTS = st.dictionaries(
    st.sampled_from(["firstMessage", "variableValues", "voice"]),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=5),
        lambda values: st.lists(values, max_size=2) | st.dictionaries(st.text(max_size=3), values, max_size=2),
        max_leaves=4,
    ),
    max_size=2,
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


@st.composite
def whens(draw: st.DrawFn) -> When:
    first, last = draw(st.tuples(DAYS, DAYS).map(sorted))
    has_dates = draw(st.sampled_from([0, 0, 0, 1, 2, 3]))
    return When(
        channels=tuple(Channel(word) for word in draw(seldom(some(list(Channel))))),
        customer=draw(seldom(some(ENTRIES, 3))),
        lists_any=draw(seldom(some(LISTS))),
        lists_none=draw(seldom(some(LISTS))),
        numbers=draw(seldom(some(OURS))),
        campaigns=draw(seldom(some(SLUGS))),
        schedule=draw(st.none() | st.none() | st.sampled_from([spec.key for spec in SCHEDULES])),
        schedule_is_open=True,
        valid_from=first if has_dates & 1 else None,
        valid_until=last if has_dates & 2 else None,
        timezone=draw(st.sampled_from(ZONES)) if has_dates else None,
        attributes=tuple(draw(st.just([]) | st.just([]) | st.lists(attribute_specs(), min_size=1, max_size=2))),
    )


@st.composite
def closed_whens(draw: st.DrawFn) -> When:
    """Conditions that a schedule is closed; ``schedule_is_open`` means nothing without a schedule."""
    key = draw(st.sampled_from([spec.key for spec in SCHEDULES]))
    return When(schedule=key, schedule_is_open=False, customer=draw(seldom(some(ENTRIES, 3))))


@st.composite
def arms(draw: st.DrawFn) -> tuple[Arm, ...]:
    keys = draw(some(TARGET_KEYS, 3))
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=len(keys) - 1, max_size=len(keys) - 1)))
    ends = [*cuts, 100]
    return tuple(Arm(target=key, weight=end - start) for key, start, end in zip(keys, [0, *cuts], ends, strict=True))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    rules = draw(
        st.lists(st.tuples(whens() | closed_whens(), arms(), st.booleans() | st.just(True), JSON_OBJECTS), max_size=8)
    )
    gone = draw(st.sets(st.sampled_from(TARGET_KEYS), max_size=2))
    starts_on, ends_on = draw(st.tuples(DAYS, DAYS).map(sorted))
    return Table(
        default=draw(st.sampled_from(TARGET_KEYS)),
        default_number=draw(st.none() | st.sampled_from(OURS)),
        blocked=draw(st.none() | st.sampled_from(TARGET_KEYS)),
        overrides=draw(JSON_OBJECTS),
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
HITS = st.builds(
    ListHit,
    list_key=st.sampled_from(["vip", "staff", "vip", "staff", "vip", "staff", "stop", "nuisance"]),
    purpose=st.just(Purpose.SEGMENT),
    variables=JSON_OBJECTS,
    expires_at=st.none() | INSTANTS,
).map(
    lambda hit: ListHit(
        list_key=hit.list_key, purpose=PURPOSES[hit.list_key], variables=hit.variables, expires_at=hit.expires_at
    )
)
PURPOSES = {spec.key: spec.purpose for spec in LIST_SPECS}
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


def compile_any(table: Table) -> RuleSet:
    return compile_table(table, revision=1, default_region="US", last_resort=LAST_RESORT)


@settings(max_examples=500, deadline=None)
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


def assert_is_possible(decision: Decision, ruleset: RuleSet) -> None:
    """Hold what is true of every decision, whatever the table says."""
    by_rule = decision.reason in (Reason.TARGETING_MATCH, Reason.SPLIT)
    assert (decision.rule is not None) == by_rule
    if decision.rule is not None:
        rule = ruleset.rules[decision.rule.position - 1]
        assert rule.spec.enabled
        assert decision.target.key in {arm.target for arm in rule.spec.then}
        assert decision.target.enabled


@settings(max_examples=200, deadline=None)
@given(tables())
def test_a_table_survives_being_written(table: Table) -> None:
    written = write_document(table, with_entries=True)

    assert read_document(written) == table
    assert read_document(json.loads(json.dumps(written))) == table


@settings(max_examples=100, deadline=None)
@given(table=tables(), calls=st.lists(st.tuples(CONTEXTS, LIVE), min_size=1, max_size=3))
def test_a_decision_survives_a_round_trip_of_its_table(table: Table, calls: list[tuple[Context, LiveData]]) -> None:
    before, after = compile_any(table), compile_any(read_document(write_document(table)))

    for context, live in calls:
        decisions = []
        for ruleset in (before, after):
            situation = situate(ruleset, context)
            decisions.append(resolve(ruleset, situation, live.facts_for(situation.customer, context.at)))
        assert decisions[0] == decisions[1]


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


@given(table=tables(), context=CONTEXTS)
def test_a_call_that_no_rule_takes_goes_to_the_default(table: Table, context: Context) -> None:
    assume(context.named_target is None)
    ruleset = compile_any(table)
    situation = situate(ruleset, context)
    facts = LiveData().facts_for(situation.customer, context.at)
    takers: list[Any] = [rule for rule in ruleset.rules if rule.spec.enabled and rule.matches(situation, facts)]
    assume(not takers)

    decision = resolve(ruleset, situation, facts)

    assert (decision.reason, decision.target.key) == (Reason.DEFAULT, table.default)
