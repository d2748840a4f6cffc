"""Recorded calls, decided again by other rules: with what was known then, and the live data they saw then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from routing.engine.context import Context, context_from_dict
from routing.engine.decision import Decision
from routing.engine.live import Facts
from routing.engine.resolve import resolve
from routing.engine.ruleset import RuleSet
from routing.engine.situation import situate
from routing.models import Call
from routing.snapshot.livefile import read_facts

LIMIT = 1000  # calls that staff are shown the effect of a change on
COLUMNS = (
    "id",
    "channel",
    "customer_number",
    "decided_at",
    "context",
    "facts",
    "target_key",
    "target_name",
    "reason",
    "rule_key",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedCall:
    """A call of the log, as far as deciding it again needs it; the last four are what was decided then."""

    call_id: UUID
    channel: str
    customer_number: str
    decided_at: datetime
    context: Context
    facts: Facts
    target_key: str
    target_name: str
    reason: str
    rule_key: str


def read_recorded(limit: int = LIMIT) -> tuple[RecordedCall, ...]:
    """Return the newest calls of the log, newest first; calls that nothing was decided for are left out."""
    rows = Call.objects.exclude(reason="").order_by("-decided_at", "-id").values(*COLUMNS)[:limit]
    return tuple(_read_rows(rows.iterator(chunk_size=LIMIT)))


def decide_again(ruleset: RuleSet, recorded: RecordedCall) -> Decision:
    """Return who would take the call by these rules, at the instant it was made."""
    return resolve(ruleset, situate(ruleset, recorded.context), recorded.facts)


def _read_rows(rows: Iterator[dict[str, object]]) -> Iterator[RecordedCall]:
    for row in rows:
        try:
            context, facts = context_from_dict(row.pop("context")), read_facts(row.pop("facts"))  # type: ignore[arg-type]
        except (KeyError, ValueError, TypeError):
            continue  # recorded by hand or by an older version: it cannot be decided again
        yield RecordedCall(call_id=row.pop("id"), context=context, facts=facts, **row)  # type: ignore[arg-type]
