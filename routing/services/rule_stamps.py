"""What a page saw of a rule, as a short text: an answer to it can then notice a colleague's change."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from routing.models import Rule, RuleAttribute, RuleTarget

COLUMNS = tuple(field.attname for field in Rule._meta.concrete_fields if field.name != "position")
LINKS = tuple(field.name for field in Rule._meta.many_to_many)
ARM_COLUMNS = ("rule_id", "target_id", "weight")
ATTRIBUTE_COLUMNS = ("rule_id", "key", "op", "values", "allow_untrusted")


def stamp_rules(rule_ids: Iterable[int]) -> dict[int, str]:
    """Return a stamp of each rule by primary key. It is another one once anything but the rule's place changed.

    The number of queries does not depend on the number of rules; a rule that is gone has no stamp.
    """
    wanted = list(rule_ids)
    seen: dict[int, list[object]] = {
        row[0]: [row] for row in Rule.objects.filter(pk__in=wanted).order_by().values_list(*COLUMNS)
    }
    parts = defaultdict(list)
    for model, columns in ((RuleTarget, ARM_COLUMNS), (RuleAttribute, ATTRIBUTE_COLUMNS)):
        rows = model._default_manager.filter(rule_id__in=wanted).order_by("position", "pk")
        for row in rows.values_list(*columns):
            parts[row[0]].append((model.__name__, *row))
    for name in LINKS:
        through = getattr(Rule, name).through
        far = Rule._meta.get_field(name).m2m_reverse_name()  # type: ignore[union-attr]  # a many-to-many field
        for rule_id, linked in through.objects.filter(rule_id__in=wanted).order_by(far).values_list("rule_id", far):
            parts[rule_id].append((name, linked))
    return {rule_id: _digest([*row, *parts[rule_id]]) for rule_id, row in seen.items()}


def _digest(parts: list[object]) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
