"""Place a phone call through Vapi: decide, keep the row, send once, note what became of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

from django.db import DatabaseError, transaction

from routing.engine.context import Channel
from routing.engine.decision import Decision
from routing.engine.table import TargetKind
from routing.models import ApiKey, Call, CallState
from routing.services.prepare_call import CallRequest, PreparedCall, prepare_call
from routing.services.record_call import call_columns, count_decision
from routing.telemetry.call_id import handling_call
from routing.telemetry.counting import count
from routing.telemetry.families import PLACED_CALLS
from routing.vapi.call_body import TargetTakesNoCall
from routing.vapi.client import CallPlacer
from routing.vapi.errors import VapiError
from routing.vapi.marker import make_marker

Body = Mapping[str, Any]
Send = Callable[[Body], dict[str, Any]]

# No request to Vapi takes as long (the client has a time budget): a call that is still being sent after this time has
# lost its process. A batch, which sends several requests, renews its claim before each.
LOST_AFTER = timedelta(seconds=60)
LOST = "The process that placed the call ended before it knew whether Vapi had taken it."

logger = logging.getLogger(__name__)


class CallRefused(Exception):
    """The table refuses the call; the text is the sentence of the reject target. Nothing was sent."""


class TargetCannotBeCalled(Exception):
    """The table chose a target that no call can be started with. Nothing was sent."""


class OutcomeUnknown(Exception):
    """Vapi gave no usable answer after the request may have been taken: the call must not be placed again."""

    def __init__(self, call_id: UUID, *, replayed: bool = False) -> None:
        """Name the row that tells later what became of the call; ``replayed`` if this was said before."""
        super().__init__(
            f"Vapi did not say whether the call was placed, so it is not placed again; it is recorded as {call_id}."
        )
        self.call_id = call_id
        self.replayed = replayed


class Claim(Protocol):
    """The hold on a request: as long as it is kept, nobody else carries the same request out."""

    def take(self, call_id: UUID) -> None:
        """Claim the request in the transaction that opens its rows, the first of which is named. Raises if taken."""

    def renew(self) -> None:
        """Say that the request is still being carried out; a process silent for ``LOST_AFTER`` counts as dead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Placing:
    """One call on its way: its row's id, who asked, when, and whether anybody is really called.

    ``claim`` keeps others from sending the same request.
    """

    call_id: UUID
    api_key: ApiKey
    now: datetime
    sandbox: bool
    claim: Claim | None = None


def place_call(
    request: CallRequest, *, api_key: ApiKey, client: CallPlacer, now: datetime, claim: Claim | None = None
) -> dict[str, Any]:
    """Place a phone call and return Vapi's own answer.

    Raises InvalidCall, CallRefused, TargetCannotBeCalled, OutcomeUnknown, VapiError (nothing was placed) and
    DatabaseError (nothing was sent).
    """
    placing = Placing(call_id=uuid4(), api_key=api_key, now=now, sandbox=client.sandbox, claim=claim)
    with handling_call(str(placing.call_id)):
        return place(prepare_call(identify(request, placing.call_id)), placing, client.create_call)


def identify(request: CallRequest, call_id: UUID) -> CallRequest:
    """Give the call its id, which draws the arm of a split for calls without a customer."""
    return replace(request, context=replace(request.context, call_id=str(call_id)))


def mark(body: Body, call_id: UUID) -> dict[str, Any]:
    """Put our id where the call can be found again at Vapi; a name of the request's own is left alone."""
    return dict(body) if body.get("name") else {**body, "name": make_marker(call_id)}


def place(prepared: PreparedCall, placing: Placing, send: Send) -> dict[str, Any]:
    """Keep the row, send once, and note the outcome in the row. Raises what ``place_call`` does."""
    try:
        body = body_of(prepared)
    except (CallRefused, TargetCannotBeCalled) as refusal:
        make_row(prepared, placing, CallState.REFUSED, error=str(refusal)).save(force_insert=True)
        raise
    if prepared.decided.context.channel is Channel.OUTBOUND:
        body = mark(body, placing.call_id)
    with transaction.atomic():
        if placing.claim is not None:
            placing.claim.take(placing.call_id)
        name = str(body.get("name") or "")
        make_row(prepared, placing, CallState.SENDING, vapi_name=name).save(force_insert=True)
    # The row is committed and no transaction is open: Vapi may take 20 seconds, and a call that it has taken must
    # have a row whatever happens to this process.
    try:
        answer = send(body)
    except VapiError as error:
        state = CallState.UNKNOWN if error.ambiguous else CallState.FAILED
        close_row(placing.call_id, state, error=str(error))
        if error.ambiguous:
            raise OutcomeUnknown(placing.call_id) from error
        raise
    close_row(placing.call_id, CallState.PLACED, vapi_call_id=answer.get("id"))
    return answer


def give_up(now: datetime, **which: Any) -> int:
    """Count the calls as unknown that are being sent for so long that their process must have died."""
    lost = Call.objects.filter(state=CallState.SENDING, decided_at__lte=now - LOST_AFTER, **which)
    return lost.update(state=CallState.UNKNOWN, error=LOST)


def body_of(prepared: PreparedCall) -> dict[str, Any]:
    """Return what Vapi gets; raises CallRefused and TargetCannotBeCalled."""
    decision = prepared.decided.decision
    if decision.target.kind is TargetKind.REJECT:
        raise CallRefused(decision.target.message or "The routing table refuses this call.")
    try:
        return prepared.vapi_body()
    except TargetTakesNoCall as error:
        raise TargetCannotBeCalled(_explain_wrong_target(decision)) from error


def _explain_wrong_target(decision: Decision) -> str:
    target, rule = decision.target, decision.rule
    chosen_by = f"rule {rule.position}, {rule.name!r}," if rule else f"the table ({decision.reason.value})"
    return (
        f"{chosen_by} chose {target.name!r}, a {target.kind.value}, and Vapi starts calls only with an assistant or a "
        "squad. Give the rule other channels, or put a rule for this channel above it."
    )


def make_row(prepared: PreparedCall, placing: Placing, state: CallState, **columns: str) -> Call:
    """Return the call's row, not saved yet, and count what was decided."""
    count_decision(prepared.decided)
    if state is CallState.REFUSED:
        count(PLACED_CALLS, state.value)
    known = call_columns(prepared.decided) | {
        "id": placing.call_id,
        # What decides knows our id of the call; Vapi's own comes with its answer.
        "vapi_call_id": None,
        "state": state,
        "sandbox": placing.sandbox,
        "api_key": placing.api_key,
        "decided_at": placing.now,
        "scheduled_for": prepared.scheduled_for,
    }
    return Call(**Call.fit(known | columns))


def close_row(call_id: UUID, state: CallState, **columns: Any) -> None:
    """Note the outcome. A fault here must not hide Vapi's answer: whoever gets an error would place the call again."""
    count(PLACED_CALLS, state.value)
    try:
        # An answer that comes very late finds its row given up.
        rows = Call.objects.filter(pk=call_id, state__in=(CallState.SENDING, CallState.UNKNOWN))
        rows.update(state=state, **Call.fit(columns))
    except DatabaseError:
        logger.exception("Call %s is %s, but its row could not be updated", call_id, state.value)
