"""What a change of the table would have done to the latest calls, as a page shows it."""

from __future__ import annotations

from typing import Any

from routing.admin.masking import shown_number
from routing.engine.ruleset import RuleSet
from routing.services.backtest import ChangedCall, compare
from routing.services.replay import LIMIT, read_recorded

SHOWN = 50


def backtest_context(before: RuleSet, after: RuleSet, user: Any) -> dict[str, Any]:
    """Return how many recorded calls come out differently, and the first of them; calls only for those who see them."""
    result = compare(before, after, read_recorded(LIMIT))
    may_see = user.has_perm("routing.view_call")
    return {
        "backtest": result,
        "groups": result.grouped(),
        "changed_calls": [_line(change, user) for change in result.changes[:SHOWN]] if may_see else [],
    }


def _line(change: ChangedCall, user: Any) -> dict[str, Any]:
    recorded = change.recorded
    return {
        "pk": recorded.call_id,
        "at": recorded.decided_at,
        "number": shown_number(recorded.customer_number, user) if recorded.customer_number else "no number",
        "channel": recorded.channel,
        "before": change.before.target.name,
        "after": change.after.target.name,
        "same_target": change.before.target.name == change.after.target.name,
        "rule": change.after.rule,
    }
