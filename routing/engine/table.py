"""The routing table as values: what a revision holds, checked for shape but not yet compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from routing.engine.context import Channel

NO_OVERRIDES: Mapping[str, Any] = MappingProxyType({})
CUSTOMER_LOCAL_TIME = "customer"
WITHHELD = "withheld"


class TargetKind(StrEnum):
    """What can take a call."""

    ASSISTANT = "assistant"
    SQUAD = "squad"
    TRANSFER = "transfer"
    REJECT = "reject"


class Operator(StrEnum):
    """How an attribute is compared."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    EXISTS = "exists"
    MISSING = "missing"
    STARTS_WITH = "starts_with"
    CONTAINS = "contains"
    GREATER = "greater"
    LESS = "less"


class Purpose(StrEnum):
    """What a number list is for."""

    SEGMENT = "segment"
    BLOCKED = "blocked"
    DO_NOT_CALL = "do_not_call"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What takes a call. Which fields stand depends on ``kind``."""

    key: str
    name: str
    kind: TargetKind
    vapi_id: str | None = None
    version: str | None = None
    number: str | None = None
    sip_uri: str | None = None
    message: str = ""
    extension: str = ""
    caller_id: str = ""
    enabled: bool = True
    overrides: Mapping[str, Any] = field(default_factory=lambda: NO_OVERRIDES)


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleException:
    """Dated days, both ends included, that are closed (``hours`` None) or have other hours."""

    starts_on: date
    ends_on: date
    hours: str | None
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleSpec:
    """Named opening hours; ``timezone`` is an IANA name or ``"customer"``."""

    key: str
    name: str
    opening_hours: str
    timezone: str
    country: str | None = None
    exceptions: tuple[ScheduleException, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OurNumber:
    """One of our phone numbers at Vapi; exactly one of ``number`` and ``sip_uri`` stands."""

    vapi_id: str
    name: str
    number: str | None = None
    sip_uri: str | None = None

    @property
    def key(self) -> str:
        """The number's natural key: its E.164 form or its SIP URI."""
        return self.number or self.sip_uri or ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignSpec:
    """A named effort; dates are inclusive local days in ``timezone``."""

    slug: str
    name: str
    numbers: tuple[str, ...] = ()
    caller_id: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    timezone: str | None = None
    vapi_campaign_ids: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ListEntry:
    """One number on a list. Live data: only a file written with entries carries these."""

    number: str
    label: str = ""
    variables: Mapping[str, Any] = field(default_factory=lambda: NO_OVERRIDES)
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ListSpec:
    """A number list's header; ``entries`` is None where the file does not speak of them."""

    key: str
    name: str
    purpose: Purpose
    entries: tuple[ListEntry, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeSpec:
    """One attribute condition; ``values`` is empty for ``exists`` and ``missing``."""

    key: str
    op: Operator
    values: tuple[str, ...] = ()
    allow_untrusted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class When:
    """A rule's conditions. An empty field is absent and means any; all that stand must hold."""

    channels: tuple[Channel, ...] = ()
    customer: tuple[str, ...] = ()
    lists_any: tuple[str, ...] = ()
    lists_none: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    schedule: str | None = None
    schedule_is_open: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    timezone: str | None = None
    attributes: tuple[AttributeSpec, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Arm:
    """One weighted target of a rule; weights are per cent."""

    target: str
    weight: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleSpec:
    """Conditions, weighted targets and overrides. The key is also the salt of the split."""

    key: str
    name: str
    when: When
    then: tuple[Arm, ...]
    note: str = ""
    enabled: bool = True
    overrides: Mapping[str, Any] = field(default_factory=lambda: NO_OVERRIDES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A whole routing table. Every reference is by natural key; the order of rules is theirs."""

    default: str | None = None
    default_number: str | None = None
    blocked: str | None = None
    overrides: Mapping[str, Any] = field(default_factory=lambda: NO_OVERRIDES)
    targets: tuple[Target, ...] = ()
    schedules: tuple[ScheduleSpec, ...] = ()
    numbers: tuple[OurNumber, ...] = ()
    campaigns: tuple[CampaignSpec, ...] = ()
    lists: tuple[ListSpec, ...] = ()
    rules: tuple[RuleSpec, ...] = ()
