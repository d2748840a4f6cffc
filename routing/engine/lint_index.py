"""The rules above, filed so that lint need not compare each rule with every other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from routing.engine.covering import ANY_NUMBER, Dimension, Reach
from routing.engine.lint_callers import COUNTRY, PREFIX, Token, likely_country, wider_callers
from routing.engine.table import AttributeSpec, Operator

Operand = tuple[Dimension | None, Token]

# With how many rules above it one rule is compared; more only share some condition with dozens of others.
MOST_COMPARED = 50
# Who calls is filed before anything else, unless this many rules name the same customers.
CROWDED = 50
_WITHOUT_CONDITION: Operand = (None, ("", ""))
_WHO = (Dimension.CUSTOMER, Dimension.LIST, Dimension.CAMPAIGN, Dimension.NUMBER)
_LISTED = (Operator.IS, Operator.IN)


class EarlierRules:
    """A growing index. Each rule is filed under one of its conditions, the one that fewest rules share.

    A rule above can only cover one below that has a condition which implies this one, so it is found there.
    """

    def __init__(self, reaches: Iterable[Reach]) -> None:
        """Count how often each operand occurs in all the rules that are going to be filed."""
        self._counts = Counter(operand for reach in reaches for options in _options(reach) for operand in options)
        self._shelves: dict[Operand, list[Reach]] = {}
        self._schedules: dict[Operand, None] = {}
        self._names_countries = any(token[0] == COUNTRY for _, token in self._counts)

    def add(self, reach: Reach) -> None:
        """File a rule."""
        operands = self._rarest(list(_options(reach)))
        for operand in operands:
            self._shelves.setdefault(operand, []).append(reach)
            if operand[0] is Dimension.SCHEDULE:
                self._schedules[operand] = None

    def candidates(self, reach: Reach) -> tuple[list[Reach], bool]:
        """Return filed rules that may cover calls of this one, in table order, and whether that is all of them."""
        found: dict[int, Reach] = {}
        for operand in self._looked_up(reach):
            for earlier in self._shelves.get(operand, ()):
                if len(found) >= MOST_COMPARED and earlier.place not in found:
                    return _in_order(found), False
                found[earlier.place] = earlier
        return _in_order(found), True

    def _rarest(self, options: list[list[Operand]]) -> list[Operand]:
        if not options:
            return [_WITHOUT_CONDITION]
        for operands in options:
            if operands[0][0] in _WHO and self._crowd(operands) <= CROWDED:
                return operands
        return min(options, key=self._crowd)

    def _crowd(self, operands: list[Operand]) -> int:
        return sum(self._counts[operand] for operand in operands)

    def _looked_up(self, reach: Reach) -> Iterator[Operand]:
        yield _WITHOUT_CONDITION
        for token in reach.unions.get(Dimension.CUSTOMER, ()):
            for wider in wider_callers(token):
                yield Dimension.CUSTOMER, wider
            if self._names_countries and token[0] == PREFIX:
                yield Dimension.CUSTOMER, (COUNTRY, likely_country(token[1]) or "")
        for dimension in (Dimension.LIST, Dimension.CAMPAIGN, Dimension.NUMBER):
            for token in reach.unions.get(dimension, ()):
                yield dimension, token
        for spec in reach.attributes:
            yield from _attribute_operands(spec)
            yield Dimension.ATTRIBUTES, (spec.key, "")
        for key in reach.excluded:
            yield Dimension.EXCLUDED, ("", key)
        if reach.knows_number:
            yield Dimension.EXCLUDED, ("", ANY_NUMBER)
        # Rules about open and about closed hours may together cover one that asks for neither.
        tokens = reach.unions.get(Dimension.SCHEDULE)
        yield from self._schedules if tokens is None else ((Dimension.SCHEDULE, token) for token in tokens)


def _in_order(found: dict[int, Reach]) -> list[Reach]:
    return [found[place] for place in sorted(found)]


def _options(reach: Reach) -> Iterator[list[Operand]]:
    """Yield the conditions that a rule can be filed under; alternatives of one condition go together."""
    for dimension in (*_WHO, Dimension.SCHEDULE):
        tokens = reach.unions.get(dimension)
        if tokens:
            yield [(dimension, token) for token in tokens]
    for spec in reach.attributes:
        yield _attribute_operands(spec)
    for key in reach.excluded:
        yield [(Dimension.EXCLUDED, ("", key))]


def _attribute_operands(spec: AttributeSpec) -> list[Operand]:
    if spec.op in _LISTED and spec.values:
        return [(Dimension.ATTRIBUTES, (spec.key, f"={value}")) for value in spec.values]
    return [(Dimension.ATTRIBUTES, (spec.key, ""))]
