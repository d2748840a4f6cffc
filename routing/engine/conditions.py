"""The conditions of a rule: each knows whether it holds, and what it saw.

To add one: a class here, its field in ``table.When``, its reading in ``document``, its making in
``build_conditions``, its words in ``sentences``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol
from zoneinfo import ZoneInfo

from routing.engine.context import Attribute, Channel
from routing.engine.live import Facts
from routing.engine.numbers import (
    NumberKind,
    candidate_zones,
    customer_identity,
    is_country,
    is_withheld,
    to_e164,
)
from routing.engine.schedule import Schedule
from routing.engine.situation import Situation
from routing.engine.table import WITHHELD, Operator

_PREFIX = re.compile(r"\+[1-9]\d{0,14}\*", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}")


class Condition(Protocol):
    """One condition of a rule."""

    def holds(self, situation: Situation, facts: Facts) -> bool:
        """Tell whether the condition holds for this call."""
        ...


@dataclass(frozen=True, slots=True)
class ChannelIs:
    """The call starts in one of these ways."""

    channels: frozenset[Channel]

    def holds(self, situation: Situation, facts: Facts) -> bool:
        """Compare the call's channel."""
        return situation.context.channel in self.channels


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerIs:
    """The customer's number is one of these, begins so, is of such a country, or is withheld."""

    exact: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    countries: frozenset[str] = frozenset()
    withheld: bool = False

    def holds(self, situation: Situation, facts: Facts) -> bool:
        """Withheld is judged first; prefix and country only speak of E.164 numbers."""
        customer = situation.customer
        if customer.kind is NumberKind.WITHHELD:
            return self.withheld
        if customer.kind is NumberKind.MISSING:
            return False
        if customer.identity in self.exact:
            return True
        return customer.kind is NumberKind.E164 and (
            customer.country in self.countries or (bool(self.prefixes) and customer.identity.startswith(self.prefixes))
        )


@dataclass(frozen=True, slots=True)
class OnAnyList:
    """The customer's number is on at least one of these lists."""

    lists: frozenset[str]

    def holds(self, situation: Situation, facts: Facts) -> bool:
        """Look at the call's list hits."""
        return any(hit.list_key in self.lists for hit in facts.hits)


@dataclass(frozen=True, slots=True)
class OnNoList:
    """The customer has a number and it is on none of these lists."""

    lists: frozenset[str]

    def holds(self, situation: Situation, facts: Facts) -> bool:
        """A missing or withheld number fails this too: nothing is known about it."""
        if not situation.customer.identity:
            return False
        return not any(hit.list_key in self.lists for hit in facts.hits)


@dataclass(frozen=True, slots=True)
class OurNumberIs:
    """The call uses one of these numbers of ours."""

    numbers: frozenset[str]

    def holds(self, situation: Situation, facts: Facts) -> bool:
        """Compare natural keys."""
        return situation.our_number in self.numbers


@dataclass(frozen=True, slots=True)
class CampaignIs:
    """The call belongs to one of these campaigns, and that campaign is running."""

    campaigns: frozenset[str]

    def holds(self, situation: Situation, facts: Facts) -> bool:
        """Only running campaigns are in the situation."""
        return not self.campaigns.isdisjoint(situation.campaigns)


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleIs:
    """The schedule is open (or closed) at the instant of the call."""

    schedule: Schedule
    is_open: bool

    def holds(self, situation: Situation, facts: Facts) -> bool:
        """In customer's local time it must hold in every zone the number may be in."""
        at = situation.context.at
        if self.schedule.zone is not None:
            return self.schedule.is_open(at, self.schedule.zone) is self.is_open
        zones = self.zones(situation)
        return bool(zones) and all(self.schedule.is_open(at, zone) is self.is_open for zone in zones)

    def zones(self, situation: Situation) -> tuple[ZoneInfo, ...]:
        """Return the zones the schedule is judged in: its own, or the customer's candidates."""
        if self.schedule.zone is not None:
            return (self.schedule.zone,)
        e164 = situation.customer.e164
        return tuple(map(ZoneInfo, candidate_zones(e164))) if e164 else ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DateBetween:
    """The local day lies between two days; both ends count, a missing end is open."""

    zone: ZoneInfo
    starts_on: date | None
    ends_on: date | None

    def holds(self, situation: Situation, facts: Facts) -> bool:
        """Look at the call's instant."""
        return self.covers(situation.context.at)

    def covers(self, at: datetime) -> bool:
        """Compare the wall clock's date in this zone."""
        today = at.astimezone(self.zone).date()
        return (self.starts_on is None or self.starts_on <= today) and (self.ends_on is None or today <= self.ends_on)


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeIs:
    """An attribute compares so. An untrusted value counts only with ``allow_untrusted``."""

    key: str
    op: Operator
    values: tuple[str, ...]
    allow_untrusted: bool

    def holds(self, situation: Situation, facts: Facts) -> bool:
        """Nothing but ``missing`` holds for an attribute that is absent or may not be seen."""
        attribute = self.visible(situation)
        if self.op is Operator.MISSING:
            return attribute is None
        return attribute is not None and COMPARE[self.op](attribute.text, self.values)

    def visible(self, situation: Situation) -> Attribute | None:
        """Return the attribute if this condition may use it."""
        attribute = situation.context.attributes.get(self.key)
        if attribute is None or not (attribute.trusted or self.allow_untrusted):
            return None
        return attribute


