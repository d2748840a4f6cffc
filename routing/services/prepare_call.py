"""From a request for a call to its decision: what `/call`, `/call/web` and `/resolve` have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from routing.engine.context import Channel, Context
from routing.engine.decision import Reason
from routing.engine.numbers import Number, NumberKind, is_sip_uri
from routing.engine.overrides import merge
from routing.engine.ruleset import RuleSet
from routing.services.decide import DecidedCall, decide
from routing.snapshot import store
from routing.vapi.call_body import fill_call_body

LAID_OVERRIDES = ("assistantOverrides", "squadOverrides")


class InvalidCall(ValueError):
    """A request that cannot be decided: ``field`` is its path in the body, ``problem`` completes the sentence."""

    def __init__(self, field: str, problem: str) -> None:
        """Join both into what the sender reads."""
        super().__init__(f"{field} {problem}")
        self.field = field
        self.problem = problem


@dataclass(frozen=True, kw_only=True, slots=True)
class CallRequest:
    """What was asked for: the body in Vapi's words, and the context as far as the body tells it.

    Of a request ``from_browser`` only `variableValues` reach the call, and they stand below the rule's.
    ``scheduled_for`` is when Vapi shall start the call; None for a call that starts at once.
    """

    body: Mapping[str, Any]
    context: Context
    from_browser: bool = False
    scheduled_for: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedCall:
    """A request with its decision; the body names our number and writes the customer's number in E.164."""

    decided: DecidedCall
    body: Mapping[str, Any]
    from_browser: bool
    scheduled_for: datetime | None = None

    def vapi_body(self) -> dict[str, Any]:
        """Return what Vapi gets, the target filled in; raises TargetTakesNoCall."""
        decision = self.decided.decision
        if decision.reason is Reason.EXPLICIT:
            return fill_call_body(self.body, decision, {})
        if self.from_browser:
            variables = _objects(self.body, *LAID_OVERRIDES).get("variableValues", {})
            overrides = merge(decision.floor, {"variableValues": variables} if variables else {}, decision.ceiling)
            return fill_call_body(_allowed_from_browser(self.body), decision, overrides)
        customer = self.body.get("customer") or {}
        overrides = merge(decision.overrides, _objects(self.body, *LAID_OVERRIDES), _objects(customer, *LAID_OVERRIDES))
        return fill_call_body(_without_customer_overrides(self.body), decision, overrides)


def prepare_call(request: CallRequest) -> PreparedCall:
    """Complete the context with our number and decide; raises InvalidCall for what the live table does not know."""
    context = complete(request)
    decided = decide(context)
    body = dict(request.body)
    if context.channel is Channel.OUTBOUND:
        if context.our_number_id:
            body["phoneNumberId"] = context.our_number_id
        body["customer"] = _dialled(request.body["customer"], decided.situation.customer)
    return PreparedCall(
        decided=decided, body=body, from_browser=request.from_browser, scheduled_for=request.scheduled_for
    )


def complete(request: CallRequest) -> Context:
    """Return the context with our number filled in; raises InvalidCall for what the live table does not know."""
    context, ruleset = request.context, store.current().ruleset
    if context.campaign is not None and context.campaign not in ruleset.campaigns:
        raise InvalidCall("routing.campaign", f"names no published campaign: {context.campaign!r}.")
    if context.our_number_id is not None:
        if context.our_number_id not in ruleset.numbers_by_id:
            raise InvalidCall("phoneNumberId", f"names none of our published numbers: {context.our_number_id!r}.")
        return context
    if context.channel is not Channel.OUTBOUND or request.body.get("phoneNumber"):
        return context
    return replace(context, our_number_id=_caller_id(context.campaign, ruleset))


def _caller_id(campaign: str | None, ruleset: RuleSet) -> str:
    """Return Vapi's id of the number that a call without one shows: the campaign's, else the default number."""
    table = ruleset.table
    keys = [spec.caller_id for spec in table.campaigns if spec.slug == campaign and spec.caller_id]
    keys += [table.default_number] if table.default_number else []
    keys += [table.numbers[0].key] if len(table.numbers) == 1 else []
    if not keys:
        raise InvalidCall("phoneNumberId", "is missing, and no default number is published: send one.")
    return next(number.vapi_id for number in table.numbers if number.key == keys[0])


def _dialled(customer: Mapping[str, Any], number: Number) -> dict[str, Any]:
    """Return the customer with the number that was judged, so that no other one can be dialled."""
    is_sip = is_sip_uri(number.raw)
    if number.kind is NumberKind.WITHHELD or not (is_sip or number.kind is NumberKind.E164):
        written = "number" if customer.get("number") else "sipUri"
        raise InvalidCall(f"customer.{written}", "must be a number that can be dialled, for example +12025550100.")
    if is_sip or customer.get("numberE164CheckEnabled") is False:
        return dict(customer)
    return {**customer, "number": number.identity}


def _objects(holder: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return merge(*(holder.get(key) or {} for key in keys))


def _allowed_from_browser(body: Mapping[str, Any]) -> dict[str, Any]:
    """A visitor can write anything into the page's request: what is not known to be harmless is left out."""
    allowed = "roomDeleteOnUserLeaveEnabled"
    return {allowed: body[allowed]} if isinstance(body.get(allowed), bool) else {}


def _without_customer_overrides(body: Mapping[str, Any]) -> dict[str, Any]:
    """Vapi lets a customer's overrides replace the call's, so they were merged into them and go."""
    customer = body.get("customer")
    if not isinstance(customer, Mapping):
        return dict(body)
    return {**body, "customer": {key: value for key, value in customer.items() if key not in LAID_OVERRIDES}}
