"""One rule is switched on or off by somebody who saw it in a list."""

from __future__ import annotations

from django.db import transaction

from routing.models import DraftState, Rule
from routing.services.move_rule import RuleGone
from routing.services.rule_stamps import stamp_rules


class RuleChanged(Exception):
    """A colleague changed the rule after the page was made."""


def switch_rule(rule_id: int, *, enabled: bool, seen: str) -> Rule:
    """Switch the rule and return it. `seen` is its stamp when the page was made.

    Raises RuleGone or RuleChanged, and changes nothing, where a colleague was quicker.
    """
    with transaction.atomic():
        DraftState.lock()
        rule: Rule | None = Rule.objects.filter(pk=rule_id).first()
        if rule is None:
            raise RuleGone
        if stamp_rules([rule_id])[rule_id] != seen:
            raise RuleChanged
        rule.enabled = enabled
        rule.save(update_fields=["enabled"])
    return rule
