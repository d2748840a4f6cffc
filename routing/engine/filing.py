"""Where a rule is filed: under the condition that the fewest calls are likely to fulfil.

It is read from the rule's own words, so that a table is indexed without compiling the conditions of every rule.
"""

from __future__ import annotations

from routing.engine.conditions import (
    CampaignIs,
    Condition,
    CustomerIs,
    EntryKind,
    OnAnyList,
    OurNumberIs,
    customer_operand,
    entry_kind,
)
from routing.engine.table import Operator, When

Where = tuple[str, object]  # a shelf of the index and an operand
REST: Where = ("flat", "rest")
EQUAL = frozenset({Operator.IS, Operator.IN})
SELECTIVE = frozenset({EntryKind.EXACT, EntryKind.PREFIX})
SHELF_OF = {EntryKind.EXACT: "exact", EntryKind.PREFIX: "prefixes", EntryKind.COUNTRY: "countries"}
# What is found there fulfils the condition. An attribute may yet be one that nobody may trust.
SETTLED: dict[str, type[Condition]] = {
    "customer": CustomerIs,
    "lists": OnAnyList,
    "campaigns": CampaignIs,
    "numbers": OurNumberIs,
}


def settled_by(when: When) -> type[Condition] | None:
    """Return the kind of condition that a call fulfils by which the index finds the rule."""
    return SETTLED.get(_chosen(when))


def filed_under(when: When, region: str) -> list[Where]:
    """Return the shelves and operands of the rule's most selective condition."""
    match _chosen(when):
        case "customer":
            places = [_customer_place(entry, region) for entry in when.customer]
            return places if len(places) == 1 else list(dict.fromkeys(places))
        case "lists":
            return [("lists", key) for key in when.lists_any]
        case "attributes":
            spec = next(spec for spec in when.attributes if spec.op in EQUAL)
            return [("attributes", (spec.key, value)) for value in spec.values]
        case "campaigns":
            return [("campaigns", slug) for slug in when.campaigns]
        case "numbers":
            return [("numbers", key) for key in when.numbers]
    return [REST]


def _chosen(when: When) -> str:
    if when.customer and SELECTIVE.issuperset(map(entry_kind, when.customer)):
        return "customer"
    if when.lists_any:
        return "lists"
    if when.attributes and any(spec.op in EQUAL for spec in when.attributes):
        return "attributes"
    if when.campaigns:
        return "campaigns"
    if when.customer:
        return "customer"
    return "numbers" if when.numbers else "rest"


def _customer_place(entry: str, region: str) -> Where:
    kind = entry_kind(entry)
    shelf = SHELF_OF.get(kind)
    return ("flat", "withheld") if shelf is None else (shelf, customer_operand(entry, kind, region))
