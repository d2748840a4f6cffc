"""Rules, conditions and decisions in words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from routing.engine.compile import compile_table
from routing.engine.condition_words import condition_words
from routing.engine.context import Attribute, Channel, Context
from routing.engine.decision import Decision, Reason, RuleRef
from routing.engine.document import read_document
from routing.engine.explain import explain
from routing.engine.isolating import isolate
from routing.engine.live import Facts, ListHit
from routing.engine.sentences import decision_sentence, rule_sentence
from routing.engine.situation import situate
from routing.engine.table import Purpose, RuleSpec, Table, Target, TargetKind, When
from tests.engine.cases import LAST_RESORT

WORLD: dict[str, Any] = {
    "default": "reception",
    "targets": [
        {"key": "reception", "name": "Reception EN", "kind": "assistant", "vapi_id": "a1"},
        {"key": "after", "name": "After hours", "kind": "assistant", "vapi_id": "a2"},
    ],
    "schedules": [
        {"key": "office", "name": "Office hours", "opening_hours": "Mo-Fr 09:00-17:00", "timezone": "America/New_York"},
        {"key": "theirs", "name": "Daytime", "opening_hours": "Mo-Su 09:00-21:00", "timezone": "customer"},
    ],
    "numbers": [
        {"vapi_id": "n1", "name": "Main line", "number": "+12025550111"},
        {"vapi_id": "n2", "name": "Spring line", "number": "+12025550112"},
    ],
    "campaigns": [{"slug": "spring", "name": "Spring sale", "numbers": ["+12025550112"]}],
    "lists": [
        {"key": "vip", "name": "VIP", "purpose": "segment"},
        {"key": "staff", "name": "Staff", "purpose": "segment"},
    ],
}
MAIN, SPRING = "+12025550111", "+12025550112"
CLOSED = {"key": "office", "is": "closed"}
GOLD = {"key": "plan", "op": "is", "value": "gold"}
ADULT = {"key": "age", "op": "greater", "value": 17}

SENTENCES: list[tuple[dict[str, Any], str]] = [
    ({}, "Every call"),
    ({"customer": ["US"], "numbers": [MAIN], "schedule": CLOSED}, "US callers on Main line outside Office hours"),
    ({"schedule": {"key": "office"}}, "Calls during Office hours"),
    ({"numbers": [MAIN, SPRING]}, "Calls on Main line or Spring line"),
    ({"campaigns": ["spring"]}, "Calls in campaign Spring sale"),
    ({"customer": ["US", "MX", "CA"]}, "US, MX or CA callers"),
    ({"customer": ["US", "MX", "CA", "GB", "FR"]}, "US, MX, CA or 2 more callers"),
    ({"customer": ["+1415*", "+1628*"]}, "Callers from +1415… or +1628…"),
    ({"customer": ["+12025550100"]}, "+12025550100"),
    ({"customer": ["withheld"]}, "Withheld callers"),
    (
        {"customer": ["+12025550100", "US", "withheld", "+44*", "611"]},
        "US callers, callers from +44…, +12025550100 or 611 or withheld callers",
    ),
    ({"lists": {"any_of": ["vip", "staff"]}}, "Callers on list VIP or Staff"),
    ({"lists": {"none_of": ["vip"]}}, "Callers not on list VIP"),
    ({"lists": {"any_of": ["vip"], "none_of": ["staff"]}}, "Callers on list VIP but not on list Staff"),
    ({"customer": ["US"], "lists": {"any_of": ["vip"]}}, "US callers on list VIP"),
    ({"channels": ["inbound"]}, "Inbound calls"),
    ({"channels": ["outbound", "web"]}, "Outbound or web calls"),
    ({"channels": ["outbound"], "customer": ["US"]}, "Outbound calls to US numbers"),
    ({"channels": ["outbound"], "customer": ["+1415*"]}, "Outbound calls to numbers beginning +1415…"),
    ({"channels": ["inbound", "web"], "customer": ["withheld"]}, "Inbound or web calls from withheld numbers"),
    (
        {"channels": ["inbound", "outbound"], "lists": {"any_of": ["vip"]}},
        "Inbound or outbound calls with numbers on list VIP",
    ),
    ({"from": "2026-01-05", "timezone": "UTC"}, "Calls from 5 Jan 2026 on"),
    ({"until": "2026-12-31", "timezone": "UTC"}, "Calls until 31 Dec 2026"),
    ({"from": "2026-01-05", "until": "2026-12-31", "timezone": "UTC"}, "Calls from 5 Jan 2026 to 31 Dec 2026"),
    ({"customer": ["US"], "attributes": [GOLD, ADULT]}, "US callers, if plan is gold and age is greater than 17"),
    ({"attributes": [{"key": "plan", "op": "is_not", "value": "gold"}]}, "Calls, if plan is not gold"),
    ({"attributes": [{"key": "plan", "op": "in", "value": ["gold", "iron"]}]}, "Calls, if plan is gold or iron"),
    (
        {"attributes": [{"key": "plan", "op": "not_in", "value": ["gold", "iron"]}]},
        "Calls, if plan is not gold or iron",
    ),
    ({"attributes": [{"key": "plan", "op": "exists"}]}, "Calls, if plan is known"),
    ({"attributes": [{"key": "plan", "op": "missing"}]}, "Calls, if plan is not known"),
    ({"attributes": [{"key": "plan", "op": "starts_with", "value": "g"}]}, "Calls, if plan starts with g"),
    ({"attributes": [{"key": "plan", "op": "contains", "value": "g"}]}, "Calls, if plan contains g"),
    ({"attributes": [{"key": "age", "op": "less", "value": 18}]}, "Calls, if age is less than 18"),
]


def read_rule(when: dict[str, Any], then: list[dict[str, Any]]) -> tuple[RuleSpec, Table]:
    table = read_document(WORLD | {"rules": [{"key": "rule", "name": "The rule", "when": when, "then": then}]})
    return table.rules[0], table


@pytest.mark.parametrize(("when", "phrase"), SENTENCES, ids=[phrase for _, phrase in SENTENCES])
def test_a_rule_reads_as_one_sentence(when: dict[str, Any], phrase: str) -> None:
    rule, table = read_rule(when, [{"target": "after"}])

    assert rule_sentence(rule, table) == f"{phrase} → After hours"


@pytest.mark.parametrize(
    ("then", "phrase"),
    [
        (
            [{"target": "after", "weight": 30}, {"target": "reception", "weight": 70}],
            "30\xa0% After hours, 70\xa0% Reception EN",
        ),
        ([], "nobody"),
        ([{"target": "gone"}], "gone"),
    ],
)
def test_a_sentence_ends_with_who_takes_the_call(then: list[dict[str, Any]], phrase: str) -> None:
    rule, table = read_rule({}, then)

    assert rule_sentence(rule, table) == f"Every call → {phrase}"


def test_a_sentence_names_what_the_table_does_not_know_by_its_key() -> None:
    rule = RuleSpec(key="r", name="R", when=When(lists_any=("vip",), schedule="office"), then=())

    assert rule_sentence(rule, Table()) == "Callers on list vip during office → nobody"


def test_dates_are_written_alike_on_every_system() -> None:
    rule = RuleSpec(key="r", name="R", when=When(valid_until=date(2026, 3, 1)), then=())

    assert rule_sentence(rule, Table()) == "Calls until 1 Mar 2026 → nobody"


ASSISTANT = Target(key="a", name="Ada", kind=TargetKind.ASSISTANT, vapi_id="x")
DESK = Target(key="d", name="Desk", kind=TargetKind.TRANSFER, number="+12025550199")
SIP_DESK = Target(key="d", name="Desk", kind=TargetKind.TRANSFER, sip_uri="sip:desk@example.com")
REFUSAL = Target(key="r", name="Refusal", kind=TargetKind.REJECT, message="No.")
RULE = RuleRef(position=3, key="vip", name="VIP callers")


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        (Decision(target=ASSISTANT, reason=Reason.DEFAULT), "Ada takes the call (assistant), because no rule matched."),
        (
            Decision(target=DESK, reason=Reason.TARGETING_MATCH, rule=RULE),
            "Desk takes the call (transfer to +12025550199), because rule 3 “VIP callers” matched.",
        ),
        (
            Decision(target=SIP_DESK, reason=Reason.SPLIT, rule=RULE),
            "Desk takes the call (transfer to sip:desk@example.com), "
            "because rule 3 “VIP callers” matched, by its split.",
        ),
        (
            Decision(target=REFUSAL, reason=Reason.BLOCKED),
            "Refusal: the call is refused with “No.”, because the number is on a blocked or do-not-call list.",
        ),
        (
            Decision(target=ASSISTANT, reason=Reason.EMERGENCY),
            "Ada takes the call (assistant), because the emergency switch is on.",
        ),
        (
            Decision(target=ASSISTANT, reason=Reason.EXPLICIT),
            "Ada takes the call (assistant), because the request named it.",
        ),
        (
            Decision(target=ASSISTANT, reason=Reason.ERROR),
            "Ada takes the call (assistant), because no routing table could be used (last resort).",
        ),
    ],
    ids=lambda value: value.reason.value if isinstance(value, Decision) else "",
)
def test_a_decision_reads_as_one_sentence(decision: Decision, sentence: str) -> None:
    assert decision_sentence(decision) == sentence


MONDAY_NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)
ADA = "+12025550100"
PLAN = {"plan": Attribute(text="gold")}
VIP_HIT = Facts(
    hits=(ListHit(list_key="vip", purpose=Purpose.SEGMENT), ListHit(list_key="staff", purpose=Purpose.SEGMENT))
)


@pytest.mark.parametrize(
    ("when", "context", "facts", "words"),
    [
        ({"channels": ["web", "inbound"]}, {}, Facts(), ("channel", "inbound or web", "inbound")),
        (
            {"customer": ["withheld", "US", "+44*", "+12025550101"]},
            {"customer": ADA},
            Facts(),
            ("customer", "+12025550101, +44*, US or 1 more", "+12025550100 (US)"),
        ),
        ({"customer": ["US"]}, {"customer": "+80012345678"}, Facts(), ("customer", "US", "+80012345678 (no country)")),
        ({"customer": ["US"]}, {"customer": "611"}, Facts(), ("customer", "US", "611 (not a telephone number)")),
        ({"customer": ["withheld"]}, {}, Facts(), ("customer", "withheld", "withheld")),
        ({"customer": ["US"]}, {"channel": Channel.WEB}, Facts(), ("customer", "US", "no number")),
        ({"lists": {"any_of": ["vip"]}}, {"customer": ADA}, VIP_HIT, ("list", "on VIP", "on Staff and VIP")),
        (
            {"lists": {"none_of": ["vip", "staff"]}},
            {"customer": ADA},
            Facts(),
            ("list", "not on Staff or VIP", "on no list"),
        ),
        ({"lists": {"none_of": ["vip"]}}, {}, Facts(), ("list", "not on VIP", "withheld")),
        ({"numbers": [MAIN]}, {"our_number": SPRING}, Facts(), ("our number", "Main line", "Spring line")),
        ({"numbers": [MAIN]}, {}, Facts(), ("our number", "Main line", "none")),
        ({"campaigns": ["spring"]}, {"our_number": SPRING}, Facts(), ("campaign", "Spring sale", "Spring sale")),
        ({"campaigns": ["spring"]}, {}, Facts(), ("campaign", "Spring sale", "none running")),
        ({"schedule": CLOSED}, {}, Facts(), ("schedule", "Office hours closed", "open (Mon 12:00 America/New_York)")),
        (
            {"schedule": {"key": "theirs"}},
            {"customer": "+12085551234", "at": datetime(2026, 3, 2, 16, 30, tzinfo=UTC)},
            Facts(),
            ("schedule", "Daytime open", "open (Mon 09:30 America/Boise) and closed (Mon 08:30 America/Los_Angeles)"),
        ),
        (
            {"schedule": {"key": "theirs"}},
            {},
            Facts(),
            ("schedule", "Daytime open", "customer's time zone is not known"),
        ),
        (
            {"from": "2026-01-01", "until": "2026-12-31", "timezone": "Asia/Tokyo"},
            {},
            Facts(),
            ("dates", "from 2026-01-01 until 2026-12-31", "2026-03-03 (Asia/Tokyo)"),
        ),
        ({"until": "2026-12-31", "timezone": "UTC"}, {}, Facts(), ("dates", "until 2026-12-31", "2026-03-02 (UTC)")),
        ({"attributes": [GOLD]}, {"attributes": PLAN}, Facts(), ("attribute", "plan is gold", "gold")),
        ({"attributes": [GOLD]}, {}, Facts(), ("attribute", "plan is gold", "not given")),
        (
            {"attributes": [GOLD]},
            {"attributes": {"plan": Attribute(text="gold", trusted=False)}},
            Facts(),
            ("attribute", "plan is gold", "gold (set by the caller: not trusted)"),
        ),
    ],
)
def test_a_condition_tells_what_it_wants_and_what_it_saw(
    when: dict[str, Any], context: dict[str, Any], facts: Facts, words: tuple[str, str, str]
) -> None:
    _, table = read_rule(when, [{"target": "after"}])
    ruleset = compile_table(table, revision=1, default_region="US", last_resort=LAST_RESORT)
    given: dict[str, Any] = {"channel": Channel.INBOUND, "at": MONDAY_NOON} | context
    situation = situate(ruleset, Context(**given))

    (trace,) = explain(ruleset, situation, facts).rules[0].conditions

    assert (trace.kind, trace.wanted, trace.seen) == words


def test_a_condition_without_words_is_refused() -> None:
    with pytest.raises(TypeError, match="no words for"):
        condition_words(object(), None, Facts(), None)  # type: ignore[arg-type]  # a kind without words


def test_names_from_right_to_left_keep_their_share() -> None:
    raw = {
        **WORLD,
        "targets": [
            {"key": "reception", "name": "مكتب", "kind": "assistant", "vapi_id": "a1"},
            {"key": "after", "name": "קבלה", "kind": "assistant", "vapi_id": "a2"},
        ],
        "rules": [
            {"name": "Split", "then": [{"target": "reception", "weight": 70}, {"target": "after", "weight": 30}]},
            {"name": "One", "when": {"campaigns": ["spring"]}, "then": [{"target": "after"}]},
        ],
    }
    table = read_document(raw)

    sentences = [rule_sentence(rule, table) for rule in table.rules]

    assert sentences == [
        "Every call → 70\xa0% \u2068مكتب\u2069, 30\xa0% \u2068קבלה\u2069",
        "Calls in campaign Spring sale → \u2068קבלה\u2069",
    ]


@pytest.mark.parametrize(
    ("text", "isolated"),
    [
        ("VIP", "VIP"),
        ("Recepción 客服", "Recepción 客服"),
        ("VIP קבלה", "\u2068VIP קבלה\u2069"),
        ("\u2068ק…", "\u2068ק…\u2069"),
    ],
    ids=["ASCII", "left to right", "mixed", "cut inside a name"],
)
def test_only_letters_from_the_right_are_isolated(text: str, isolated: str) -> None:
    assert isolate(text) == isolated
