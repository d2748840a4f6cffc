"""Rules about few customers below rules about many: order alone decides, and people tend to forget it."""

from __future__ import annotations

from collections.abc import Iterator

from routing.engine.covering import CLOSED, Compared, Dimension, Reach, accepts, covers_in
from routing.engine.lint_callers import COUNTRY, PREFIX, likely_country
from routing.engine.lint_finding import Finding, FindingKind, Severity
from routing.engine.lint_surroundings import Surroundings
from routing.engine.lint_words import rule_finding, rule_labels, rule_of

_SOMETIMES = frozenset({Dimension.SCHEDULE, Dimension.DATES})


def narrower_findings(reach: Reach, compared: Compared, around: Surroundings) -> Iterator[Finding]:
    """Yield the first rule above that is about more customers and takes the calls of this one.

    It does so at times, by a schedule or dates; or always, but for numbers that cannot exist.
    """
    for wide, missing in compared:
        if not (Dimension.CUSTOMER in wide.unions and Dimension.CUSTOMER in reach.unions):
            continue
        times = missing - {Dimension.CUSTOMER}
        if times <= _SOMETIMES and _is_about_more(wide, reach) and not _never_meet(wide, reach):
            yield _finding(reach, wide, times, around)
            return


def _is_about_more(wide: Reach, narrow: Reach) -> bool:
    """Compare customers as people do, who do not think of numbers that cannot exist."""
    accepted = wide.unions[Dimension.CUSTOMER]
    return not covers_in(Dimension.CUSTOMER, narrow, wide) and all(
        accepts(accepted, token, Dimension.CUSTOMER)
        or (token[0] == PREFIX and (COUNTRY, likely_country(token[1])) in accepted)
        for token in narrow.unions[Dimension.CUSTOMER]
    )


def _never_meet(one: Reach, other: Reach) -> bool:
    """Tell whether one rule ends before the other begins, or is about open and the other about closed hours."""
    if _ends_before(one, other) or _ends_before(other, one):
        return True
    states = [token for reach in (one, other) for token in reach.unions.get(Dimension.SCHEDULE, ())]
    return len({key for _, key in states}) == 1 and len({state for state, _ in states}) > 1


def _ends_before(one: Reach, other: Reach) -> bool:
    end, start = one.dates.ends_on, other.dates.starts_on
    return end is not None and start is not None and end < start


def _finding(reach: Reach, wide: Reach, times: frozenset[Dimension], around: Surroundings) -> Finding:
    rule = rule_of(reach, around)
    message = (
        f"{rule_labels([reach], around)} is about fewer customers than {rule_labels([wide], around)} above it, which"
        f" takes their calls{_when_words(wide, times, around)}. If {rule.name} is meant to come first, move it above"
        f" rule {wide.place + 1}."
    )
    # Rules for the night or for a holiday often stand on top on purpose.
    severity = Severity.NOTE if times else Severity.WARNING
    return rule_finding(FindingKind.NARROWER_BELOW_WIDER, severity, rule, message, rule_of(wide, around))


def _when_words(wide: Reach, times: frozenset[Dimension], around: Surroundings) -> str:
    words = []
    if Dimension.SCHEDULE in times:
        state, key = next(iter(wide.unions[Dimension.SCHEDULE]))
        name = around.schedules[key].name if key in around.schedules else key
        words.append(f" while {name} is {'closed' if state == CLOSED else 'open'}")
    if Dimension.DATES in times:
        words.append(" on the days of its dates")
    return ",".join(words)
