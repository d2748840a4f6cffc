"""Who answers each of our numbers now, until when, and who after that.

Asked for a caller like most: one from the number's own country, whose number is on no list. Rules that look at the
caller may decide otherwise for others; how many of them there are is told too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import phonenumbers

from routing.engine.conditions import AttributeIs, CampaignIs, ChannelIs, CustomerIs, OnAnyList, OnNoList, OurNumberIs
from routing.engine.context import Channel, Context
from routing.engine.decision import Decision, Reason
from routing.engine.live import Facts
from routing.engine.numbers import country_of
from routing.engine.resolve import resolve
from routing.engine.rule import CompiledRule, is_available
from routing.engine.ruleset import RuleSet
from routing.engine.situation import Situation, situate
from routing.engine.table import OurNumber, Target
from routing.services.next_change import HORIZON, is_same_target, next_change
from routing.snapshot.store import Snapshot

ABOUT_THE_CALLER = (CustomerIs, OnAnyList, OnNoList, AttributeIs)

_remembered: tuple[Snapshot | None, datetime | None, dict[str, Forecast]] = (None, None, {})


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """One target of an answer, and how many of a hundred calls it takes."""

    target: Target
    weight: int
    available: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Answerer:
    """Who takes the call: one target, or several that share the calls."""

    decision: Decision
    shares: tuple[Share, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """One of our numbers. ``until`` and ``then`` are None where nothing changes for as long as was looked ahead.

    ``caller`` is the number that was assumed; ``caller_rules`` are the rules above the one that decides which may take
    the calls of others.
    """

    number: OurNumber
    campaigns: tuple[str, ...]
    caller: str
    caller_rules: int
    now: Answerer
    until: datetime | None = None
    then: Answerer | None = None


def forecast_numbers(snapshot: Snapshot, numbers: Iterable[OurNumber], now: datetime) -> tuple[Forecast, ...]:
    """Return a forecast for each of the numbers; what is known already is not looked for again within the minute."""
    known = _known_for(snapshot, now)
    found = []
    for number in numbers:
        forecast = known.get(number.key)
        if forecast is None or (forecast.until is not None and forecast.until <= now):
            forecast = known[number.key] = forecast_number(snapshot, number, now)
        found.append(forecast)
    return tuple(found)


def forecast_number(snapshot: Snapshot, number: OurNumber, now: datetime) -> Forecast:
    """Return who answers this number now and next."""
    ruleset = snapshot.ruleset
    context = _usual_call(ruleset, number, now)
    situation = situate(ruleset, context)
    facts = replace(snapshot.live.facts_for(situation.customer, now), hits=())
    decision = resolve(ruleset, situation, facts)
    change = next_change(ruleset, context, facts, now, HORIZON, same=_is_same_answer)
    names = {campaign.slug: campaign.name for campaign in ruleset.table.campaigns}
    return Forecast(
        number=number,
        campaigns=tuple(names.get(slug, slug) for slug in sorted(situation.campaigns)),
        caller=context.customer or "",
        caller_rules=_count_caller_rules(ruleset, situation, decision),
        now=_answerer(ruleset, facts, decision),
        until=change[0] if change else None,
        then=_answerer(ruleset, facts, change[1]) if change else None,
    )


def _known_for(snapshot: Snapshot, now: datetime) -> dict[str, Forecast]:
    """Return the forecasts of this process that are good for this snapshot and minute, to be added to.

    Threads that start anew at the same time come to the same, and the last of them is kept.
    """
    global _remembered
    minute = now.replace(second=0, microsecond=0)
    known_snapshot, known_minute, known = _remembered
    if known_snapshot is not snapshot or known_minute != minute:
        known = {}
        _remembered = (snapshot, minute, known)
    return known


def _usual_call(ruleset: RuleSet, number: OurNumber, now: datetime) -> Context:
    country = country_of(number.key) if number.number else None
    example = phonenumbers.example_number(country or ruleset.default_region or "US")
    customer = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164) if example else None
    return Context(
        channel=Channel.INBOUND, at=now, customer=customer, our_number=number.key, our_number_id=number.vapi_id
    )


def _is_same_answer(one: Decision, other: Decision) -> bool:
    """Targets that share calls by a split are one answer, whichever of them one caller gets."""
    if Reason.SPLIT in {one.reason, other.reason}:
        return (one.reason, one.rule) == (other.reason, other.rule)
    return is_same_target(one, other)


def _answerer(ruleset: RuleSet, facts: Facts, decision: Decision) -> Answerer:
    shares = [(decision.target, 100)]
    if decision.reason is Reason.SPLIT and decision.rule is not None:
        arms, weights = ruleset.rules[decision.rule.position - 1].arms, [0]
        weights += [arm.upto for arm in arms]
        shares = [(arm.target, arm.upto - before) for arm, before in zip(arms, weights, strict=False)]
    return Answerer(
        decision=decision,
        shares=tuple(
            Share(target=target, weight=weight, available=is_available(target, facts)) for target, weight in shares
        ),
    )


def _count_caller_rules(ruleset: RuleSet, situation: Situation, decision: Decision) -> int:
    """Count the rules above the deciding one that speak of callers and may speak of this number."""
    if decision.reason is Reason.EMERGENCY:
        return 0
    above = ruleset.rules[: decision.rule.position - 1] if decision.rule else ruleset.rules
    return sum(rule.spec.enabled and _is_about_callers_of(rule, situation) for rule in above)


def _is_about_callers_of(rule: CompiledRule, situation: Situation) -> bool:
    around = [it for it in rule.conditions if isinstance(it, ChannelIs | OurNumberIs | CampaignIs)]
    return any(isinstance(it, ABOUT_THE_CALLER) for it in rule.conditions) and all(
        it.holds(situation, Facts()) for it in around
    )
