"""What is odd about a rule by itself: conditions that can never hold, or do not at present."""

from __future__ import annotations

from collections.abc import Iterator

from routing.engine.context import Channel
from routing.engine.lint_attributes import exclude_each_other
from routing.engine.lint_callers import HIDDEN, OTHER
from routing.engine.lint_finding import Finding, FindingKind, Severity
from routing.engine.lint_reach import caller_tokens
from routing.engine.lint_surroundings import Behaviour, Surroundings
from routing.engine.lint_words import day_text, rule_finding, rule_label
from routing.engine.sentences import attribute_phrase, join_words
from routing.engine.table import CUSTOMER_LOCAL_TIME, WITHHELD, Purpose, RuleSpec, When

Reason = tuple[FindingKind, str]  # what it is, and the rest of a sentence that began "rule 7 can never take a call:"


def rule_findings(around: Surroundings) -> Iterator[Finding]:
    """Yield what is odd about each enabled rule, whatever the others say."""
    for place, rule in enumerate(around.table.rules):
        if not rule.enabled:
            continue
        label = rule_label(place, rule)
        never = next(_never(rule.when, around), None)
        if never is not None:
            kind, why = never
            yield rule_finding(kind, Severity.ERROR, rule, f"{label} can never take a call: {why}")
            continue
        if rule.when == When():
            message = f"{label} has no condition: it takes every call that no rule above it takes."
            yield rule_finding(FindingKind.NO_CONDITION, Severity.WARNING, rule, message)
        yield from _doubts(rule, label, around)


def _never(when: When, around: Surroundings) -> Iterator[Reason]:
    """Yield why no call can match."""
    today = around.today(when.timezone)
    if today and when.valid_until and when.valid_until < today:
        yield FindingKind.DATES_OVER, f"it ended on {day_text(when.valid_until)}. Change its dates, or delete it."
    if when.campaigns and around.over.issuperset(when.campaigns):
        yield FindingKind.CAMPAIGN_OVER, f"{_ended(when.campaigns, around)}. Change the campaign, or delete the rule."
    yield from _never_by_schedule(when, around)
    yield from _never_by_lists(when, around)
    yield from _never_by_caller(when, around)
    clash = exclude_each_other(when.attributes)
    if clash:
        words = " and ".join(map(attribute_phrase, clash))
        yield FindingKind.CONTRADICTION, f"“{words}” cannot both hold. Remove one of the two."


def _ended(slugs: tuple[str, ...], around: Surroundings) -> str:
    ends = [
        f"campaign “{around.campaigns[slug].name}” ended on {day_text(end)}"
        for slug in slugs
        if slug in around.over and (end := around.campaigns[slug].ends_on)
    ]
    return join_words(ends, "and")


def _never_by_schedule(when: When, around: Surroundings) -> Iterator[Reason]:
    spec = around.schedules.get(when.schedule or "")
    behaviour = around.behaviours.get(when.schedule or "")
    if spec is None:
        return
    if when.schedule_is_open and behaviour is Behaviour.NEVER_OPEN:
        yield FindingKind.SCHEDULE_NEVER_OPENS, f"schedule “{spec.name}” never opens. Look at its hours."
    if not when.schedule_is_open and behaviour is Behaviour.ALWAYS_OPEN:
        yield FindingKind.CONTRADICTION, f"schedule “{spec.name}” never closes. Look at its hours."


def _never_by_lists(when: When, around: Surroundings) -> Iterator[Reason]:
    refused = {key for key in when.lists_any if _is_refused(key, when, around)}
    if when.lists_any and refused.issuperset(when.lists_any):
        names = _list_names(when.lists_any, around)
        yield FindingKind.CONTRADICTION, f"numbers on {names} are refused before any rule. Remove the rule or the list."
    elif when.lists_any and set(when.lists_any) <= refused | set(when.lists_none):
        names = _list_names(tuple(key for key in when.lists_any if key in when.lists_none), around)
        yield FindingKind.CONTRADICTION, f"the caller must be on {names} and must not be. Remove one of the two."


def _is_refused(key: str, when: When, around: Surroundings) -> bool:
    purpose = around.purposes.get(key)
    return purpose is Purpose.BLOCKED or (purpose is Purpose.DO_NOT_CALL and set(when.channels) == {Channel.OUTBOUND})


def _never_by_caller(when: When, around: Surroundings) -> Iterator[Reason]:
    hidden = bool(when.customer) and all(entry.strip() == WITHHELD for entry in when.customer)
    if hidden and (when.lists_any or when.lists_none):
        yield FindingKind.CONTRADICTION, "nobody knows whether a withheld number is on a list. Remove one of the two."
    spec = around.schedules.get(when.schedule or "")
    if not when.customer or spec is None or spec.timezone != CUSTOMER_LOCAL_TIME:
        return
    if all(kind in (HIDDEN, OTHER) for kind, _ in caller_tokens(when.customer, around.world.default_region)):
        yield (
            FindingKind.CONTRADICTION,
            f"schedule “{spec.name}” is in the customer's local time, and that of a number without a country code is"
            " not known. Choose a schedule with a time zone.",
        )


def _list_names(keys: tuple[str, ...], around: Surroundings) -> str:
    return join_words([f"list “{around.list_names.get(key, key)}”" for key in keys], "and")


def _doubts(rule: RuleSpec, label: str, around: Surroundings) -> Iterator[Finding]:
    """Yield what keeps the rule, or a part of it, from matching as things are."""
    when = rule.when
    if around.over.intersection(when.campaigns):
        message = f"{label} still names a campaign that is over: {_ended(when.campaigns, around)}. Remove it there."
        yield rule_finding(FindingKind.CAMPAIGN_OVER, Severity.NOTE, rule, message)
    empty = tuple(key for key in when.lists_any if key in around.world.empty_lists)
    if empty:
        is_idle = len(empty) == len(when.lists_any)
        takes = "takes no call at present" if is_idle else "also names a list that nobody is on"
        message = f"{label} {takes}: {_list_names(empty, around)} {'is' if len(empty) == 1 else 'are'} empty."
        yield rule_finding(FindingKind.LIST_EMPTY, Severity.WARNING if is_idle else Severity.NOTE, rule, message)
    if set(when.channels) == {Channel.WEB} and (when.numbers or when.customer or when.lists_any or when.lists_none):
        what = "uses no number of ours" if when.numbers else "seldom has a customer's number"
        message = f"{label} is about web calls only, and a web call {what}. Add a channel, or remove the condition."
        yield rule_finding(FindingKind.NO_NUMBER_ON_WEB, Severity.WARNING, rule, message)
    gone = [key for key in when.numbers if key in around.world.missing_numbers]
    if gone:
        names = join_words([around.numbers[key].name or key for key in gone if key in around.numbers], "and")
        severity = Severity.ERROR if len(gone) == len(when.numbers) else Severity.WARNING
        message = f"{label} is about calls on {names}: gone at Vapi. Choose another number of yours."
        yield rule_finding(FindingKind.NUMBER_MISSING, severity, rule, message)
