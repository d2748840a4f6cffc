"""From the body of a request to what is asked for. Vapi's properties are read here and passed on; ours are taken out.

Schemas: `CreateCallDTO` and `CreateWebCallDTO` of Vapi's API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from rest_framework.exceptions import ParseError, PermissionDenied, ValidationError
from rest_framework.request import Request

from routing.api.authentication import asking_key
from routing.api.fields import read_instant
from routing.api.page_request import check_page_body, split_inline_facts
from routing.api.serializers import ResolveRoutingSerializer, RoutingSerializer
from routing.engine.context import WORKFLOW, Attribute, Channel, Context, NamedTarget
from routing.engine.numbers import is_sip_uri
from routing.engine.table import TargetKind
from routing.models import ApiKey, ApiKeyKind, ApiKeyPolicy
from routing.services.prepare_call import LAID_OVERRIDES, CallRequest, InvalidCall

Body = dict[str, Any]

CAMPAIGN_HEADER = "X-Routing-Campaign"
DEEPEST = 100
AUTO = "auto"
ROUTE = "route:"
# How a request names its target, in the order in which one is shown when several stand. Vapi's workflows are on their
# way out and nothing routes to them, but like any named target they are passed on.
NAMED_TARGETS = {
    "assistantId": TargetKind.ASSISTANT.value,
    "assistant": TargetKind.ASSISTANT.value,
    "squadId": TargetKind.SQUAD.value,
    "squad": TargetKind.SQUAD.value,
    "workflowId": WORKFLOW,
    "workflow": WORKFLOW,
}
REFUSED_TARGET = 'This API key must not name the target: leave out {field}, or send assistantId "auto".'


def read_call(request: Request, channel: Channel, *, now: datetime) -> CallRequest:
    """Return what a request to `/call` or `/call/web` asks for; raises InvalidCall or an APIException."""
    body, facts = split_inline_facts(read_body(request))
    routing = _read_routing(body, facts, RoutingSerializer)
    starts_at = _read_start(body, channel)
    # A start that has passed is no reason for a refusal: Vapi then starts the call at once, so it is decided for now.
    wanted = _build(request, body, routing, channel=channel, at=max(starts_at or now, now))
    return replace(wanted, scheduled_for=starts_at)


def read_resolve(request: Request, *, now: datetime) -> CallRequest:
    """Return what a request to `/resolve` asks about; raises InvalidCall or an APIException."""
    body, facts = split_inline_facts(read_body(request))
    routing = _read_routing(body, facts, ResolveRoutingSerializer)
    if body.get("customers") is not None:
        raise InvalidCall("customers", "cannot be resolved together: ask for one customer at a time.")
    channel = Channel(routing["channel"])
    at = routing.get("at") or max(_read_start(body, channel) or now, now)
    return _build(request, body, routing, channel=channel, at=at)


def read_body(request: Request) -> Body:
    """Return the JSON object that was sent; nothing at all is an empty one."""
    body = request.data
    if not isinstance(body, Mapping):
        raise ParseError("The body must be a JSON object.")
    if any(not _is_storable(text) for text in _texts(body)):
        raise ParseError("The body holds a character that is none (NUL, or half of a surrogate pair).")
    return dict(body)


def _build(request: Request, body: Body, routing: Mapping[str, Any], *, channel: Channel, at: datetime) -> CallRequest:
    key = asking_key(request)
    from_browser = key.kind == ApiKeyKind.PUBLISHABLE
    _check_shape(body)
    if from_browser:
        check_page_body(body)
    customer = _read_customer(body, channel)
    attributes = routing["attributes"]
    context = Context(
        channel=channel,
        at=at,
        customer=customer.get("number") or customer.get("sipUri") or None,
        external_id=customer.get("externalId") or None,
        our_number=None if channel is Channel.WEB else _read_own_number(body),
        our_number_id=None if channel is Channel.WEB else _text(body, "phoneNumberId"),
        campaign=_read_campaign(body, routing, request.headers.get(CAMPAIGN_HEADER) or None),
        attributes={name: Attribute(text=text, trusted=not from_browser) for name, text in attributes.items()},
        named_target=None if channel is Channel.INBOUND else _read_named_target(body, key),
    )
    return CallRequest(body=body, context=context, from_browser=from_browser)


def _read_routing(body: Body, facts: Mapping[str, str], serializer: type[RoutingSerializer]) -> dict[str, Any]:
    """Read `routing`; the web SDK cannot send it, so there it may also stand in the overrides' metadata.

    An inline assistant's ``facts`` are attributes too, below those that are named as such.
    """
    hidden = _object(_object(_object(body, "assistantOverrides"), "metadata", "assistantOverrides."), "routing")
    given = serializer(data={**hidden, **_object(body, "routing")})
    if not given.is_valid():
        raise ValidationError({"routing": given.errors})
    values: dict[str, Any] = given.validated_data
    return {**values, "attributes": {**facts, **(values.get("attributes") or {})}}


def _read_campaign(body: Body, routing: Mapping[str, Any], header: str | None) -> str | None:
    """A campaign may be named in three places; they must not contradict each other."""
    target = body.get("assistantId")
    by_target = target.removeprefix(ROUTE) if isinstance(target, str) and target.startswith(ROUTE) else None
    named = {name for name in (routing.get("campaign"), header, by_target) if name is not None}
    if len(named) > 1:
        raise InvalidCall("routing.campaign", f"is named differently in several places: {', '.join(sorted(named))}.")
    return next(iter(named), None)


def _read_named_target(body: Body, key: ApiKey) -> NamedTarget | None:
    """Return the target that the request names, if this key may; None means that the table decides."""
    if key.kind == ApiKeyKind.PUBLISHABLE or key.policy == ApiKeyPolicy.ALWAYS_ROUTE:
        return None
    fields = [field for field in NAMED_TARGETS if body.get(field)]
    if _asks_for_routing(body.get("assistantId")):
        if len(fields) > 1:
            raise InvalidCall("assistantId", f"asks for routing, but {fields[1]} names a target: send one of them.")
        return None
    if not fields:
        return None
    if key.policy == ApiKeyPolicy.REFUSE_EXPLICIT:
        raise PermissionDenied(REFUSED_TARGET.format(field=fields[0]))
    named = body[fields[0]]
    return NamedTarget(kind=NAMED_TARGETS[fields[0]], vapi_id=named if isinstance(named, str) else None)


def _asks_for_routing(assistant_id: object) -> bool:
    return isinstance(assistant_id, str) and (assistant_id == AUTO or assistant_id.startswith(ROUTE))


def _read_customer(body: Body, channel: Channel) -> Mapping[str, Any]:
    """Return the customer; the customers of a batch are read one by one."""
    if channel is Channel.WEB or body.get("customers") is not None:
        return {}
    return read_customer(body, required=channel is Channel.OUTBOUND)


def read_customer(body: Body, *, required: bool) -> Mapping[str, Any]:
    """Return the customer; a call that is placed needs a number, because rules and do-not-call lists look at it."""
    customer = _object(body, "customer")
    number, sip_uri = _text(customer, "number", "customer."), _text(customer, "sipUri", "customer.")
    _text(customer, "externalId", "customer.")
    for name in LAID_OVERRIDES:
        _object(customer, name, "customer.")
    if not required:
        return customer
    if number and sip_uri:
        raise InvalidCall("customer.sipUri", "stands beside customer.number: send one of them.")
    if (number or sip_uri) and body.get("customerId"):
        raise InvalidCall("customerId", "stands beside customer: send customer alone, it is the one that is checked.")
    if sip_uri and not is_sip_uri(sip_uri):
        raise InvalidCall("customer.sipUri", "must be a SIP URI, for example sip:ada@example.com.")
    if not number and not sip_uri:
        known = "customerId alone cannot be checked against rules and do-not-call lists; " * bool(
            body.get("customerId")
        )
        raise InvalidCall("customer.number", f"is missing: {known}send the number to call.")
    return customer


def _read_own_number(body: Body) -> str | None:
    """Return the number of an account of the sender's own, which is described in the body instead of named."""
    return _text(_object(body, "phoneNumber"), "twilioPhoneNumber", "phoneNumber.")


