"""Which rules a telephone number concerns: "which rules mention +1415…?"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import phonenumbers
from django.db.models import Q

from routing.engine.numbers import country_of, customer_identity, is_country, is_withheld, normalise_sip_uri, to_e164
from routing.engine.numbers import is_sip_uri as is_sip
from routing.engine.table import WITHHELD, RuleSpec, Table
from routing.models import NumberListEntry

_PUNCTUATION = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]")
_PREFIX = re.compile(r"\+[1-9]\d{0,14}", re.ASCII)
_NATIONAL = re.compile(r"\d{3,14}", re.ASCII)
LONGEST = 15  # digits of an E.164 number
# Any digits do: they only make numbers long enough for their country to be known.
FILLERS = ("5550100555010", "2345678901234", "7012345678901")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was looked for: a whole number, the beginning of one, a country, or hidden numbers.

    With ``whole_only`` a beginning finds no whole numbers: who sees them masked could spell them out, digit by digit.
    """

    number: str = ""
    prefix: str = ""
    country: str = ""
    withheld: bool = False
    whole_only: bool = False

    def __str__(self) -> str:
        if self.withheld:
            return "withheld numbers"
        return f"{self.prefix}…" if self.prefix else self.number or self.country

    @cached_property
    def countries(self) -> frozenset[str]:
        """The countries that it may belong to."""
        if self.prefix:
            return _countries_of(self.prefix)
        country = self.country or (country_of(self.number) if self.number.startswith("+") else None)
        return frozenset({country} if country else ())

    def names(self, number: str) -> bool:
        """Tell whether a whole number is what was asked for, or begins so."""
        if self.number and number == self.number:
            return True
        return bool(self.prefix) and not self.whole_only and number.startswith(self.prefix)

    def touches(self, prefix: str) -> bool:
        """Tell whether numbers that begin so are among those asked for, or the other way round."""
        return (self.prefix or self.number).startswith(prefix) or bool(self.prefix and prefix.startswith(self.prefix))


@dataclass(frozen=True, kw_only=True, slots=True)
class Mentions:
    """The rules by key, each with how it mentions the number; ``ways`` are all of these without repetition.

    ``refused_on`` names the blocked and do-not-call lists that hold the number: they are asked before any rule.
    """

    asked: Asked
    by_rule: Mapping[str, tuple[str, ...]]
    ways: tuple[str, ...]
    refused_on: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Names:
    """Keys of what holds the number -> what staff call it."""

    lists: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    campaigns: Mapping[str, str] = field(default_factory=dict)


def read_asked(text: str, region: str) -> Asked | None:
    """Return the number, beginning, country or hidden caller that the text stands for, or None for other words.

    Numbers without + are read as in `region`, an ISO country. Countries are written in capitals: US.
    """
    text = text.strip()
    if is_country(text):
        return Asked(country=text)
    if text and (is_withheld(text) or text.lower() == "hidden"):
        return Asked(withheld=True)
    if is_sip(text):
        return Asked(number=normalise_sip_uri(text))
    digits = _PUNCTUATION.sub("", text)
    begins = digits.endswith(("*", "…"))
    number = None if begins else to_e164(text, region)
    return Asked(number=number) if number else _read_prefix(digits.rstrip("*…"), region)


def find_mentions(table: Table, text: str, *, region: str, now: datetime, whole_only: bool = False) -> Mentions | None:
    """Return the rules whose conditions name the number or something that holds it; None if the text is no number.

    A rule without a word about customers, numbers, lists and campaigns may well take the call, but mentions nothing.
    """
    asked = read_asked(text, region)
    if asked is None:
        return None
    asked = replace(asked, whole_only=whole_only)
    lists = _lists_with(asked, now)
    names = _Names(
        lists={spec.key: spec.name for spec in table.lists if spec.key in lists},
        numbers={number.key: number.name or number.key for number in table.numbers if asked.names(number.key)},
        campaigns={
            campaign.slug: campaign.name
            for campaign in table.campaigns
            if any(asked.names(number) for number in (*campaign.numbers, campaign.caller_id or ""))
        },
    )
    found = {rule.key: tuple(dict.fromkeys(_ways(rule, asked, names, region))) for rule in table.rules}
    by_rule = {key: ways for key, ways in found.items() if ways}
    return Mentions(
        asked=asked,
        by_rule=by_rule,
        ways=tuple(dict.fromkeys(way for ways in by_rule.values() for way in ways)),
        refused_on=tuple(spec.name for spec in table.lists if spec.key in lists and spec.purpose != "segment"),
    )


def _read_prefix(digits: str, region: str) -> Asked | None:
    if _PREFIX.fullmatch(digits):
        return Asked(prefix=digits)
    if not _NATIONAL.fullmatch(digits):
        return None
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    trunk = (metadata.national_prefix if metadata else None) or ""
    code = phonenumbers.country_code_for_region(region)
    # The digits may also be the whole of an extension, which conditions and lists write as it is.
    return Asked(number=digits, prefix=f"+{code}{digits.removeprefix(trunk)}")


def _countries_of(prefix: str) -> frozenset[str]:
    """Return the countries that numbers with this beginning are found in; +1 alone may be any of a dozen."""
    tries = (prefix + filler[:digits] for filler in FILLERS for digits in range(LONGEST - len(prefix) + 2))
    known = frozenset(country for number in tries if (country := country_of(number)))
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    calling = next((codes[int(prefix[1:end])] for end in (2, 3, 4) if int(prefix[1:end]) in codes), ())
    is_country_code_alone = int(prefix[1:]) in codes
    return frozenset(calling) if is_country_code_alone else known


def _lists_with(asked: Asked, now: datetime) -> frozenset[str]:
    """Return the keys of the lists with a valid entry that was asked for."""
    named = Q(number=asked.number or None)
    if asked.prefix and not asked.whole_only:
        named |= Q(number__startswith=asked.prefix)
    valid = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    keys = NumberListEntry.objects.filter(named, valid).order_by().values_list("number_list__key", flat=True)
    return frozenset(keys.distinct())


def _ways(rule: RuleSpec, asked: Asked, names: _Names, region: str) -> Iterator[str]:
    when = rule.when
    for entry in when.customer:
        yield from _entry_ways(entry, asked, region)
    yield from (f"list {name}" for name in _held(when.lists_any, names.lists))
    yield from (f"not on list {name}" for name in _held(when.lists_none, names.lists))
    yield from (f"our number {name}" for name in _held(when.numbers, names.numbers))
    yield from (f"campaign {name}" for name in _held(when.campaigns, names.campaigns))


def _entry_ways(entry: str, asked: Asked, region: str) -> Iterator[str]:
    if entry == WITHHELD:
        if asked.withheld:
            yield "withheld"
    elif is_country(entry):
        if entry in asked.countries:
            yield f"country {entry}"
    elif entry.endswith("*"):
        if not asked.country and not asked.withheld and asked.touches(entry.rstrip("*")):
            yield f"prefix {entry}"
    elif asked.names(customer_identity(entry, region)):
        yield "number"


def _held(keys: Iterable[str], names: Mapping[str, str]) -> list[str]:
    return [names[key] for key in keys if key in names]
