"""One line of the list of rules: what its template shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from routing.admin.call_filters import SINCE
from routing.admin.masking import FULL_NUMBERS, mask_number
from routing.admin.simulator_address import simulate_rule
from routing.engine.context import Channel
from routing.engine.lint import Finding
from routing.engine.numbers import is_country
from routing.engine.sentences import when_sentence
from routing.engine.table import WITHHELD, Arm, RuleSpec, Table, TargetKind, When
from routing.models import Rule
from routing.services.count_hits import Hits

CHANNEL_ICONS: Mapping[Channel, tuple[str, str]] = {
    Channel.INBOUND: ("phone_callback", "Inbound"),
    Channel.OUTBOUND: ("phone_forwarded", "Outbound"),
    Channel.WEB: ("language", "Web"),
}
KIND_ICONS: Mapping[TargetKind, tuple[str, str]] = {
    TargetKind.ASSISTANT: ("smart_toy", "Assistant"),
    TargetKind.SQUAD: ("groups", "Squad"),
    TargetKind.TRANSFER: ("phone_forwarded", "Transfer"),
    TargetKind.REJECT: ("block", "Refused"),
}
SEVERITY_ICONS = {"error": "error", "warning": "warning", "note": "info"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Chip:
    """A target. ``fault`` says why it takes no calls at the moment; ``share`` is empty where there is only one."""

    name: str
    kind: str
    kind_word: str
    icon: str
    share: str = ""
    fault: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Warned:
    """A finding of lint under its rule, with the rule that it names."""

    severity: str
    icon: str
    message: str
    other_name: str = ""
    other_href: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """How many calls a rule took lately, in words, and where they are listed."""

    count: int
    text: str
    href: str = ""
    is_quiet: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A rule as the list shows it; ``up`` and ``down`` are places for `read_place`, empty at either end."""

    rule: Rule
    stamp: str
    phrase: str
    channels: tuple[tuple[str, str], ...]
    chips: tuple[Chip, ...]
    taken: Taken
    simulate: str
    warnings: tuple[Warned, ...] = ()
    ways: tuple[str, ...] = ()
    up: str = ""
    down: str = ""


def say_phrase(spec: RuleSpec, table: Table, user: Any) -> str:
    """Return the rule's conditions as one phrase; customers' numbers only for those who may see them."""
    return when_sentence(spec.when if user.has_perm(FULL_NUMBERS) else _masked(spec.when), table)


def say_simulator(when: When, user: Any) -> str:
    """Return the simulator with a call that the rule means; a customer's number only for those who may see it."""
    return simulate_rule(when if user.has_perm(FULL_NUMBERS) else replace(when, customer=()))


def say_channels(when: When) -> tuple[tuple[str, str], ...]:
    """Return icons and words of the channels; a rule that names none holds on all."""
    return tuple(CHANNEL_ICONS[channel] for channel in when.channels or CHANNEL_ICONS)


def make_chips(arms: Iterable[Arm], table: Table, missing: frozenset[str]) -> tuple[Chip, ...]:
    """Return the targets of a rule; `missing` are keys of those that are gone at Vapi."""
    targets = {target.key: target for target in table.targets}
    arms = tuple(arms)
    chips = []
    for arm in arms:
        target = targets[arm.target]
        icon, word = KIND_ICONS[target.kind]
        fault = "gone at Vapi" if arm.target in missing else "" if target.enabled else "switched off"
        share = f"{arm.weight} %" if len(arms) > 1 else ""
        chips.append(Chip(name=target.name, kind=target.kind, kind_word=word, icon=icon, share=share, fault=fault))
    return tuple(chips)


def say_taken(spec: RuleSpec, hits: Hits, last: Mapping[str, datetime], *, links: bool) -> Taken:
    """Return how many calls the rule took; `last` says when rules without recent calls took theirs."""
    count = hits.by_rule.get(spec.key, 0)
    href = f"{reverse('admin:routing_call_changelist')}?{urlencode({'rule_key': spec.key})}" if links else ""
    if count:
        since = {SINCE: hits.since.isoformat()}
        return Taken(count=count, text=_calls(count), href=f"{href}&{urlencode(since)}" if href else "")
    if spec.key not in last:
        return Taken(count=0, text="Never matched", is_quiet=True)
    day = timezone.localtime(last[spec.key])
    return Taken(count=0, text=f"None; last {day.day} {day:%b %Y}", href=href, is_quiet=True)


def group_warnings(findings: Iterable[Finding], places: Mapping[str, tuple[int, str]]) -> dict[str, tuple[Warned, ...]]:
    """Return what lint says of each rule, by key; `places` are primary keys and names of rules by key."""
    found: defaultdict[str, tuple[Warned, ...]] = defaultdict(tuple)
    for finding in findings:
        pk, name = places.get(finding.other, (0, ""))
        found[finding.key] += (
            Warned(
                severity=finding.severity,
                icon=SEVERITY_ICONS[finding.severity],
                message=finding.message,
                other_name=name,
                other_href=reverse("admin:routing_rule_change", args=[pk]) if pk else "",
            ),
        )
    return dict(found)


def _calls(count: int) -> str:
    return f"{count:,} call{'s' * (count != 1)}"


def _masked(when: When) -> When:
    shown = (
        entry if entry == WITHHELD or is_country(entry) or entry.endswith("*") else mask_number(entry)
        for entry in when.customer
    )
    return replace(when, customer=tuple(shown))
