"""What is odd about a routing table, in sentences for staff. Pure: the same table and world give the same findings.

A finding of severity ``error`` is proved: at the moment ``at``, and from then on, with the lists, campaigns and targets
as they are, that rule takes no call at all. Of two rules, order alone decides which takes a call.
"""

from __future__ import annotations

from datetime import datetime

from routing.engine.lint_finding import Finding, FindingKind, Severity, World
from routing.engine.lint_order import order_findings
from routing.engine.lint_rules import rule_findings
from routing.engine.lint_schedules import schedule_findings
from routing.engine.lint_surroundings import survey
from routing.engine.lint_targets import target_findings
from routing.engine.table import Table

__all__ = ["Finding", "FindingKind", "Severity", "World", "lint"]

DEAD = frozenset(
    {
        FindingKind.CONTRADICTION,
        FindingKind.DATES_OVER,
        FindingKind.CAMPAIGN_OVER,
        FindingKind.SCHEDULE_NEVER_OPENS,
    }
)


def lint(table: Table, *, world: World, at: datetime) -> tuple[Finding, ...]:
    """Return everything odd about a table: errors first, then rules in their order.

    Rules that are switched off are passed over. A table that does not compile is looked at as far as it can be.
    """
    around = survey(table, world, at)
    own = list(rule_findings(around))
    dead = frozenset(
        finding.key
        for finding in own
        if finding.kind in DEAD and finding.severity is Severity.ERROR and finding.subject == "rules"
    )
    found = [*own, *order_findings(around, dead), *target_findings(around), *schedule_findings(around)]
    places = {("rules", rule.key): place for place, rule in enumerate(table.rules)}
    severities = list(Severity)
    return tuple(
        sorted(found, key=lambda one: (severities.index(one.severity), places.get((one.subject, one.key), -1)))
    )
