"""What the table makes of a context: our number, the customer's number, the campaigns it is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from routing.engine.context import Channel, Context
from routing.engine.numbers import PLAIN, Number, country_of, number_key, read_customer

if TYPE_CHECKING:  # a ruleset holds conditions, and conditions look at situations
    from routing.engine.ruleset import RuleSet


NO_CAMPAIGNS: frozenset[str] = frozenset()


@dataclass(slots=True)  # not frozen: one is made for every decision, and Python makes frozen ones four times slower
class Situation:
    """A context read with one table; nobody changes it.

    ``our_number`` is a natural key (E.164 or SIP URI), ``campaigns`` the slugs of those running.
    """

    context: Context
    customer: Number
    our_number: str | None
    campaigns: frozenset[str]


def situate(ruleset: RuleSet, context: Context) -> Situation:
    """Read a context with the table's numbers and campaigns."""
    our_number = None
    if context.our_number is not None or context.our_number_id is not None:
        our_number = _our_number(ruleset, context)
    customer = PLAIN.get(context.customer) or _customer(ruleset, context, our_number)
    return Situation(context, customer, our_number, _campaigns(ruleset, context, our_number))


def _our_number(ruleset: RuleSet, context: Context) -> str | None:
    """The id is the most reliable key; a number that no row knows is still a number."""
    known = ruleset.numbers_by_id.get(context.our_number_id or "")
    if known is not None:
        return known
    return number_key(context.our_number, ruleset.default_region) if context.our_number else None


def _customer(ruleset: RuleSet, context: Context, our_number: str | None) -> Number:
    region = (country_of(our_number) if our_number else None) or ruleset.default_region
    return read_customer(context.customer, region, inbound=context.channel is Channel.INBOUND)


def _campaigns(ruleset: RuleSet, context: Context, our_number: str | None) -> frozenset[str]:
    """A campaign the request names wins over those our number belongs to; none runs off its dates."""
    if context.campaign is not None:
        campaign = ruleset.campaigns.get(context.campaign)
        return campaign.alone if campaign is not None and campaign.runs_at(context.at) else NO_CAMPAIGNS
    if context.vapi_campaign_id is not None:
        named = ruleset.campaigns_by_vapi_id.get(context.vapi_campaign_id)
    else:
        named = ruleset.campaigns_by_number.get(our_number) if our_number else None
    if not named:
        return NO_CAMPAIGNS
    return frozenset(
        slug for slug in named if (campaign := ruleset.campaigns.get(slug)) is not None and campaign.runs_at(context.at)
    )