def _read_start(body: Body, channel: Channel) -> datetime | None:
    """Return when a scheduled call is to begin: it is decided for that instant."""
    if channel is not Channel.OUTBOUND:
        return None
    earliest = _object(body, "schedulePlan").get("earliestAt")
    instant = read_instant(earliest)
    if earliest is not None and instant is None:
        raise InvalidCall("schedulePlan.earliestAt", "must be an instant with offset, as 2026-03-01T09:00:00-05:00.")
    return instant


def _check_shape(body: Body) -> None:
    """Refuse what cannot be understood, so that it is not passed over in silence."""
    message = _object(body, "message")
    if message and message.get("type") != "assistant-request":
        raise InvalidCall("message.type", "must be assistant-request.")
    for field in ("assistantId", "squadId", "workflowId"):
        _text(body, field)
    for field in LAID_OVERRIDES:
        _object(_object(body, field), "variableValues", f"{field}.")


def _object(holder: Mapping[str, Any], field: str, path: str = "") -> Mapping[str, Any]:
    value = holder.get(field)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidCall(f"{path}{field}", "must be an object.")
    return value


def _text(holder: Mapping[str, Any], field: str, path: str = "") -> str | None:
    value = holder.get(field)
    if value is None or isinstance(value, str):
        return value or None
    raise InvalidCall(f"{path}{field}", "must be a text.")


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    """Yield every text of a body. The depth is limited so that nothing later on can fail on it halfway."""
    if depth > DEEPEST:
        raise ParseError(f"The body is nested too deeply: {DEEPEST} levels are taken.")
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield name
            yield from _texts(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, depth + 1)


def _is_storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
