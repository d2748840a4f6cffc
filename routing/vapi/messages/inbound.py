"""``assistant-request``: Vapi asks who takes an inbound call.

What is known stands in different places depending on provider and year; each is asked for best first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from routing.engine.context import NO_ATTRIBUTES, Attribute, Channel, Context, attribute_text
from routing.vapi.messages.envelope import Message, keep_text, look_object, look_text, read_id, read_text

MOST_ATTRIBUTES = 100
LONGEST_VALUE = 1000
FORWARDED_FROM = "forwarded-from"


def read_assistant_request(message: Message, *, now: datetime) -> Context:
    """Return what the message says about the call, which is decided for ``now``; nothing in it makes this raise."""
    # Each object is looked up once, by plain steps: a caller is waiting, and paths cost twice as much.
    call, customer, number = _inner(message, "call"), _inner(message, "customer"), _inner(message, "phoneNumber")
    call_customer, call_number = _inner(call, "customer"), _inner(call, "phoneNumber")
    return Context(
        channel=Channel.INBOUND,
        at=now,
        # The number comes before the SIP URI in both places: for a SIP call only one of the two may stand.
        customer=(
            read_text(call_customer.get("number"))
            or read_text(customer.get("number"))
            or read_text(call_customer.get("sipUri"))
            or read_text(customer.get("sipUri"))
            or read_text(call.get("customerNumber"))
            or read_text(_inner(call, "from").get("phoneNumber"))
        ),
        our_number=(
            read_text(number.get("number"))
            or read_text(call_number.get("number"))
            or read_text(number.get("sipUri"))
            or read_text(call_number.get("sipUri"))
            or read_text(call.get("to"))
            or read_text(_inner(call, "to").get("phoneNumber"))
        ),
        our_number_id=(
            read_text(call.get("phoneNumberId")) or read_text(number.get("id")) or read_text(call_number.get("id"))
        ),
        vapi_campaign_id=read_text(call.get("campaignId")) or read_text(message.get("campaignId")),
        attributes=_read_attributes(call) or NO_ATTRIBUTES,
        call_id=read_id(call.get("id")),
        external_id=read_text(call_customer.get("externalId")) or read_text(customer.get("externalId")),
    )


def _inner(holder: Message, name: str) -> Message:
    found = holder.get(name)
    return found if type(found) is dict else {}


def _read_attributes(call: Message) -> dict[str, Attribute]:
    attributes = _read_sip_headers(look_object(call, "assistantOverrides.variableValues"))
    diverting = look_text(call, "transport.forwardedFrom")
    if diverting is not None:
        # The carrier says it, but it repeats what the network before it claimed: anybody with a SIP trunk can write
        # it. It stands last, so that a header of the same name cannot replace it.
        attributes[FORWARDED_FROM] = Attribute(text=diverting, trusted=False)
    return attributes


def _read_sip_headers(values: dict[str, Any]) -> dict[str, Attribute]:
    """Vapi hands the caller's ``X-`` headers on as variables, with the ``x-`` taken off."""
    attributes: dict[str, Attribute] = {}
    for name, value in values.items():
        text = attribute_text(value)
        key = keep_text(name).lower()
        if text is None or not key:
            continue
        attributes[key] = Attribute(text=keep_text(text, LONGEST_VALUE), trusted=False)
        if len(attributes) == MOST_ATTRIBUTES:
            break
    return attributes
