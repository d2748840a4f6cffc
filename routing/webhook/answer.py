"""The webhook as one plain function: what came in, to what goes out.

Both adapters call it: the Django view (`views`) and the WSGI lane in front of Django (`lane`).
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from time import perf_counter
from typing import Any

import orjson

from routing.engine.decision import Decision, Reason
from routing.models import WebhookOutcome
from routing.services.decide import DecidedCall, decide
from routing.services.record_call import record_call
from routing.services.record_outcome import record_outcome
from routing.snapshot import store
from routing.snapshot.load import last_resort
from routing.telemetry.call_id import handling_call
from routing.telemetry.counting import observe
from routing.telemetry.families import WEBHOOK_SECONDS
from routing.vapi.messages import (
    NotJson,
    is_assistant_request,
    read_assistant_request,
    read_outcome,
    read_predial,
    read_server_message,
    render_assistant_response,
)
from routing.vapi.refusal import Refusal, RefusalKind
from routing.webhook.auth import check_request
from routing.webhook.counts import OTHER_TYPE, count_message, count_refusal
from routing.webhook.intake import Intake
from routing.webhook.memory import LatestAnswers

CONTENT_TYPE = "application/json"
# Ids of our rows come from Vapi's, so that a message that comes twice cannot make two rows.
CALL_IDS = uuid.UUID("6f1d0c7e-5a0b-4d5e-9a53-0f8f2a1c7b11")
NOTHING = b"{}"
SORRY = b'{"error":"We are sorry, we cannot take your call right now. Please try again in a few minutes."}'
WAITING = {"assistant-request", "campaign.predial"}  # somebody waits for what we answer; the rest is only noted
ANSWERED, NOTED = WebhookOutcome.ANSWERED.value, WebhookOutcome.NOTED.value
LAST_RESORT = WebhookOutcome.LAST_RESORT.value
REFUSED_CONTACT = {Reason.BLOCKED, Reason.EMERGENCY}

logger = logging.getLogger(__name__)
answers = LatestAnswers()


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A status and a JSON body."""

    status: int = HTTPStatus.OK
    body: bytes = NOTHING


def answer(request: Intake, *, now: datetime, started: float) -> Answer:
    """Return the answer to one server message; it never raises.

    A body above 5 MiB is refused, and nobody waits for that of a request without the header that a secret stands in.
    ``started`` is when the request came, by ``time.perf_counter``.
    """
    try:
        refusal = check_request(store.current(), request, now=now)
    except Exception:
        logger.exception("The webhook secrets cannot be read")
        count_refusal(Refusal(kind=RefusalKind.UNREADABLE), now)
        return _refuse(HTTPStatus.SERVICE_UNAVAILABLE, "Not available.")
    if refusal is not None and not request.is_cut:
        count_refusal(refusal, now)
        return _refuse(HTTPStatus.UNAUTHORIZED, "Unauthorized")
    body = request.body
    if request.is_cut:
        count_message(WebhookOutcome.TOO_LARGE.value, now)
        return _refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is larger than 5 MiB.")
    try:
        message = read_server_message(body)
    except NotJson:
        if is_assistant_request(body):  # a caller waits, whatever was done to the body
            logger.error("An assistant-request of %d bytes cannot be read; the last resort answers it", len(body))
            count_message(LAST_RESORT, now, "assistant-request", "assistant-request")
            return Answer(body=_answer_last_resort())
        count_message(WebhookOutcome.NOT_JSON.value, now, f"{len(body)} bytes")
        return _refuse(HTTPStatus.BAD_REQUEST, "The body is not JSON.")
    return Answer(body=_answer_message(message, now, started))


def _answer_message(message: dict[str, Any], now: datetime, started: float) -> bytes:
    """Answer an authentic message. Whatever breaks in here is ours to hide: a caller is waiting."""
    kind = message.get("type")
    kind = kind if isinstance(kind, str) else ""
    answer_kind, fallback = HANDLERS.get(kind, (_ignore, _nothing))
    outcome = ANSWERED
    with handling_call(_call_id(message)):
        try:
            body = answer_kind(message, now, started)
        except Exception:
            logger.exception("A %s could not be answered as it should", kind)
            outcome, body = LAST_RESORT, fallback()
    outcome = outcome if kind in WAITING else NOTED
    known = kind if kind in HANDLERS else OTHER_TYPE
    count_message(outcome, now, kind, known)
    observe(WEBHOOK_SECONDS, perf_counter() - started, known)
    return body


def _call_id(message: Mapping[str, Any]) -> str:
    call = message.get("call")
    call_id = call.get("id") if isinstance(call, dict) else None
    return call_id if isinstance(call_id, str) else ""


def _answer_assistant_request(message: dict[str, Any], now: datetime, started: float) -> bytes:
    context = read_assistant_request(message, now=now)
    earlier = answers.find(context.call_id)
    if earlier is not None:
        return earlier
    decided = decide(context)
    given, is_first = answers.keep(context.call_id, _to_json(render_assistant_response(decided.decision)))
    if is_first:
        _record(decided, started)
    return given


def _answer_last_resort() -> bytes:
    """It is not kept for the call: whoever asks again deserves a better answer."""
    try:
        target = last_resort()
        decision = Decision(target=target, reason=Reason.ERROR, floor=target.overrides)
        return _to_json(render_assistant_response(decision))
    except Exception:
        logger.exception("ROUTING_LAST_RESORT cannot be used")
        return SORRY


def _record(decided: DecidedCall, started: float) -> None:
    """Note the decision; a full disk must not change the answer, which another thread may have given already."""
    context = decided.context
    try:
        answer_ms = (perf_counter() - started) * 1000
        record_call(decided, call_id=_row_id(context.call_id), now=context.at, answer_ms=answer_ms)
    except Exception:
        logger.exception("The decision for call %s could not be recorded", context.call_id)


def _row_id(call_id: str | None) -> uuid.UUID:
    """Return the id of a call's row: Vapi's own, which is a UUID, or one made from whatever else it says."""
    if not call_id:
        return uuid.uuid4()
    try:
        return uuid.UUID(call_id)
    except ValueError:
        return uuid.uuid5(CALL_IDS, call_id)


def _answer_predial(message: dict[str, Any], now: datetime, started: float) -> bytes:
    """Tell whether a campaign of Vapi may dial the contact, by the same refusals as for calls that we place."""
    context = read_predial(message, now=now)
    eligible = context.customer is not None and decide(context).decision.reason not in REFUSED_CONTACT
    return _to_json({"eligible": eligible})


def _record_outcome(message: dict[str, Any], now: datetime, started: float) -> bytes:
    outcome = read_outcome(message)
    if outcome is not None:
        record_outcome(outcome)
    return NOTHING


def _ignore(message: dict[str, Any], now: datetime, started: float) -> bytes:
    return NOTHING


def _nothing() -> bytes:
    return NOTHING


def _not_eligible() -> bytes:
    return _to_json({"eligible": False})


Handler = Callable[[dict[str, Any], datetime, float], bytes]

# What answers each type of message, and what is answered when that fails.
HANDLERS: dict[str, tuple[Handler, Callable[[], bytes]]] = {
    "assistant-request": (_answer_assistant_request, _answer_last_resort),
    "campaign.predial": (_answer_predial, _not_eligible),
    "status-update": (_record_outcome, _nothing),
    "end-of-call-report": (_record_outcome, _nothing),
}


def _refuse(status: HTTPStatus, message: str) -> Answer:
    return Answer(status=status, body=_to_json({"message": message, "statusCode": status}))


def _to_json(value: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        # Escaped to ASCII: half a surrogate pair in an override could not be encoded otherwise.
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
