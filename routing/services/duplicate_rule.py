"""A copy of a rule, to begin another one from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from django.db import transaction

from routing.models import DraftState, Rule, RuleAttribute, RuleTarget
from routing.services.move_rule import RuleGone

LINKS = tuple(field.name for field in Rule._meta.many_to_many)
OWN = {"id", "key", "position", "name", "enabled"}
NAME_LENGTH = 200
Part = TypeVar("Part", RuleTarget, RuleAttribute)


def duplicate_rule(rule_id: int) -> Rule:
    """Return a copy directly below the rule: everything the same but the name, and switched off; raises RuleGone."""
    with transaction.atomic():
        DraftState.lock()
        rule = Rule.objects.filter(pk=rule_id).first()
        if rule is None:
            raise RuleGone
        copied = {field.attname: getattr(rule, field.attname) for field in Rule._meta.concrete_fields}
        copy = Rule(**{column: value for column, value in copied.items() if column not in OWN})
        copy.name, copy.enabled = _free_name(rule.name), False
        copy.save()
        _copy_parts(rule, copy)
        Rule.objects.move(copy, rule.position + 1)
    return copy


def _copy_parts(rule: Rule, copy: Rule) -> None:
    for name in LINKS:
        getattr(copy, name).set(getattr(rule, name).all())
    RuleTarget.objects.bulk_create(_copied(rule.arms.order_by("position", "pk"), copy))
    RuleAttribute.objects.bulk_create(_copied(rule.attributes.order_by("position", "pk"), copy))


def _copied(rows: Iterable[Part], copy: Rule) -> list[Part]:
    copied = list(rows)
    for row in copied:
        row.pk, row._state.adding, row.rule = None, True, copy
    return copied


def _free_name(name: str) -> str:
    taken, count = set(Rule.objects.values_list("name", flat=True)), 1
    while True:
        suffix = " (copy)" if count == 1 else f" (copy {count})"
        free = name[: NAME_LENGTH - len(suffix)].rstrip() + suffix
        if free not in taken:
            return free
        count += 1
