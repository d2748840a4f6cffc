"""The one place where rules, conditions and decisions become words for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from routing.engine.conditions import (
    AttributeIs,
)
from routing.engine.context import Channel
from routing.engine.decision import Decision, Reason
from routing.engine.isolating import isolate
from routing.engine.numbers import is_country
from routing.engine.table import (
    WITHHELD,
    AttributeSpec,
    Operator,
    RuleSpec,
    Table,
    Target,
    TargetKind,
    When,
)

_OPERATOR_WORDS: Mapping[Operator, str] = {
    Operator.IS: "is",
    Operator.IS_NOT: "is not",
    Operator.IN: "is",
    Operator.NOT_IN: "is not",
    Operator.EXISTS: "is known",
    Operator.MISSING: "is not known",
    Operator.STARTS_WITH: "starts with",
    Operator.CONTAINS: "contains",
    Operator.GREATER: "is greater than",
    Operator.LESS: "is less than",
}
CHANNEL_WORDS: Mapping[Channel, str] = {
    Channel.INBOUND: "inbound",
    Channel.OUTBOUND: "outbound",
    Channel.WEB: "web",
}
_REASON_WORDS: Mapping[Reason, str] = {
    Reason.EMERGENCY: "because the emergency switch is on",
    Reason.BLOCKED: "because the number is on a blocked or do-not-call list",
    Reason.EXPLICIT: "because the request named it",
    Reason.DEFAULT: "because no rule matched",
    Reason.ERROR: "because no routing table could be used (last resort)",
}
SHOWN = 3  # of a long list of operands, how many a sentence names


def rule_sentence(rule: RuleSpec, table: Table) -> str:
    """Return one plain sentence: who is meant, and who takes the call.

    For example: "US callers on Main line outside Office hours → After hours".
    """
    names = {target.key: target.name for target in table.targets}
    called = [(arm.weight, isolate(names.get(arm.target, arm.target))) for arm in rule.then]
    shares = [f"{weight}\N{NO-BREAK SPACE}% {name}" if len(called) > 1 else name for weight, name in called]
    return f"{when_sentence(rule.when, table)} → {', '.join(shares) or 'nobody'}"


def when_sentence(when: When, table: Table) -> str:
    """Return the conditions of a rule as one phrase."""
    if when == When():
        return "Every call"
    phrase = " ".join((*_who(when, table), *_where(when, table), *_moment(when, table)))
    if when.attributes:
        phrase += f", if {' and '.join(map(attribute_phrase, when.attributes))}"
    return phrase[:1].upper() + phrase[1:]


def decision_sentence(decision: Decision) -> str:
    """Return who takes the call and why, as one sentence."""
    return f"{target_phrase(decision.target)}, {reason_phrase(decision)}."


def target_phrase(target: Target) -> str:
    """Return what happens to the call at this target."""
    match target.kind:
        case TargetKind.TRANSFER:
            return f"{target.name} takes the call (transfer to {target.number or target.sip_uri})"
        case TargetKind.REJECT:
            return f"{target.name}: the call is refused with “{target.message}”"
        case _:
            return f"{target.name} takes the call ({target.kind})"


def reason_phrase(decision: Decision) -> str:
    """Return why the target was chosen."""
    if decision.rule is None:
        return _REASON_WORDS[decision.reason]
    drawn = ", by its split" if decision.reason is Reason.SPLIT else ""
    return f"because rule {decision.rule.position} “{decision.rule.name}” matched{drawn}"


def _who(when: When, table: Table) -> Iterable[str]:
    """Say whose calls: "US callers on list VIP", or with channels "outbound calls to US numbers"."""
    noun = "numbers" if when.channels else "callers"
    of_customers = when.customer or when.lists_any or when.lists_none
    if when.channels:
        yield f"{join_words([CHANNEL_WORDS[channel] for channel in when.channels])} calls"
        if of_customers:
            yield _preposition(when.channels)
    if of_customers:
        yield _customers(when.customer, noun) if when.customer else noun
    elif not when.channels:
        yield "calls"
    names = {spec.key: spec.name for spec in table.lists}
    if when.lists_any:
        yield f"on list {_named(when.lists_any, names)}"
    if when.lists_none:
        yield f"{'but ' if when.lists_any else ''}not on list {_named(when.lists_none, names)}"


def _preposition(channels: tuple[Channel, ...]) -> str:
    if Channel.OUTBOUND not in channels:
        return "from"
    return "to" if channels == (Channel.OUTBOUND,) else "with"


def _customers(entries: tuple[str, ...], noun: str) -> str:
    """Say which customers: countries together, prefixes together, single numbers, hidden ones."""
    prefixes = [entry.rstrip("*") + "…" for entry in entries if entry.endswith("*")]
    countries = [entry for entry in entries if is_country(entry)]
    single = [entry for entry in entries if entry not in countries and entry != WITHHELD and not entry.endswith("*")]
    phrases = [
        f"{join_words(countries)} {noun}" if countries else "",
        f"{noun} {'from' if noun == 'callers' else 'beginning'} {join_words(prefixes)}" if prefixes else "",
        join_words(single),
        f"withheld {noun}" if WITHHELD in entries else "",
    ]
    return join_words([phrase for phrase in phrases if phrase], shown=len(phrases))


def _where(when: When, table: Table) -> Iterable[str]:
    if when.numbers:
        names = {number.key: number.name for number in table.numbers}
        yield f"on {_named(when.numbers, names)}"
    if when.campaigns:
        names = {campaign.slug: campaign.name for campaign in table.campaigns}
        yield f"in campaign {_named(when.campaigns, names)}"


def _moment(when: When, table: Table) -> Iterable[str]:
    if when.schedule:
        names = {schedule.key: schedule.name for schedule in table.schedules}
        yield f"{'during' if when.schedule_is_open else 'outside'} {_named([when.schedule], names)}"
    if when.valid_from and when.valid_until:
        yield f"from {_day(when.valid_from)} to {_day(when.valid_until)}"
    elif when.valid_from:
        yield f"from {_day(when.valid_from)} on"
    elif when.valid_until:
        yield f"until {_day(when.valid_until)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def attribute_phrase(spec: AttributeSpec | AttributeIs) -> str:
    """Return an attribute condition in words."""
    value = f" {join_words(list(spec.values))}" if spec.values else ""
    return f"{spec.key} {_OPERATOR_WORDS[spec.op]}{value}"


def _named(keys: Iterable[str], names: Mapping[str, str]) -> str:
    return join_words([isolate(names.get(key, key)) for key in keys])


def join_words(words: list[str], last: str = "or", shown: int = SHOWN) -> str:
    """Join words as people do: "A", "A or B", "A, B or C", "A, B, C or 2 more"."""
    more = len(words) - shown
    if more > 0:
        words = [*words[:shown], f"{more} more"]
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
