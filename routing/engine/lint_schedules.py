"""What is odd about the hours of schedules."""

from __future__ import annotations

from collections.abc import Iterator

from routing.engine.lint_finding import Finding, FindingKind, Severity
from routing.engine.lint_surroundings import Behaviour, Surroundings
from routing.engine.nights import cut_nights
from routing.engine.sentences import join_words

CUT = (
    "closes at midnight after {}: the early hours are replaced by the hours that follow a semicolon. Put a comma there,"
    " or draw the hours in the week grid."
)


def schedule_findings(around: Surroundings) -> Iterator[Finding]:
    """Yield the schedules that never open, and those with a night that stops at midnight."""
    for key, behaviour in around.behaviours.items():
        spec = around.schedules[key]
        if behaviour is Behaviour.NEVER_OPEN:
            message = f"Schedule “{spec.name}” never opens. Look at its hours."
            yield _warning(FindingKind.SCHEDULE_NEVER_OPENS, key, message)
        elif behaviour is not Behaviour.UNKNOWN and (cut := cut_nights(spec.opening_hours)):
            message = f"Schedule “{spec.name}” {CUT.format(join_words(cut, 'and'))}"
            yield _warning(FindingKind.NIGHT_CUT, key, message)


def _warning(kind: FindingKind, key: str, message: str) -> Finding:
    return Finding(kind=kind, severity=Severity.WARNING, subject="schedules", key=key, message=message)
