"""Which attribute conditions follow from others, and which exclude each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import combinations

from routing.engine.conditions import AttributeIs, read_number_text
from routing.engine.context import Attribute, Channel, Context
from routing.engine.live import NO_FACTS
from routing.engine.numbers import MISSING
from routing.engine.situation import Situation
from routing.engine.table import AttributeSpec, Operator

_LISTED = (Operator.IS, Operator.IN)
_UNLISTED = (Operator.IS_NOT, Operator.NOT_IN)
_WITHOUT_VALUE = (Operator.EXISTS, Operator.MISSING)
_ANY_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)


def follows(wide: AttributeSpec, narrow: Iterable[AttributeSpec]) -> bool:
    """Tell whether a condition holds for every call for which the others do."""
    return any(spec.key == wide.key and _implies(spec, wide) for spec in narrow)


def exclude_each_other(specs: Iterable[AttributeSpec]) -> tuple[AttributeSpec, AttributeSpec] | None:
    """Return two conditions that can never hold for one call, or None if none were found."""
    complete = [spec for spec in specs if spec.values or spec.op in _WITHOUT_VALUE]
    return next(((one, other) for one, other in combinations(complete, 2) if _exclusive(one, other)), None)


def _implies(narrow: AttributeSpec, wide: AttributeSpec) -> bool:
    if narrow == wide:
        return True
    if Operator.MISSING in (narrow.op, wide.op):
        # What nobody could see is missing for a condition that sees less, too.
        return narrow.op is wide.op and (narrow.allow_untrusted or not wide.allow_untrusted)
    if narrow.allow_untrusted and not wide.allow_untrusted:
        return False
    return wide.op is Operator.EXISTS or _says_more(narrow, wide)


def _says_more(narrow: AttributeSpec, wide: AttributeSpec) -> bool:
    """Compare two conditions on one text."""
    if not (narrow.values and wide.values):
        return False
    if narrow.op in _LISTED:
        return all(_accepts(wide, text) for text in narrow.values)
    if narrow.op in _UNLISTED:
        return wide.op in _UNLISTED and set(wide.values) <= set(narrow.values)
    if narrow.op in (Operator.GREATER, Operator.LESS):
        return wide.op is narrow.op and _at_least_as_tight(narrow, wide)
    # It starts with, or contains, a text that holds the other's.
    if wide.op is Operator.CONTAINS:
        return wide.values[0] in narrow.values[0]
    return wide.op is narrow.op is Operator.STARTS_WITH and narrow.values[0].startswith(wide.values[0])


def _at_least_as_tight(narrow: AttributeSpec, wide: AttributeSpec) -> bool:
    inner, outer = read_number_text(narrow.values[0]), read_number_text(wide.values[0])
    if inner is None or outer is None:
        return False
    return inner >= outer if narrow.op is Operator.GREATER else inner <= outer


def _exclusive(one: AttributeSpec, other: AttributeSpec) -> bool:
    if one.key != other.key:
        return False
    if one.op is other.op is Operator.MISSING:
        return False
    if other.op is Operator.MISSING:
        one, other = other, one
    if one.op is Operator.MISSING:
        # Only an untrusted value is missing for one condition and seen by another.
        return one.allow_untrusted or not other.allow_untrusted
    if other.op in _LISTED:
        one, other = other, one
    if one.op in _LISTED:
        return not any(_accepts(other, text) for text in one.values)
    return {one.op, other.op} == {Operator.GREATER, Operator.LESS} and _is_empty_range(one, other)


def _is_empty_range(one: AttributeSpec, other: AttributeSpec) -> bool:
    above, below = (one, other) if one.op is Operator.GREATER else (other, one)
    low, high = read_number_text(above.values[0]), read_number_text(below.values[0])
    return low is not None and high is not None and low >= high


def _accepts(spec: AttributeSpec, text: str) -> bool:
    """Ask the condition itself about a value that it may see."""
    context = Context(channel=Channel.INBOUND, at=_ANY_INSTANT, attributes={spec.key: Attribute(text=text)})
    situation = Situation(context=context, customer=MISSING, our_number=None, campaigns=frozenset())
    condition = AttributeIs(key=spec.key, op=spec.op, values=spec.values, allow_untrusted=True)
    return condition.holds(situation, NO_FACTS)
