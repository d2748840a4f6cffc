"""What is known about one call before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Channel(StrEnum):
    """The way a call starts."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    WEB = "web"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """One fact about the call in words, e.g. ``plan`` = ``gold``.

    ``trusted`` is false for whatever a caller or a browser can set: SIP headers, web attributes.
    """

    text: str
    trusted: bool = True


# Only a request can name a workflow of Vapi's; nothing in a table leads to one.
WORKFLOW = "workflow"


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedTarget:
    """A target that the request itself names; ``vapi_id`` is None for one described inline.

    ``kind`` is that of an assistant or a squad, or ``WORKFLOW``.
    """

    kind: str
    vapi_id: str | None = None


NO_ATTRIBUTES: Mapping[str, Attribute] = MappingProxyType({})


@dataclass(kw_only=True, slots=True)  # not frozen, for the reason given at Situation
class Context:
    """Everything known about one call, exactly as it was presented; nobody changes it.

    Numbers are kept raw here: how they are read depends on the table (the region of our number).
    ``at`` is an aware datetime, the instant the call is decided for.
    """

    channel: Channel
    at: datetime
    customer: str | None = None
    our_number: str | None = None
    our_number_id: str | None = None
    campaign: str | None = None
    vapi_campaign_id: str | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: NO_ATTRIBUTES)
    call_id: str | None = None
    external_id: str | None = None
    named_target: NamedTarget | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("Context.at must carry a time zone")
        if self.attributes is not NO_ATTRIBUTES:
            self.attributes = MappingProxyType(dict(self.attributes))

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values, for the call's row; ``context_from_dict`` reads them back."""
        named = self.named_target
        return {
            "channel": str(self.channel),
            "at": self.at.isoformat(),
            "customer": self.customer,
            "our_number": self.our_number,
            "our_number_id": self.our_number_id,
            "campaign": self.campaign,
            "vapi_campaign_id": self.vapi_campaign_id,
            "attributes": {k: [a.text, a.trusted] for k, a in self.attributes.items()} if self.attributes else {},
            "call_id": self.call_id,
            "external_id": self.external_id,
            "named_target": [named.kind, named.vapi_id] if named else None,
        }


def context_from_dict(data: Mapping[str, Any]) -> Context:
    """Rebuild the context that ``Context.as_dict`` wrote."""
    named = data["named_target"]
    return Context(
        channel=Channel(data["channel"]),
        at=datetime.fromisoformat(data["at"]),
        customer=data["customer"],
        our_number=data["our_number"],
        our_number_id=data["our_number_id"],
        campaign=data["campaign"],
        vapi_campaign_id=data["vapi_campaign_id"],
        attributes={key: Attribute(text=text, trusted=trusted) for key, (text, trusted) in data["attributes"].items()},
        call_id=data["call_id"],
        external_id=data["external_id"],
        named_target=NamedTarget(kind=named[0], vapi_id=named[1]) if named else None,
    )


def attribute_text(value: object) -> str | None:
    """Return the text that conditions compare: ``true``, ``5`` (also for 5.0), or the string itself.

    None means the value is not a scalar (or is null), so it is no attribute.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):
        return _number_text(value)
    return None


def _number_text(value: int | float | Decimal) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
