"""What a condition wanted and what it saw, in words: the lines of an explanation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import singledispatch

from routing.engine.conditions import (
    AttributeIs,
    CampaignIs,
    ChannelIs,
    Condition,
    CustomerIs,
    DateBetween,
    OnAnyList,
    OnNoList,
    OurNumberIs,
    ScheduleIs,
)
from routing.engine.context import Channel
from routing.engine.live import Facts
from routing.engine.numbers import NumberKind
from routing.engine.sentences import CHANNEL_WORDS, attribute_phrase, join_words
from routing.engine.situation import Situation
from routing.engine.table import Table

Words = tuple[str, str, str]  # kind, wanted, seen


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What staff call the things that conditions know by key; an unknown key stands for itself."""

    lists: Mapping[str, str]
    campaigns: Mapping[str, str]
    numbers: Mapping[str, str]

    def of_lists(self, keys: Iterable[str]) -> list[str]:
        """Return the lists' names, each once."""
        return sorted({self.lists.get(key, key) for key in keys})

    def of_campaigns(self, slugs: Iterable[str]) -> list[str]:
        """Return the campaigns' names, each once."""
        return sorted({self.campaigns.get(slug, slug) for slug in slugs})

    def of_numbers(self, keys: Iterable[str]) -> list[str]:
        """Return our numbers' names, each once."""
        return sorted({self.numbers.get(key, key) for key in keys})


def names_of(table: Table) -> Names:
    """Collect the names of a table."""
    return Names(
        lists={spec.key: spec.name for spec in table.lists},
        campaigns={campaign.slug: campaign.name for campaign in table.campaigns},
        numbers={number.key: number.name for number in table.numbers},
    )


@singledispatch
def condition_words(condition: Condition, situation: Situation, facts: Facts, names: Names) -> Words:
    """Return a condition's kind, what it wants and what it saw."""
    raise TypeError(f"no words for {condition!r}")


@condition_words.register
def _(condition: ChannelIs, situation: Situation, facts: Facts, names: Names) -> Words:
    wanted = join_words([CHANNEL_WORDS[c] for c in Channel if c in condition.channels])
    return "channel", wanted, CHANNEL_WORDS[situation.context.channel]


@condition_words.register
def _(condition: CustomerIs, situation: Situation, facts: Facts, names: Names) -> Words:
    wanted = [
        *sorted(condition.exact),
        *(f"{prefix}*" for prefix in condition.prefixes),
        *sorted(condition.countries),
        *(["withheld"] if condition.withheld else []),
    ]
    return "customer", join_words(wanted), customer_phrase(situation)


def customer_phrase(situation: Situation) -> str:
    """Return the customer's number as it was understood."""
    customer = situation.customer
    match customer.kind:
        case NumberKind.WITHHELD:
            return "withheld"
        case NumberKind.MISSING:
            return "no number"
        case NumberKind.OTHER:
            return f"{customer.identity} (not a telephone number)"
        case _:
            return f"{customer.identity} ({customer.country or 'no country'})"


@condition_words.register
def _(condition: OnAnyList, situation: Situation, facts: Facts, names: Names) -> Words:
    return "list", f"on {join_words(names.of_lists(condition.lists))}", _hits(situation, facts, names)


@condition_words.register
def _(condition: OnNoList, situation: Situation, facts: Facts, names: Names) -> Words:
    return "list", f"not on {join_words(names.of_lists(condition.lists))}", _hits(situation, facts, names)


def _hits(situation: Situation, facts: Facts, names: Names) -> str:
    if not situation.customer.identity:
        return customer_phrase(situation)
    found = names.of_lists(hit.list_key for hit in facts.hits)
    return f"on {join_words(found, 'and')}" if found else "on no list"


@condition_words.register
def _(condition: OurNumberIs, situation: Situation, facts: Facts, names: Names) -> Words:
    seen = names.of_numbers([situation.our_number] if situation.our_number else [])
    return "our number", join_words(names.of_numbers(condition.numbers)), join_words(seen) or "none"


@condition_words.register
def _(condition: CampaignIs, situation: Situation, facts: Facts, names: Names) -> Words:
    seen = join_words(names.of_campaigns(situation.campaigns), "and") or "none running"
    return "campaign", join_words(names.of_campaigns(condition.campaigns)), seen


@condition_words.register
def _(condition: ScheduleIs, situation: Situation, facts: Facts, names: Names) -> Words:
    wanted = f"{condition.schedule.name} {'open' if condition.is_open else 'closed'}"
    at = situation.context.at
    seen = [
        f"{'open' if condition.schedule.is_open(at, zone) else 'closed'} ({at.astimezone(zone):%a %H:%M} {zone.key})"
        for zone in condition.zones(situation)
    ]
    return "schedule", wanted, join_words(seen, "and") or "customer's time zone is not known"


@condition_words.register
def _(condition: DateBetween, situation: Situation, facts: Facts, names: Names) -> Words:
    ends = (
        f"from {condition.starts_on}" if condition.starts_on else "",
        f"until {condition.ends_on}" if condition.ends_on else "",
    )
    today = situation.context.at.astimezone(condition.zone).date()
    return "dates", " ".join(filter(None, ends)), f"{today} ({condition.zone.key})"


@condition_words.register
def _(condition: AttributeIs, situation: Situation, facts: Facts, names: Names) -> Words:
    attribute = situation.context.attributes.get(condition.key)
    seen = "not given" if attribute is None else attribute.text
    if attribute is not None and condition.visible(situation) is None:
        seen = f"{attribute.text} (set by the caller: not trusted)"
    return "attribute", attribute_phrase(condition), seen
