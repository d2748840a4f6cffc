"""Recorded calls decided by two tables."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from routing.engine.compile import compile_table
from routing.engine.context import Channel, Context
from routing.engine.document import read_document
from routing.engine.live import Facts
from routing.engine.ruleset import RuleSet
from routing.engine.table import Target, TargetKind
from routing.services.backtest import compare
from routing.services.replay import RecordedCall
from routing.snapshot.tablefile import read_text
from tests.admin.conftest import TABLE

AT = datetime(2026, 5, 4, 15, tzinfo=UTC)  # a Monday, office hours in New York
LAST = Target(key="", name="Last", kind=TargetKind.REJECT, message="Sorry.")
MX, US = "+525512345678", "+12125550123"


def rules(text: str = TABLE) -> RuleSet:
    return compile_table(read_document(read_text(text)), revision=None, default_region="US", last_resort=LAST)


def call(customer: str) -> RecordedCall:
    context = Context(channel=Channel.INBOUND, at=AT, customer=customer, our_number="+12025550111")
    return RecordedCall(
        call_id=uuid4(), channel="inbound", customer_number=customer, decided_at=AT, context=context,
        facts=Facts(), target_key="", target_name="", reason="DEFAULT", rule_key="",
    )  # fmt: skip


ELSEWHERE = ("then: [{target: espanol}]", "then: [{target: night}]")
EDITS: dict[str, tuple[tuple[str, str], list[tuple[str, str]]]] = {
    "nothing": (("", ""), []),
    "another target": (ELSEWHERE, [("Recepción ES", "Night desk")]),
    "another name of the same target": (("name: Recepción ES", "name: Spanish"), []),
    "another assistant of the same target": (("000000000002}", "000000000007}"), [("Recepción ES", "Recepción ES")]),
    "other settings": (
        ("when: {customer: [MX]}", "when: {customer: [MX]}, overrides: {firstMessage: Hola}"),
        [("Recepción ES", "Recepción ES")],
    ),
    "another rule, same target": (("key: mexico, name: Mexican callers", "key: mx, name: MX"), []),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "changed"), EDITS.values(), ids=EDITS)
def test_calls_that_come_out_differently(edit: tuple[str, str], changed: list[tuple[str, str]]) -> None:
    assert not edit[0] or TABLE.count(edit[0]) == 1

    result = compare(rules(), rules(TABLE.replace(*edit) if edit[0] else TABLE), [call(MX), call(US)])

    assert result.calls == 2
    assert [(it.before.target.name, it.after.target.name) for it in result.changes] == changed


def test_calls_are_counted_by_where_they_go() -> None:
    result = compare(rules(), rules(TABLE.replace(*ELSEWHERE)), [call(MX)] * 3 + [call(US)])

    assert result.grouped() == [("Recepción ES", "Night desk", 3)]
    assert not result.changes[0].same_target


def test_each_call_is_decided_with_what_was_known_then() -> None:
    at_night = call(MX)
    at_night = replace(at_night, context=replace(at_night.context, customer=US, at=AT.replace(hour=4)))
    later = TABLE.replace("then: [{target: night}]", "then: [{target: desk}]")

    result = compare(rules(), rules(later), [at_night, call(US)])

    assert [(it.recorded.context.at.hour, it.after.target.name) for it in result.changes] == [(4, "Front desk")]
