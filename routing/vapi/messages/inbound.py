"""``assistant-request``: Vapi asks who takes an inbound call.

What is known stands in different places depending on provider and year; each tuple below lists them, best first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from routing.engine.context import NO_ATTRIBUTES, Attribute, Channel, Context, attribute_text
from routing.vapi.messages.envelope import Message, keep_text, look_id, look_object, look_text

MOST_ATTRIBUTES = 100
LONGEST_VALUE = 1000
FORWARDED_FROM = "forwarded-from"

CALL_ID = ("call.id",)
# The number comes before the SIP URI in both places: for a SIP call only one of the two may stand.
CUSTOMER = (
    "call.customer.number",
    "customer.number",
    "call.customer.sipUri",
    "customer.sipUri",
    "call.customerNumber",
    "call.from.phoneNumber",
)
OUR_NUMBER_ID = ("call.phoneNumberId", "phoneNumber.id", "call.phoneNumber.id")
OUR_NUMBER = (
    "phoneNumber.number",
    "call.phoneNumber.number",
    "phoneNumber.sipUri",
    "call.phoneNumber.sipUri",
    "call.to",
    "call.to.phoneNumber",
)
CAMPAIGN_ID = ("call.campaignId", "campaignId")
EXTERNAL_ID = ("call.customer.externalId", "customer.externalId")


def read_assistant_request(message: Message, *, now: datetime) -> Context:
    """Return what the message says about the call, which is decided for ``now``; nothing in it makes this raise."""
    return Context(
        channel=Channel.INBOUND,
        at=now,
        customer=look_text(message, *CUSTOMER),
        our_number=look_text(message, *OUR_NUMBER),
        our_number_id=look_text(message, *OUR_NUMBER_ID),
        vapi_campaign_id=look_text(message, *CAMPAIGN_ID),
        attributes=_read_attributes(message) or NO_ATTRIBUTES,
        call_id=look_id(message, *CALL_ID),
        external_id=look_text(message, *EXTERNAL_ID),
    )


def _read_attributes(message: Message) -> dict[str, Attribute]:
    attributes = _read_sip_headers(look_object(message, "call.assistantOverrides.variableValues"))
    diverting = look_text(message, "call.transport.forwardedFrom")
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
