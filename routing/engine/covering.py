"""Which rules take every call of another: the calls a rule lets through, compared condition by condition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

from routing.engine.context import Channel
from routing.engine.lint_attributes import follows
from routing.engine.lint_callers import HIDDEN, Token, wider_callers
from routing.engine.table import AttributeSpec

# Local dates of two time zones differ by two days at most (UTC-12 and UTC+14).
_ZONES_APART = timedelta(days=2)
_MOST_RULES_TOGETHER = 30
OPEN, CLOSED = "open", "closed"
# Stands in ``Reach.excluded`` of each rule with such a condition: it takes no call without a number.
ANY_NUMBER = ""


class Dimension(StrEnum):
    """What two rules are compared in."""

    CHANNEL = "channel"
    CUSTOMER = "customer"
    LIST = "list"
    NUMBER = "number"
    CAMPAIGN = "campaign"
    SCHEDULE = "schedule"
    EXCLUDED = "excluded"
    DATES = "dates"
    ATTRIBUTES = "attributes"


# A call of a rule holds at least one of its alternatives here; the other dimensions cannot be taken apart.
ALTERNATIVES = (
    Dimension.CHANNEL,
    Dimension.CUSTOMER,
    Dimension.LIST,
    Dimension.NUMBER,
    Dimension.CAMPAIGN,
    Dimension.SCHEDULE,
)
Tokens = Mapping[Token, None]  # a set that keeps its order
Compared = Sequence[tuple["Reach", frozenset[Dimension]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Dates:
    """Local days, both included; a missing end is open."""

    zone: str = ""
    starts_on: date | None = None
    ends_on: date | None = None

    def covers(self, other: Dates) -> bool:
        """Tell whether every instant of the other lies here; in different zones only with days to spare."""
        spare = timedelta() if self.zone == other.zone else _ZONES_APART
        if self.starts_on and not (other.starts_on and self.starts_on + spare <= other.starts_on):
            return False
        return not self.ends_on or (other.ends_on is not None and other.ends_on + spare <= self.ends_on)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """The calls that a rule's conditions let through from now on.

    ``place`` is the rule's place in the list, from 0. A dimension that lacks in ``unions`` does not limit the rule.
    ``fixed`` tells that the rule's schedule is in one time zone, so it is always either open or closed.
    """

    place: int
    unions: Mapping[Dimension, Tokens] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()
    dates: Dates = Dates()
    attributes: tuple[AttributeSpec, ...] = ()
    fixed: bool = False

    @property
    def knows_number(self) -> bool:
        """Whether every one of these calls has a customer's number."""
        return (
            bool(self.excluded)
            or Dimension.LIST in self.unions
            or (Dimension.CUSTOMER in self.unions and (HIDDEN, "") not in self.unions[Dimension.CUSTOMER])
        )

    def only(self, dimension: Dimension, token: Token) -> Reach:
        """Return the part of these calls that has this alternative."""
        return replace(self, unions={**self.unions, dimension: {token: None}})


def gaps(wide: Reach, narrow: Reach) -> frozenset[Dimension]:
    """Return in what ``wide`` may refuse calls of ``narrow``; nothing means that it takes every one of them."""
    found = [dimension for dimension in wide.unions if not covers_in(dimension, wide, narrow)]
    if wide.excluded and not (narrow.knows_number and wide.excluded <= narrow.excluded | {ANY_NUMBER}):
        found.append(Dimension.EXCLUDED)
    if not wide.dates.covers(narrow.dates):
        found.append(Dimension.DATES)
    if not all(follows(spec, narrow.attributes) for spec in wide.attributes):
        found.append(Dimension.ATTRIBUTES)
    return frozenset(found)


def covers_in(dimension: Dimension, wide: Reach, narrow: Reach) -> bool:
    """Tell whether ``wide`` accepts all alternatives of ``narrow`` in one dimension."""
    accepted = wide.unions.get(dimension)
    if accepted is None:
        return True
    tokens = narrow.unions.get(dimension)
    return tokens is not None and all(accepts(accepted, token, dimension) for token in tokens)


def accepts(accepted: Tokens, token: Token, dimension: Dimension) -> bool:
    """Tell whether one alternative lies in others."""
    if token in accepted:
        return True
    return dimension is Dimension.CUSTOMER and any(wider in accepted for wider in wider_callers(token))


def compare(narrow: Reach, earlier: Iterable[Reach]) -> Compared:
    """Pair each rule with what it may refuse of the calls of ``narrow``."""
    return [(reach, gaps(reach, narrow)) for reach in earlier]


def covering(narrow: Reach, compared: Compared, *, depth: int = 2) -> tuple[Reach, ...] | None:
    """Return earlier rules of which always one takes a call of ``narrow``, or None if that is not proved.

    Where no single rule does, the calls are divided by one dimension, and each part again, ``depth`` times at most.
    """
    for reach, missing in compared:
        if not missing:
            return (reach,)
    if not depth:
        return None
    useful = [pair for pair in compared if all(_can_be_divided(dimension, narrow, pair[0]) for dimension in pair[1])]
    if not 1 < len(useful) <= _MOST_RULES_TOGETHER:
        return None
    rules = [reach for reach, _ in useful]
    dimensions = frozenset[Dimension]().union(*(missing for _, missing in useful))
    for parts in _divisions(narrow, dimensions, rules):
        together = _covering_all(parts, rules, depth - 1)
        if together:
            return together
    return None


def _covering_all(parts: Iterable[Reach], rules: Sequence[Reach], depth: int) -> tuple[Reach, ...] | None:
    together: dict[int, Reach] = {}
    for part in parts:
        found = covering(part, compare(part, rules), depth=depth)
        if found is None:
            return None
        together.update((reach.place, reach) for reach in found)
    return tuple(together[place] for place in sorted(together))


def _can_be_divided(dimension: Dimension, narrow: Reach, wide: Reach) -> bool:
    if dimension not in ALTERNATIVES:
        return False
    tokens = narrow.unions.get(dimension)
    if tokens is not None:
        return len(tokens) > 1
    return dimension is Dimension.CHANNEL or (dimension is Dimension.SCHEDULE and wide.fixed)


def _divisions(narrow: Reach, dimensions: frozenset[Dimension], rules: Sequence[Reach]) -> Iterator[list[Reach]]:
    """Yield the ways to divide the calls into parts that together are all of them."""
    for dimension in sorted(dimensions):
        tokens = narrow.unions.get(dimension)
        if tokens is not None:
            yield [narrow.only(dimension, token) for token in tokens]
        elif dimension is Dimension.CHANNEL:
            yield [narrow.only(dimension, ("", channel)) for channel in Channel]
        else:
            named = {key: None for rule in rules if rule.fixed for _, key in rule.unions.get(dimension, ())}
            for key in named:
                yield [narrow.only(dimension, (state, key)) for state in (OPEN, CLOSED)]
