"""Rules change places: next to a rule that staff see, or to a number."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from routing.models import DraftState, Rule


class Side(StrEnum):
    """Where a rule is put."""

    BEFORE = "before"
    AFTER = "after"
    TO = "to"


class RuleGone(Exception):
    """The rule that is to be changed, or the one beside which it is to stand, was deleted."""


class OrderChanged(Exception):
    """One of the two rules stands elsewhere than the page showed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a rule is to go, and what the page showed.

    ``beside`` is the primary key of the rule before or after which it goes, or the position it goes to.
    ``seen`` is the position at which the page showed the rule that moves, ``beside_seen`` that of the other one.
    """

    side: Side
    beside: int
    seen: int
    beside_seen: int | None = None


def read_place(text: str) -> Place:
    """Return the place that a page asks for, `before:12:4:3` or `to:3:4`; raises ValueError.

    The numbers are, in this order, `beside`, `seen` and `beside_seen`.
    """
    word, *numbers = text.split(":")
    side = Side(word)
    if len(numbers) != (2 if side is Side.TO else 3) or not all(it.isascii() and it.isdigit() for it in numbers):
        raise ValueError("A place is written as before:12:4:3, after:12:4:3 or to:3:4.")
    beside, seen, *rest = (min(int(number), 2**31) for number in numbers)
    return Place(side=side, beside=beside, seen=seen, beside_seen=rest[0] if rest else None)


def move_rule(rule_id: int, place: Place) -> Rule:
    """Put the rule where the page asked for and return it; the rules between make room, no other moves.

    Raises RuleGone or OrderChanged, and moves nothing, where a colleague was quicker.
    """
    with transaction.atomic():
        DraftState.lock()
        rule = _find(rule_id)
        if rule.position != place.seen:
            raise OrderChanged
        Rule.objects.move(rule, _position(rule, place))
    return rule


def _position(rule: Rule, place: Place) -> int:
    if place.side is Side.TO:
        return place.beside
    beside = _find(place.beside)
    if beside.position != place.beside_seen or beside.pk == rule.pk:
        raise OrderChanged
    # Leaving its own place, a rule from above lets the other one move up by one.
    from_above = rule.position < beside.position
    return beside.position + (place.side is Side.AFTER) - from_above


def _find(rule_id: int) -> Rule:
    rule: Rule | None = Rule.objects.filter(pk=rule_id).first()
    if rule is None:
        raise RuleGone
    return rule
