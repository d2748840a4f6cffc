"""Where a rule is filed: under the condition that the fewest calls are likely to fulfil.

It is read from the rule's own words, so that a table is indexed without compiling the conditions of every rule.
"""

from __future__ import annotations

from operator import itemgetter

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
SHELF = itemgetter(0)
REST: Where = ("flat", "rest")
EQUAL = frozenset({Operator.IS, Operator.IN})
SHELF_OF = {EntryKind.EXACT: "exact", EntryKind.PREFIX: "prefixes", EntryKind.COUNTRY: "countries"}
NARROW = frozenset({"exact", "prefixes"})
# What is found there fulfils the condition. An attribute may yet be one that nobody may trust.
SETTLED: dict[str, type[Condition]] = {
    "exact": CustomerIs,
    "prefixes": CustomerIs,
    "countries": CustomerIs,
    "flat": CustomerIs,
    "lists": OnAnyList,
    "campaigns": CampaignIs,
    "numbers": OurNumberIs,
}


def settled_by(when: When, region: str) -> type[Condition] | None:
    """Return the kind of condition that a call fulfils by which the index finds the rule."""
    place = next(iter(filed_under(when, region)), REST)
    return None if place == REST else SETTLED.get(place[0])


def filed_under(when: When, region: str) -> list[Where]:
    """Return the shelves and operands of the rule's most selective condition."""
    customer = [_customer_place(entry, region) for entry in when.customer]
    if len(customer) > 1:
        customer = list(dict.fromkeys(customer))  # one number may be written in two ways
    if customer and NARROW.issuperset(map(SHELF, customer)):
        return customer
    if when.lists_any:
        return [("lists", key) for key in when.lists_any]
    for spec in when.attributes:
        if spec.op in EQUAL:
            return [("attributes", (spec.key, value)) for value in spec.values]
    if when.campaigns:
        return [("campaigns", slug) for slug in when.campaigns]
    return customer or [("numbers", key) for key in when.numbers] or [REST]


def _customer_place(entry: str, region: str) -> Where:
    kind = entry_kind(entry)
    shelf = SHELF_OF.get(kind)
    return ("flat", "withheld") if shelf is None else (shelf, customer_operand(entry, kind, region))
