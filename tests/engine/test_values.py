"""The values that decisions are made of: contexts, overrides, decisions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from routing.engine.conditions import read_number_text
from routing.engine.context import Attribute, Channel, Context, NamedTarget, attribute_text, context_from_dict
from routing.engine.live import NO_FACTS, LiveData
from routing.engine.numbers import read_number
from routing.engine.overrides import merge

AT = datetime(2026, 3, 2, 17, tzinfo=UTC)
FULL = Context(
    channel=Channel.WEB,
    at=AT,
    customer="+12025550100",
    our_number="+12025550111",
    our_number_id="n1",
    campaign="spring",
    vapi_campaign_id="v1",
    attributes={"plan": Attribute(text="gold"), "x-lang": Attribute(text="es", trusted=False)},
    call_id="c1",
    external_id="crm-1",
    named_target=NamedTarget(kind="squad", vapi_id="s1"),
)


@pytest.mark.parametrize("context", [FULL, Context(channel=Channel.INBOUND, at=AT)], ids=["full", "bare"])
def test_a_context_survives_being_stored(context: Context) -> None:
    assert context_from_dict(json.loads(json.dumps(context.as_dict()))) == context


def test_a_context_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="must carry a time zone"):
        Context(channel=Channel.WEB, at=datetime(2026, 3, 2))  # noqa: DTZ001 - the mistake itself


def test_the_attributes_of_a_context_cannot_be_changed() -> None:
    given = {"plan": Attribute(text="gold")}
    context = Context(channel=Channel.WEB, at=AT, attributes=given)
    given["plan"] = Attribute(text="iron")

    with pytest.raises(TypeError):
        context.attributes["plan"] = Attribute(text="iron")  # type: ignore[index]  # the mistake itself
    assert context.attributes["plan"].text == "gold"


@pytest.mark.parametrize(
    ("layers", "merged"),
    [
        ([], {}),
        ([{"a": 1}, {"b": 2}], {"a": 1, "b": 2}),
        ([{"a": 1}, {"a": 2}], {"a": 2}),
        ([{"a": {"x": 1, "y": 1}}, {"a": {"y": 2}}], {"a": {"x": 1, "y": 2}}),
        ([{"a": [1, 2]}, {"a": [3]}], {"a": [3]}),
        ([{"a": {"x": 1}}, {"a": "text"}], {"a": "text"}),
        ([{"a": "text"}, {"a": {"x": 1}}], {"a": {"x": 1}}),
        ([{"a": {"x": 1}}, {"a": None}], {"a": None}),
        ([{"a": {"b": {"c": 1}}}, {"a": {"b": {"d": 2}}}, {"a": {"b": {"c": 3}}}], {"a": {"b": {"c": 3, "d": 2}}}),
    ],
)
def test_overrides_merge_by_key(layers: list[dict[str, Any]], merged: dict[str, Any]) -> None:
    assert merge(*layers) == merged


def test_a_merge_leaves_its_layers_alone() -> None:
    below: dict[str, Any] = {"a": {"x": 1}, "b": [{"y": 1}]}

    merged = merge(below, {"a": {"z": 2}})
    merged["a"]["x"] = 9
    merged["b"][0]["y"] = 9

    assert below == {"a": {"x": 1}, "b": [{"y": 1}]}


@pytest.mark.parametrize(
    ("value", "text"), [(Decimal("5.10"), "5.10"), (1e20, "100000000000000000000"), (0, "0"), (object(), None)]
)
def test_numbers_compare_as_they_are_written(value: object, text: str | None) -> None:
    assert attribute_text(value) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (" 5 ", Decimal(5)),
        ("-0.5", Decimal("-0.5")),
        ("1e3", Decimal(1000)),
        ("five", None),
        ("", None),
        ("inf", None),
        ("nan", None),
    ],
)
def test_only_finite_numbers_are_numbers(text: str, number: Decimal | None) -> None:
    assert read_number_text(text) == number


def test_without_live_data_there_are_no_facts() -> None:
    assert LiveData().facts_for(read_number("+12025550100", "US"), AT) is NO_FACTS
