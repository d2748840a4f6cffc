"""Rules read at once are what the careful reader makes of them; what is odd is left to that one."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from routing.engine.checking import check_table
from routing.engine.compile import compile_table
from routing.engine.context import Channel
from routing.engine.document import read_document, read_document_text, write_document
from routing.engine.errors import TableErrors
from routing.engine.reading import Mistakes
from routing.engine.reading_plain import read_plain_rule
from routing.engine.reading_rules import read_rule_with_care
from routing.engine.table import Arm, RuleSpec, Table, Target, TargetKind, When
from tests.engine.cases import LAST_RESORT
from tests.engine.test_index_property import tables

ODD: tuple[Any, ...] = (
    *(None, "", " ", 0, 1, 1.0, 100.0, True, [], [[]], [None], ["x", 1], {}, {"key": "x"}, "x" * 60, "a b", "closed"),
)
TARGET = Target(key="a", name="A", kind=TargetKind.ASSISTANT, vapi_id="1")
RULE = RuleSpec(key="r", name="R", when=When(customer=("US",)), then=(Arm(target="a"),))
TABLE = Table(default="a", targets=(TARGET,), rules=(RULE,))
PLAIN = When(
    channels=(Channel.INBOUND,),
    customer=("+12025550100",),
    numbers=("+12025550111",),
    campaigns=("c",),
    schedule="office",
)
PLAIN_TABLE = replace(TABLE, rules=(replace(RULE, when=PLAIN),))
FIELDS = [
    *(("rule", field) for field in ("key", "name", "note", "enabled", "when", "then", "overrides", "other")),
    *(("when", field) for field in ("channels", "customer", "numbers", "campaigns", "schedule", "other")),
    *(("schedule", field) for field in ("key", "is", "other")),
    *(("then", field) for field in ("target", "weight", "other")),
]


def _read_with_care(raw: Any) -> tuple[RuleSpec, Mistakes]:
    mistakes = Mistakes()
    return read_rule_with_care(raw, 0, mistakes, ()), mistakes


@settings(max_examples=100, deadline=None)
@given(tables())
def test_rules_are_read_as_with_care(table: Table) -> None:
    for raw in write_document(table)["rules"]:
        assert read_plain_rule(raw) in (None, _read_with_care(raw)[0])


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_what_is_odd_is_read_with_care(odd: Any) -> None:
    """Every field of a plain rule in turn, and one that is not known.

    Sabotage seen to fail: a weight of ``true`` taken for 1; a field that is not known passed over.
    """
    for name, field in FIELDS:
        raw = write_document(PLAIN_TABLE)["rules"][0]
        inner = {"rule": raw, "when": raw["when"], "schedule": raw["when"]["schedule"], "then": raw["then"][0]}[name]
        inner[field] = odd

        plain, (careful, mistakes) = read_plain_rule(raw), _read_with_care(raw)

        assert plain is None or (plain == careful and not mistakes.found), (name, field)


@settings(max_examples=50, deadline=None)
@given(tables())
def test_a_text_is_read_as_its_values_are(table: Table) -> None:
    written = write_document(table)

    assert read_document_text(json.dumps(written)) == read_document(written)


def test_overrides_that_look_like_a_rule_stay_what_they_are() -> None:
    overrides = {"metadata": write_document(TABLE)["rules"][0]}
    table = replace(TABLE, targets=(replace(TARGET, overrides=overrides),))

    assert read_document_text(json.dumps(write_document(table))).targets[0].overrides == overrides


def test_most_rules_are_plain() -> None:
    assert read_plain_rule(write_document(PLAIN_TABLE)["rules"][0]) == PLAIN_TABLE.rules[0]


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(replace(TABLE, default="b"), id="the default target"),
        pytest.param(replace(TABLE, rules=(replace(RULE, then=(Arm(target="b"),)),)), id="a rule's target"),
        pytest.param(replace(TABLE, rules=(replace(RULE, when=When(schedule="s")),)), id="a schedule"),
        pytest.param(replace(TABLE, rules=(replace(RULE, when=When(timezone="Nowhere")),)), id="a time zone"),
    ],
)
def test_what_is_not_there_is_found_in_a_checked_table_too(table: Table) -> None:
    """A checked table may come from a machine that knows more zones, or from a row that somebody changed by hand."""
    with pytest.raises(TableErrors):
        compile_table(table, revision=1, default_region="US", last_resort=LAST_RESORT, is_checked=True)


def test_a_checked_table_is_not_checked_again() -> None:
    table = replace(TABLE, rules=(replace(RULE, then=(Arm(target="a", weight=90),)),))

    assert check_table(table, "US")
    assert compile_table(table, revision=1, default_region="US", last_resort=LAST_RESORT, is_checked=True).rules