def read_number_text(text: str) -> Decimal | None:
    """Return the finite number a text stands for, or None."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _is_greater(text: str, values: tuple[str, ...]) -> bool:
    seen, wanted = read_number_text(text), read_number_text(values[0])
    return seen is not None and wanted is not None and seen > wanted


def _is_less(text: str, values: tuple[str, ...]) -> bool:
    seen, wanted = read_number_text(text), read_number_text(values[0])
    return seen is not None and wanted is not None and seen < wanted


COMPARE: Mapping[Operator, Callable[[str, tuple[str, ...]], bool]] = MappingProxyType(
    {
        Operator.IS: lambda text, values: text == values[0],
        Operator.IS_NOT: lambda text, values: text != values[0],
        Operator.IN: lambda text, values: text in values,
        Operator.NOT_IN: lambda text, values: text not in values,
        Operator.EXISTS: lambda text, values: True,
        Operator.STARTS_WITH: lambda text, values: text.startswith(values[0]),
        Operator.CONTAINS: lambda text, values: values[0] in text,
        Operator.GREATER: _is_greater,
        Operator.LESS: _is_less,
    }
)


class EntryKind(StrEnum):
    """What an entry of a customer condition speaks of."""

    EXACT = "exact"
    PREFIX = "prefix"
    COUNTRY = "country"
    WITHHELD = "withheld"


def customer_is(entries: tuple[str, ...], region: str) -> CustomerIs:
    """Sort the entries of a customer condition; each must have passed ``check_customer_entry``."""
    kinds: dict[EntryKind, list[str]] = {kind: [] for kind in EntryKind}
    for entry in entries:
        kind = entry_kind(entry)
        kinds[kind].append(customer_operand(entry, kind, region))
    return CustomerIs(
        exact=frozenset(kinds[EntryKind.EXACT]),
        prefixes=tuple(kinds[EntryKind.PREFIX]),
        countries=frozenset(kinds[EntryKind.COUNTRY]),
        withheld=bool(kinds[EntryKind.WITHHELD]),
    )


def entry_kind(entry: str) -> EntryKind:
    """Tell what an entry speaks of."""
    text = entry.strip()
    if text == WITHHELD:
        return EntryKind.WITHHELD
    if text.endswith("*") and _PREFIX.fullmatch(text):
        return EntryKind.PREFIX
    return EntryKind.COUNTRY if len(text) == 2 and _COUNTRY.fullmatch(text) else EntryKind.EXACT


def customer_operand(entry: str, kind: EntryKind, region: str) -> str:
    """Return what the customer's number is compared with: the entry as numbers are written, a prefix without its *."""
    if kind is EntryKind.EXACT:
        return customer_identity(entry, region)
    return entry.strip().rstrip("*")


def check_customer_entry(entry: str, region: str) -> str | None:
    """Return what is wrong with one entry of a customer condition, or None.

    Legal are an E.164 number, a prefix ``+1415*``, a country ``US``, ``withheld``, and, matched on
    the raw text only, a short code, a name or a SIP URI.
    """
    text = entry.strip()
    if not text:
        return "is empty; write a number, a prefix such as +1415*, a country such as US or withheld"
    if "*" in text and not _PREFIX.fullmatch(text):
        return f"'{entry}' is not a prefix; write + and digits and one star at the end, e.g. +1415*"
    if _COUNTRY.fullmatch(text) and not is_country(text):
        return f"'{entry}' is not a country; write an ISO code such as US or MX"
    if len(text) == 2 and text.isalpha() and not text.isupper() and is_country(text.upper()):
        return f"'{entry}' is compared letter by letter; write {text.upper()} if the country is meant"
    if text.startswith("+") and "*" not in text and to_e164(text, region) is None:
        return f"'{entry}' is not a telephone number; write it as +12025550111{_or_prefix(text)}"
    if text != WITHHELD and is_withheld(text):
        return f"'{entry}' stands for a hidden number; write withheld"
    return None


def _or_prefix(text: str) -> str:
    """Return the words that offer a prefix, where the text is the beginning of a number."""
    digits = "".join(text.split())
    return f", or {digits}* for every number that begins so" if _PREFIX.fullmatch(f"{digits}*") else ""
