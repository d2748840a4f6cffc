"""``campaign.predial``: Vapi asks whether one of its campaigns may dial a contact."""

from __future__ import annotations

from datetime import datetime

from routing.engine.context import Channel, Context
from routing.vapi.messages.envelope import Message, look_text


def read_predial(message: Message, *, now: datetime) -> Context:
    """Return the call that Vapi is about to place, as an outbound context."""
    return Context(
        channel=Channel.OUTBOUND,
        at=now,
        customer=look_text(message, "contact.number", "contact.sipUri", "customer.number"),
        vapi_campaign_id=look_text(message, "campaignId", "contact.campaignId"),
        external_id=look_text(message, "contact.externalId"),
    )
